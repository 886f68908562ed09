"""The whole chain over a real socket: an SDK, the loopback provider, the ledger, and the provider's own invoice."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.calling.completion import CompletionDone, Failed, TextDelta
from chatbot.calling.health import Health
from chatbot.calls import Calls
from chatbot.providers import build_providers
from chatbot.strategies import Wish
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import PriceBook
from tests.house import attempts, make_engine, make_settings, order
from tests.loopback import SCRIPTS, Answer, LoopbackProvider, Status, retired_model

CLOUD = Wish("cloud")
MODEL = "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"


def _calls(folder: Path, upstream: LoopbackProvider, second: LoopbackProvider | None = None, **values: object) -> Calls:
    more = {"openai_api_key": "y", "openai_base_url": second.url_v1} if second else {}
    settings = make_settings(folder, together_api_key="x", together_base_url=upstream.url, **more, **values)
    return Calls(settings, build_providers(settings), Ledger(make_engine(settings)),
                 PriceBook(settings.prices_file), Health())


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_paid_at_the_price_of_the_405b_as_the_provider_counted(tmp_path: Path, stream: bool) -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Answer("Iron prevents anaemia in pregnancy."))
        calls = _calls(tmp_path, upstream)
        events = list(calls.run(order(wish=CLOUD, stream=stream)))
    done = events[-1]
    assert isinstance(done, CompletionDone)
    assert (done.completion.provider, done.completion.model) == ("together", MODEL)
    usage = done.completion.usage
    assert usage.cost_usd == Decimal(usage.prompt_tokens + usage.completion_tokens) * Decimal("3.5") / 1_000_000
    assert usage.cost_state == "exact"
    (row,), (billed,) = attempts(calls), upstream.journal.billed
    assert (row.prompt_tokens, row.completion_tokens) == (billed["prompt_tokens"], billed["completion_tokens"])
    if stream:
        assert "".join(one.text for one in events if isinstance(one, TextDelta)) == done.completion.text


def test_a_retired_405b_is_answered_by_its_successor(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        upstream.will(retired_model(), Answer("From the seventy billion."))
        done = _calls(tmp_path, upstream).finish(order(wish=CLOUD))
    assert done.model == "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    assert [request.body["model"] for request in upstream.requests] == [MODEL, done.model]


def test_a_killed_provider_is_followed_by_the_next_one_at_once(tmp_path: Path) -> None:
    with LoopbackProvider() as second:
        upstream = LoopbackProvider()
        upstream.start()
        calls = _calls(tmp_path, upstream, second)
        calls.finish(order(wish=CLOUD))
        upstream.stop()
        began = time.monotonic()
        done = calls.finish(order(wish=CLOUD))
    assert time.monotonic() - began < 10.0
    assert (done.provider, done.fell_back) == ("openai", True)
    assert [(row.provider, row.state) for row in attempts(calls)] == [
        ("together", "settled"), ("together", "released"), ("openai", "settled")]


@pytest.mark.parametrize("fault", sorted(set(SCRIPTS) - {"answer"}))
@pytest.mark.parametrize("stream", [False, True])
def test_whatever_one_provider_does_every_attempt_ends_and_a_call_has_one_end(
        tmp_path: Path, fault: str, stream: bool) -> None:
    with LoopbackProvider() as upstream, LoopbackProvider() as second:
        upstream.always(SCRIPTS[fault])
        second.always(Answer("The second provider answers well."))
        calls = _calls(tmp_path, upstream, second, first_token_timeout=3, idle_timeout=3, total_timeout=60,
                       cloud_timeout=8)
        events = list(calls.run(order(wish=CLOUD, stream=stream)))
    ends = [event for event in events if isinstance(event, CompletionDone | Failed)]
    assert len(ends) == 1
    assert ends[0] is events[-1]
    rows = attempts(calls)
    assert 1 <= len(rows) <= 3
    assert {row.state for row in rows} <= {"settled", "released", "unknown"}
    if isinstance(ends[0], Failed):
        assert stream, "only a stream that has shown words may fail while another provider is well"
        assert any(isinstance(event, TextDelta) for event in events)
    else:
        assert ends[0].completion.text.strip()


def test_a_429_with_retry_after_2_is_answered_once_they_have_passed(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Status(429, {"retry-after": "2"}), Answer("Now it works for you."))
        calls = _calls(tmp_path, upstream)
        began = time.monotonic()
        calls.finish(order(wish=CLOUD))
    assert 2.0 <= time.monotonic() - began <= 15.0
