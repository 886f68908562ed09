"""One metered call: who is asked, in which order, what is shown and what is written down."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.calling.completion import CompletionDone, Failed, Pulse, Started, TextDelta
from chatbot.calling.health import FAILURES_TO_OPEN, Health
from chatbot.calls import Calls
from chatbot.errors import (
    BadKey,
    Busy,
    ContextTooLong,
    ModelRetired,
    NoProvider,
    NotReady,
    RateLimited,
    ServerFailed,
    UnknownModel,
    Unreachable,
)
from chatbot.providers.interface import Finish, Readiness, Usage
from chatbot.strategies import Wish
from tests.house import attempts, call_rows, make_calls, order
from tests.scripted import Scripted, answer


def test_an_answer_carries_its_provider_tokens_and_exact_cost(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("Iron makes blood.", prompt=1000, completion=200)))

    done = calls.finish(order())

    assert (done.text, done.provider, done.model, done.provenance) == ("Iron makes blood.", "together", "m1", "cloud")
    assert done.usage.cost_usd == Decimal("0.004")  # 1000 x 2 + 200 x 10 dollars a million
    assert (done.usage.cost_state, done.fell_back, done.skipped) == ("exact", False, ())
    (row,) = attempts(calls)
    assert (row.state, row.cost_nano_usd) == ("settled", 4_000_000)
    assert (row.usage_source, row.upstream_id) == ("provider", "up-1")
    assert (row.input_nano_per_mtok, row.price_source) == (2_000_000_000, "prices.toml: a test")
    assert [(call.state, call.cost_nano_usd) for call in call_rows(calls)] == [("answered", 4_000_000)]


def test_an_unknown_price_is_unpriced_and_never_zero(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("hf_endpoint", answer("Yes.")))
    done = calls.finish(order())
    assert (done.usage.cost_usd, done.usage.cost_state) == (None, "unpriced")
    assert attempts(calls)[0].cost_nano_usd is None


def test_missing_usage_is_estimated_and_says_so(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", ["Iron makes blood.", Finish("stop", None)]))
    done = calls.finish(order())
    assert done.usage.cost_state == "estimated"
    assert done.usage.prompt_tokens > 0
    assert done.usage.completion_tokens == 5  # 17 bytes at 3.2 bytes a token
    assert attempts(calls)[0].usage_source == "estimated"


def test_usage_of_zero_that_the_provider_states_stays_zero(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", ["Hello there.", Finish("stop", Usage(0, 0))]))
    done = calls.finish(order())
    assert (done.usage.cost_usd, done.usage.cost_state) == (Decimal(0), "exact")


def test_the_local_model_of_a_gpu_is_asked_before_the_clouds(tmp_path: Path) -> None:
    cloud, local = Scripted("together", answer("cloud")), Scripted("local", answer("local"), cloud=False)
    done = make_calls(tmp_path, cloud, local).finish(order())
    assert (done.provider, done.provenance, done.usage.cost_state) == ("local", "local", "local")
    assert cloud.asked == []


def test_the_embedded_model_is_asked_after_the_clouds(tmp_path: Path) -> None:
    local = Scripted("local", answer("local"), cloud=False, last_resort=True)
    assert make_calls(tmp_path, local, Scripted("together", answer("cloud"))).finish(order()).provider == "together"


@pytest.mark.parametrize(("strategy", "who"), [("local", "local"), ("cloud", "together")])
def test_a_strategy_keeps_to_its_side(tmp_path: Path, strategy: str, who: str) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("a")), Scripted("local", answer("b"), cloud=False))
    assert calls.finish(order(wish=Wish(strategy))).provider == who  # type: ignore[arg-type]


def test_a_refused_provider_falls_back_at_once_and_says_why(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", [Unreachable("connection refused")]),
                       Scripted("openai", answer("Iron makes blood.")))
    began = time.monotonic()
    done = calls.finish(order())
    assert time.monotonic() - began < 10
    assert (done.provider, done.fell_back) == ("openai", True)
    assert [(one.provider, one.reason) for one in done.skipped] == [("together", "connection refused")]
    assert [(row.provider, row.state, row.failure, row.cost_nano_usd) for row in attempts(calls)] == [
        ("together", "released", "connect", 0), ("openai", "settled", "", None)]


def test_a_server_error_is_tried_twice_then_the_next_provider(tmp_path: Path) -> None:
    first = Scripted("together", [ServerFailed("500", status=500)])
    calls = make_calls(tmp_path, first, Scripted("openai", answer("Good answer.")))
    assert calls.finish(order()).provider == "openai"
    assert len(first.asked) == 2
    assert [row.ordinal for row in attempts(calls)] == [1, 2, 3]


def test_a_call_never_makes_more_than_three_tries(tmp_path: Path) -> None:
    providers = [Scripted(name, [ServerFailed("500")]) for name in ("together", "openai", "gemini")]
    calls = make_calls(tmp_path, *providers)
    with pytest.raises(NoProvider):
        calls.finish(order())
    assert [len(one.asked) for one in providers] == [2, 1, 0]
    assert [call.state for call in call_rows(calls)] == ["failed"]


def test_retry_after_is_waited_for_when_it_fits(tmp_path: Path) -> None:
    provider = Scripted("together", [RateLimited(retry_after=0.3)], answer("Later it works."))
    began = time.monotonic()
    assert make_calls(tmp_path, provider).finish(order()).text == "Later it works."
    assert 0.3 <= time.monotonic() - began < 15


def test_a_long_retry_after_goes_to_the_next_provider_at_once(tmp_path: Path) -> None:
    limited = Scripted("together", [RateLimited(retry_after=3600)])
    calls = make_calls(tmp_path, limited, Scripted("openai", answer("Now.")))
    began = time.monotonic()
    assert calls.finish(order()).provider == "openai"
    assert time.monotonic() - began < 10


def test_a_bad_key_is_not_tried_again(tmp_path: Path) -> None:
    provider = Scripted("together", [BadKey("the key is refused", status=401)])
    calls = make_calls(tmp_path, provider, Scripted("openai", answer("Yes.")))
    calls.finish(order())
    assert len(provider.asked) == 1


def test_a_retired_model_moves_to_its_successor_and_is_remembered(tmp_path: Path) -> None:
    provider = Scripted("together", [ModelRetired("gone", status=400)], answer("From the successor."),
                        models=("m1", "m2"))
    calls = make_calls(tmp_path, provider)
    assert calls.finish(order()).model == "m2"
    calls.finish(order())
    assert [model for model, _ in provider.asked] == ["m1", "m2", "m2"]
    assert calls.health.is_retired("together", "m1")


WORTHLESS = {
    "empty": ["", Finish("stop", Usage(9, 0))],
    "blank": ["   \n", Finish("stop", Usage(9, 1))],
    "html": ["<!DOCTYPE html><html><body>502</body></html>", Finish("stop", None)],
    "truncated": ["Iron makes", Finish(None, None)],
    "looping": ["again and again " * 30, Finish("stop", Usage(9, 90))],
}


@pytest.mark.parametrize("kind", WORTHLESS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_worthless_answer_is_a_failed_try_and_never_shown(tmp_path: Path, kind: str, stream: bool) -> None:
    calls = make_calls(tmp_path, Scripted("together", WORTHLESS[kind]), Scripted("openai", answer("A good answer.")))
    events = list(calls.run(order(stream=stream)))
    shown = [event.text for event in events if isinstance(event, TextDelta)]
    done = events[-1]
    assert isinstance(done, CompletionDone)
    assert done.completion.text == "A good answer."
    assert shown == (["A good answer."] if stream else [])


def test_a_stream_cut_after_its_first_words_ends_with_an_error_and_no_second_model(tmp_path: Path) -> None:
    other = Scripted("openai", answer("Something else."))
    calls = make_calls(tmp_path, Scripted("together", ["Iron makes healthy blood ", Finish(None, None)]), other)
    events = list(calls.run(order(stream=True)))
    assert [type(event) for event in events] == [Started, TextDelta, Failed]
    assert other.asked == []
    (row,) = attempts(calls)
    assert (row.state, row.failure, row.cost_state) == ("settled", "truncated", "estimated")
    assert row.completion_tokens > 0


def test_a_silent_provider_is_left_at_the_first_token_limit_and_its_cost_stays_unknown(tmp_path: Path) -> None:
    slow = Scripted("together", [30.0, *answer("too late")])
    calls = make_calls(tmp_path, slow, Scripted("openai", answer("In time.")), first_token_timeout=0.4)
    began = time.monotonic()
    assert calls.finish(order()).text == "In time."
    assert 0.4 <= time.monotonic() - began < 15
    first = attempts(calls)[0]
    assert (first.state, first.failure, first.cost_state) == ("unknown", "ttft_timeout", "estimated")
    assert first.cost_nano_usd == first.prompt_tokens * 2_000


def test_a_stall_inside_an_answer_ends_the_stream_with_an_error(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", ["Iron makes healthy blood cells. ", 30.0]), idle_timeout=0.4)
    began = time.monotonic()
    events = list(calls.run(order(stream=True)))
    assert 0.4 <= time.monotonic() - began < 15
    assert isinstance(events[-1], Failed)
    assert events[-1].error.code == "upstream_stalled"
    (row,) = attempts(calls)
    assert (row.state, row.failure, row.cost_state) == ("settled", "stalled", "estimated")


def test_a_drip_does_not_outlive_the_deadline(tmp_path: Path) -> None:
    drip = [part for _ in range(100) for part in ("word ", 0.2)]
    calls = make_calls(tmp_path, Scripted("together", drip), cloud_timeout=0.7)  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(NoProvider):
        calls.finish(order())
    assert time.monotonic() - began < 15


def test_a_second_of_silence_gives_a_pulse(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", [1.3, *answer("Here it is.")]))
    assert [type(event) for event in calls.run(order(stream=True))] == [Pulse, Started, TextDelta, CompletionDone]


def test_a_client_that_goes_away_stops_the_provider_and_is_written_down(tmp_path: Path) -> None:
    provider = Scripted("together", ["Iron makes healthy red blood. ", 30.0, *answer("never read")])
    calls = make_calls(tmp_path, provider)
    events = calls.run(order(stream=True))
    assert isinstance(next(events), Started)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert [(row.state, row.failure) for row in attempts(calls)] == [("settled", "aborted")]
    assert [row.state for row in call_rows(calls)] == ["aborted"]
    until = time.monotonic() + 2
    while not provider.cancelled and time.monotonic() < until:
        time.sleep(0.01)
    assert provider.cancelled == 1


def test_a_call_that_has_ended_is_not_booked_as_aborted_when_its_events_are_dropped(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("Iron makes blood.")))
    calls.finish(order())
    assert "call_aborted" not in "".join(capsys.readouterr())
    assert [row.state for row in call_rows(calls)] == ["answered"]


def test_with_no_provider_left_the_floor_answers_and_both_failures_are_in_the_ledger(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", [Unreachable("refused")]),
                       Scripted("local", [NotReady("no weights")], cloud=False, last_resort=True))
    done = calls.finish(order(floor="The card's own words."))
    assert (done.text, done.provider, done.provenance, done.fell_back) == (
        "The card's own words.", "curated", "curated", True)
    assert [(row.provider, row.state) for row in attempts(calls)] == [
        ("together", "released"), ("local", "released"), ("curated", "settled")]


def test_a_call_that_asks_no_model_goes_straight_to_its_floor(tmp_path: Path) -> None:
    provider = Scripted("together", answer("no"))
    done = make_calls(tmp_path, provider).finish(order(floor="Go to hospital now.", ask_models=False))
    assert (done.text, done.fell_back, provider.asked) == ("Go to hospital now.", False, [])


def test_nobody_is_asked_when_the_reservation_cannot_be_written(tmp_path: Path) -> None:
    provider = Scripted("together", answer("never"))
    calls = make_calls(tmp_path, provider)
    _break_the_ledger(calls)
    events = list(calls.run(order(stream=True)))
    assert [event.error.code for event in events if isinstance(event, Failed)] == ["ledger_unavailable"]
    assert provider.asked == []


def test_help_text_is_shown_even_when_nothing_can_be_written(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("never")))
    _break_the_ledger(calls)
    assert calls.finish(order(floor="Go to hospital now.")).text == "Go to hospital now."


def _break_the_ledger(calls: Calls) -> None:
    with calls.ledger._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE attempts RENAME TO gone")


def test_words_that_may_not_leave_do_not(tmp_path: Path) -> None:
    cloud = Scripted("together", answer("never"))
    calls = make_calls(tmp_path, cloud, cloud_policy="never")
    with pytest.raises(NoProvider, match="nothing leaves this machine"):
        calls.finish(order())
    assert cloud.asked == []


def test_what_leaves_is_redacted_and_carries_a_permit(tmp_path: Path) -> None:
    from chatbot.providers.interface import ChatRequest, Message

    cloud = Scripted("together", answer("Fine."))
    request = ChatRequest((Message("user", "Call me on 0712 345 678 or a@b.co.ke"),))
    make_calls(tmp_path, cloud).finish(order(request=request))
    assert cloud.asked[0][1].messages[0].content == "Call me on [PHONE-1] or [EMAIL-1]"


def test_a_named_provider_is_tried_first_and_the_chain_stands_behind_it(tmp_path: Path) -> None:
    openai = Scripted("openai", [Busy("full")])
    calls = make_calls(tmp_path, Scripted("together", answer("Behind.")), openai)
    assert calls.finish(order(wish=Wish("hybrid", provider="openai", model="m1"))).provider == "together"
    assert len(openai.asked) == 1


@pytest.mark.parametrize("wish", [Wish("hybrid", provider="nobody"), Wish("hybrid", provider="together", model="../x")])
def test_an_unknown_model_is_the_callers_mistake_and_leaves_no_row(tmp_path: Path, wish: Wish) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("x")))
    with pytest.raises(UnknownModel):
        calls.finish(order(wish=wish))
    assert call_rows(calls) == []


def test_a_provider_that_is_not_set_up_is_no_fallback(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("x"), readiness=Readiness("not_configured", "set KEY")),
                       Scripted("openai", answer("Here.")))
    done = calls.finish(order())
    assert (done.fell_back, done.skipped) == (False, ())


def test_a_model_that_cannot_write_the_language_is_passed_over(tmp_path: Path) -> None:
    local = Scripted("local", answer("English only."), cloud=False, languages=("en",))
    calls = make_calls(tmp_path, local)
    assert calls.finish(order(wish=Wish("hybrid", language="sw"), floor="Kadi.")).provider == "curated"
    assert local.asked == []


def test_the_configured_chain_wins_over_the_default_order(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", answer("a")), Scripted("openai", answer("b")),
                       chain="openai, together/m1")
    assert calls.finish(order()).provider == "openai"


def test_a_conversation_too_long_for_every_model_says_so(tmp_path: Path) -> None:
    class TooSmall(Scripted):
        def answer(self, request, model, cancel):  # type: ignore[no-untyped-def]
            raise ContextTooLong("4096 tokens at the most")

    with pytest.raises(ContextTooLong):
        make_calls(tmp_path, TooSmall("together", [])).finish(order())


def test_a_bug_in_an_adapter_ends_its_try_and_not_the_call(tmp_path: Path) -> None:
    class Broken(Scripted):
        def answer(self, request, model, cancel):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError

    calls = make_calls(tmp_path, Broken("together", []), Scripted("openai", answer("Still here.")))
    assert calls.finish(order()).text == "Still here."
    assert attempts(calls)[0].state == "unknown"


def test_an_open_breaker_is_passed_over_until_its_probe(tmp_path: Path) -> None:
    moment = [1000.0]
    health = Health(clock=lambda: moment[0])
    sick = Scripted("together", [Unreachable("refused")])
    calls = make_calls(tmp_path, sick, Scripted("openai", answer("Well.")), health=health)
    for _ in range(FAILURES_TO_OPEN + 3):
        assert calls.finish(order()).provider == "openai"
    assert len(sick.asked) == FAILURES_TO_OPEN
    moment[0] += 20
    calls.finish(order())
    assert len(sick.asked) == FAILURES_TO_OPEN + 1


def test_no_word_of_the_conversation_reaches_the_log(tmp_path: Path) -> None:
    from structlog.testing import capture_logs

    from chatbot.providers.interface import ChatRequest, Message

    calls = make_calls(tmp_path, Scripted("together", [Unreachable("refused")]),
                       Scripted("openai", answer("zebra-answer")))
    with capture_logs() as lines:
        calls.finish(order(request=ChatRequest((Message("user", "giraffe-question"),))))
    written = str(lines)
    assert "fell_back" in written
    assert "giraffe" not in written
    assert "zebra" not in written
