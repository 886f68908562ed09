"""S02, S11, S18-S21 of the fault table: our own disk, clock, load and configuration, without a server.

S01, S03-S07, S16, S17 are the ledger's (tests/chatbot/usage); S08, S12, S13, S15 need a real server
(tests/test_served_faults.py).
"""

from __future__ import annotations

import ast
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

import chatbot
from chatbot.alerts import QUIET, Alerts
from chatbot.calling.completion import CompletionDone, Failed
from chatbot.calling.health import FAILURES_TO_OPEN, SECONDS_OPEN, SPREAD, Health
from chatbot.calls import Calls
from chatbot.errors import BadKey, Filtered, NoProvider, OutOfCredit, Overloaded, ServerFailed
from chatbot.log_lines import DROPPED, LogLines
from chatbot.providers.interface import ChatRequest, Message
from chatbot.usage.retired import RetiredModels
from tests.house import attempts, call_rows, make_calls, make_engine, make_settings, order
from tests.scripted import Scripted, answer

ROOT = Path(chatbot.__file__).parents[1]


def test_S02_a_full_disk_under_the_log_drops_lines_and_nothing_else() -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - every write says: no space left on device; so does closing
    lines, before = LogLines(full), DROPPED._value.get()
    for _ in range(3):
        lines.write("a line\n")
        lines.flush()
    assert DROPPED._value.get() == before + 3
    with suppress(OSError):
        full.close()


def test_S21_a_log_pipe_that_nobody_reads_any_more_raises_nothing() -> None:
    reader = subprocess.Popen([sys.executable, "-c", "pass"], stdin=subprocess.PIPE, text=True)
    reader.wait()
    assert reader.stdin is not None
    lines = LogLines(reader.stdin)
    lines.write("a line\n")
    lines.flush()


@pytest.mark.parametrize("name", ["calls", "calling/one_call", "calling/call_end", "calling/one_try", "calling/pieces",
                                  "calling/health", "calling/waiting", "calling/stopping",
                                  "alerts", "providers/patience", "local_model/owner"])
def test_S11_limits_and_breakers_never_read_a_clock_that_can_jump(name: str) -> None:
    tree = ast.parse((ROOT / f"chatbot/{name}.py").read_text())
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not read & {"time_ns", "now", "utcnow", "today"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "time"
                and isinstance(node.value, ast.Name) and node.value.id == "time"]


@pytest.mark.parametrize("stream", [False, True])
def test_S18_after_an_outage_the_first_success_comes_with_the_first_probe(tmp_path: Path, stream: bool) -> None:
    moment = [0.0]
    health = Health(clock=lambda: moment[0])
    sick = Scripted("together", *[[ServerFailed()]] * FAILURES_TO_OPEN, answer("Well again."))
    calls = make_calls(tmp_path, sick, health=health)
    ends = []
    for _ in range(60):
        ends.append(list(calls.run(order(stream=stream)))[-1])
        moment[0] += 1.0
    first = next(index for index, end in enumerate(ends) if isinstance(end, CompletionDone))
    assert first <= 3 + SECONDS_OPEN * (1 + SPREAD)
    assert all(isinstance(end, CompletionDone) for end in ends[first:])
    assert len(sick.asked) <= 1.2 * len(ends)


@pytest.mark.parametrize("stream", [False, True])
def test_S19_beyond_the_admission_cap_a_call_is_sent_away_at_once_without_a_row(tmp_path: Path, stream: bool) -> None:
    busy, go = threading.Event(), threading.Event()

    class Slow(Scripted):
        def answer(self, request, model, cancel):  # type: ignore[no-untyped-def]
            busy.set()
            go.wait(30)
            return super().answer(request, model, cancel)

    calls = make_calls(tmp_path, Slow("together", answer("At last.")), max_calls=1)
    first = threading.Thread(target=lambda: list(calls.run(order(stream=stream))))
    first.start()
    busy.wait(30)
    waits = set()
    for _ in range(20):
        (end,) = calls.run(order(stream=stream))
        assert isinstance(end, Failed)
        assert isinstance(end.error, Overloaded)
        waits.add(end.error.retry_after)
    assert calls.finish(order(floor="The cards' own words.")).text == "The cards' own words."
    go.set()
    first.join(30)
    assert len(waits) > 10, "all would come back in the same moment"
    assert calls.admission.inside == 0
    assert [call.state for call in call_rows(calls)] == ["answered", "answered"]


def test_S19_a_client_that_leaves_gives_its_place_back(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", ["Words that come and then ", 30.0]), max_calls=1)
    events = calls.run(order(stream=True))
    next(events)
    assert calls.admission.inside == 1
    events.close()  # type: ignore[attr-defined]
    assert calls.admission.inside == 0


@pytest.mark.parametrize(("setting", "value"), [
    ("TOGETHER_BASE_URL", "ftp://nowhere"), ("STRATEGY", "everything"), ("TOTAL_TIMEOUT", "0"), ("MAX_CALLS", "-1"),
    ("TOGETHER_BASE_URL", "https://api.together.xyz/v1"), ("HOST", "0.0.0.0")])
def test_S20_a_wrong_setting_stops_the_start_with_one_line_that_names_it(setting: str, value: str) -> None:
    started = subprocess.run([sys.executable, "-c", "from config import load_settings; load_settings()"], cwd=ROOT,
                             env={setting: value, "PATH": ""}, capture_output=True, text=True, timeout=60)
    assert started.returncode == 78
    (line,) = started.stderr.strip().splitlines()
    assert setting in line


def test_a_key_that_is_refused_is_not_tried_again_before_a_restart(tmp_path: Path) -> None:
    moment = [0.0]
    calls = make_calls(tmp_path, Scripted("together", [BadKey(status=401)], models=("m1", "m2")),
                       health=Health(clock=lambda: moment[0]))
    for _ in range(3):
        with pytest.raises(NoProvider):
            calls.finish(order())
        moment[0] += 86_400
    assert len(attempts(calls)) == 1


def test_no_credit_is_asked_about_again_after_ten_minutes(tmp_path: Path) -> None:
    moment = [0.0]
    provider = Scripted("together", [OutOfCredit(status=402)], answer("Paid."))
    calls = make_calls(tmp_path, provider, health=Health(clock=lambda: moment[0]))
    for wait in (599.0, 2.0):
        with pytest.raises(NoProvider):
            calls.finish(order())
        moment[0] += wait
    assert calls.finish(order()).text == "Paid."


def test_half_of_twenty_tries_in_thirty_seconds_open_a_breaker_too() -> None:
    health = Health(clock=lambda: 0.0)
    for _ in range(10):
        health.succeeded("together", "m1")
        health.failed("together", "m1", ServerFailed())
    assert health.breaker_state("together", "m1") == "open"


def test_a_retired_model_is_remembered_over_a_restart_and_asked_again_after_a_day(tmp_path: Path) -> None:
    from chatbot.errors import ModelRetired

    memory = RetiredModels(make_engine(make_settings(tmp_path)))
    before = Health()
    before.keep_in(memory)
    before.failed("together", "m1", ModelRetired())

    moment = [0.0]
    after = Health(clock=lambda: moment[0])
    after.keep_in(memory)
    assert after.is_retired("together", "m1")
    moment[0] += 86_401
    assert not after.is_retired("together", "m1")
    after.succeeded("together", "m1")
    assert list(memory.remembered()) == []


def test_an_alert_is_said_once_in_ten_minutes_for_each_kind_and_provider() -> None:
    moment = [0.0]
    alerts = Alerts(clock=lambda: moment[0])
    assert [alerts.say("bad_key", "together"), alerts.say("bad_key", "together"), alerts.say("bad_key", "openai")] == [
        True, False, True]
    moment[0] += QUIET
    assert alerts.say("bad_key", "together")


def test_an_empty_retry_bucket_sends_a_call_to_the_next_provider_at_once(tmp_path: Path) -> None:
    calls: Calls = make_calls(tmp_path, Scripted("together", [ServerFailed()]), Scripted("openai", answer("Yes.")))
    while calls.health.pay_for_retry(ServerFailed()):
        pass
    calls.finish(order())
    assert [row.provider for row in attempts(calls)] == ["together", "openai"]


def test_a_filtered_question_in_swahili_is_answered_in_swahili(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", [Filtered()]))
    request = ChatRequest((Message("user", "Kwa nini nipewe vidonge vya madini ya chuma wakati wa ujauzito?"),))
    done = calls.finish(order(request=request))
    assert done.finish_reason == "content_filter"
    assert "dalili ya hatari" in done.text
