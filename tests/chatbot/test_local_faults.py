"""L01-L09 of the fault table: the real owner and provider of the local model, with engines that fail as told.

L05-L07 kill, crash and hang a real child process (more of that in tests/chatbot/local_model/test_child.py).
Downloads (L01-L03) are in tests/chatbot/local_model/test_hub.py.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from chatbot.calling.completion import CallEvent, CompletionDone, TextDelta
from chatbot.calls import Calls
from chatbot.errors import Busy, NoProvider, NotConsented, NotReady
from chatbot.local_model.child.in_child import InChild
from chatbot.local_model.child.patience import STOP_LIMIT
from chatbot.local_model.child.restarts import Restarts
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.job import End, Job
from chatbot.local_model.owner import Owner
from chatbot.providers.interface import ChatRequest, Message, Provider
from chatbot.providers.local import LocalProvider
from chatbot.usage.ledger import NewCall
from tests.chatbot.local_model.failing_engine import NAME, ONE_AT_A_TIME
from tests.house import attempts, make_calls, make_settings, order
from tests.scripted import Scripted, answer
from tests.until import until

SERVER = {"local_engine": "openai_url", "local_base_url": "http://127.0.0.1:9", "local_model": "fake"}
"""Settings with which a local model is chosen that needs no weights; its engine is the test's own."""


class Fake(Engine):
    """Loads and answers as it is told."""

    slots = 1

    def __init__(self, says: Callable[[Job], None], loads: Callable[[], None] = lambda: None) -> None:
        super().__init__(EngineSettings("fake"))
        self._says = says
        self._loads = loads
        self.loaded = 0

    def load(self) -> None:
        self.loaded += 1
        self._loads()

    def unload(self) -> None:
        """Holds nothing."""

    def generate(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._says(job)


def speak(text: str) -> Callable[[Job], None]:
    def says(job: Job) -> None:
        job.write(text)
        job.end(End("stop", 5, 5))
    return says


def fail_with(error: Exception) -> Callable[..., None]:
    def fails(*_: object) -> None:
        raise error
    return fails


House = Callable[..., tuple[Calls, Owner]]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Makes calls to a local model on `engine`, with a cloud behind it unless told otherwise."""
    owners: list[Owner] = []

    def make(engine: Engine, *, cloud: bool = True, first_token: float = 0.5, **values: object) -> tuple[Calls, Owner]:
        owner = Owner(lambda: engine, queue=1, idle_unload=0, lock=None)
        owners.append(owner)
        local = LocalProvider(make_settings(tmp_path, **SERVER), lambda *_: owner)
        local.first_token_timeout = first_token
        clouds: list[Provider] = [Scripted("together", answer("The cloud answers this."))] if cloud else []
        return make_calls(tmp_path, local, *clouds, **values), owner

    yield make
    for owner in owners:
        owner.close(2)


def rows(calls: Calls) -> list[str]:
    return [f"{row.provider} {row.state} {row.failure}".strip() for row in attempts(calls)]


@pytest.mark.parametrize("stream", [False, True])
def test_L01_without_weights_the_cloud_answers_and_no_row_is_written_for_the_local_model(
        tmp_path: Path, stream: bool) -> None:
    local = LocalProvider(make_settings(tmp_path, local_engine="llama_cpp"))
    calls = make_calls(tmp_path, local, Scripted("together", answer("The cloud answers this.")))
    end = list(calls.run(order(stream=stream)))[-1]
    assert isinstance(end, CompletionDone)
    assert end.completion.provider == "together"
    assert rows(calls) == ["together settled"]


def test_L01_without_weights_and_cloud_the_error_says_what_to_do(tmp_path: Path) -> None:
    local = LocalProvider(make_settings(tmp_path, local_engine="llama_cpp"))
    with pytest.raises(NoProvider, match="setup_huggingface"):
        make_calls(tmp_path, local).finish(order())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("load", [NotReady("The weights are damaged.", remedy="Fetch them again."), MemoryError()],
                         ids=["L02 L03 damaged", "L04 memory"])
def test_L02_L04_weights_that_do_not_load_cost_one_try_and_the_process_lives(
        house: House, load: Exception, stream: bool) -> None:
    engine = Fake(speak("never"), fail_with(load))
    calls, _ = house(engine)
    for _ in range(3):
        list(calls.run(order(stream=stream)))
    assert rows(calls) == ["local released not_ready", "together settled", "together settled", "together settled"]
    assert engine.loaded == 1
    assert attempts(calls)[0].cost_nano_usd == 0


class ChildHouse:
    """Calls to a local model in a real child process, with a cloud behind it. The first word of a question commands."""

    def __init__(self, folder: Path, engine: str = NAME) -> None:
        self.now = 0.0
        self.restarts = Restarts(lambda: self.now)   # stands still: a busy machine cannot outwait a pause
        self.owner = Owner(self._make, queue=2, idle_unload=0, lock=None, slots=1, restarts=self.restarts)
        self.local = LocalProvider(make_settings(folder, **SERVER), lambda *_: self.owner)
        self.local.first_token_timeout = 20.0
        self.calls = make_calls(folder, self.local, Scripted("together", answer("The cloud answers this.")),
                                first_token_timeout=20, idle_timeout=20, total_timeout=40)
        self.engine_name = engine
        self.children: list[InChild] = []

    def _make(self) -> InChild:
        self.children.append(InChild(self.engine_name, EngineSettings("fake"), self.restarts))
        return self.children[-1]

    @property
    def pid(self) -> int:
        return self.children[-1].pid or 0

    def ask(self, words: str, *, stream: bool = False, principal: str = "") -> Iterator[CallEvent]:
        request = ChatRequest((Message("user", words),))
        call = NewCall("chat", "hybrid", principal=principal)
        return self.calls.run(order(request=request, stream=stream, call=call))

    def answerer(self, words: str, *, stream: bool = False) -> str:
        """The provider that answered."""
        end = list(self.ask(words, stream=stream))[-1]
        assert isinstance(end, CompletionDone), end
        return end.completion.provider


@pytest.fixture
def child_house(tmp_path: Path) -> Iterator[Callable[..., ChildHouse]]:
    houses: list[ChildHouse] = []

    def make(**values: str) -> ChildHouse:
        houses.append(ChildHouse(tmp_path, **values))
        return houses[-1]

    yield make
    for one in houses:
        one.owner.close(5)


@pytest.mark.parametrize(("words", "row", "stream"), [
    ("exit", "local released child_died", False), ("segfault", "local released child_died", True),
    ("assert", "local released gpu_failed", False), ("assert", "local released gpu_failed", True)],
    ids=["L05 exit", "L05 crash, streamed", "L06 device assert", "L06 device assert, streamed"])
def test_L05_L06_a_child_that_dies_costs_that_try_and_the_cloud_answers(
        child_house: Callable[..., ChildHouse], words: str, row: str, stream: bool) -> None:
    house = child_house()
    assert house.answerer(words, stream=stream) == "together"
    assert rows(house.calls) == [row, "together settled"]
    local = attempts(house.calls)[0]
    assert (local.cost_nano_usd, local.cost_state) == (0, "local")
    until(lambda: house.restarts.why_not() is not None)  # the pause counts from the death, not from the error
    house.now += 1
    assert house.answerer("say 30", stream=stream) == "local"


def test_L05_a_child_killed_when_words_were_shown_ends_that_stream_with_an_error(
        child_house: Callable[..., ChildHouse]) -> None:
    house = child_house()
    events: list[CallEvent] = []
    for event in house.ask("slow", stream=True):
        if isinstance(event, TextDelta) and not any(isinstance(one, TextDelta) for one in events):
            os.kill(house.pid, signal.SIGKILL)
        events.append(event)
    assert not isinstance(events[-1], CompletionDone)
    [row] = attempts(house.calls)
    assert (row.state, row.failure, row.cost_nano_usd, row.cost_state) == ("settled", "child_died", 0, "local")
    house.now += 1
    assert house.answerer("say 30") == "local"


def test_L05_after_four_deaths_the_local_model_is_left_out_with_the_remedy_and_tried_again_later(
        child_house: Callable[..., ChildHouse]) -> None:
    house = child_house()
    for _ in range(4):
        assert house.answerer("exit") == "together"
        house.now += 9
    assert house.local.readiness().state == "unavailable"
    assert "died 4 times in 10 minutes (exit code 3)" in house.local.readiness().reason
    assert "LOCAL_MODEL" in house.local.readiness().reason
    before = len(attempts(house.calls))
    assert house.answerer("say 30") == "together"
    assert [row.provider for row in attempts(house.calls)[before:]] == ["together"]
    assert len(house.children) == 4
    house.now += 600
    assert house.local.readiness().state == "ready"
    assert house.answerer("say 30") == "local"


@pytest.mark.parametrize(("words", "stream"), [("hang", False), ("deaf", True)])
def test_L07_a_child_that_hangs_is_left_at_the_first_token_limit_and_killed_two_seconds_later(
        child_house: Callable[..., ChildHouse], words: str, stream: bool) -> None:
    house = child_house()
    assert house.answerer("say 30") == "local"
    pid, house.local.first_token_timeout = house.pid, 0.5
    began = time.monotonic()
    assert house.answerer(words, stream=stream) == "together"
    assert time.monotonic() - began < 10
    until(lambda: not psutil.pid_exists(pid))
    assert time.monotonic() - began < 0.5 + STOP_LIMIT + 10
    assert rows(house.calls)[1:] == ["local released ttft_timeout", "together settled"]
    until(lambda: house.restarts.why_not() is not None)
    house.now += 1
    house.local.first_token_timeout = 20.0
    assert house.answerer("say 30") == "local"


def test_a_client_that_leaves_stops_the_engine_in_the_child(child_house: Callable[..., ChildHouse]) -> None:
    house = child_house()
    events = house.ask("slow", stream=True)
    next(event for event in events if isinstance(event, TextDelta))
    pid = house.pid
    events.close()  # type: ignore[attr-defined]
    until(lambda: house.owner.status().running == 0)
    assert psutil.pid_exists(pid)
    assert not house.children[-1].broken


def test_L08_one_person_does_not_take_every_place(child_house: Callable[..., ChildHouse]) -> None:
    house = child_house(engine=ONE_AT_A_TIME)
    at_work = [house.ask("slow", stream=True, principal="ann") for _ in range(2)]
    threads = [threading.Thread(target=list, args=(events,), daemon=True) for events in at_work]
    for number, thread in enumerate(threads):
        thread.start()
        until(lambda number=number: house.owner.status().running + house.owner.status().waiting > number)  # type: ignore[misc]
    events = list(house.ask("say 30", principal="ann"))
    assert isinstance(events[-1], CompletionDone)
    assert events[-1].completion.provider == "together"
    assert "local released busy" in rows(house.calls)
    other = threading.Thread(target=list, args=(house.ask("say 30", principal="ben"),), daemon=True)
    other.start()
    until(lambda: house.owner.status().waiting == 2)


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_in_the_server_that_fails_at_work_fails_that_try_and_not_the_call(house: House, stream: bool) -> None:
    calls, _ = house(Fake(fail_with(RuntimeError("CUDA error: device-side assert triggered"))))
    list(calls.run(order(stream=stream)))
    assert rows(calls) == ["local released server_error", "local released server_error", "together settled"]
    assert {row.cost_state for row in attempts(calls) if row.provider == "local"} == {"local"}


def test_an_engine_in_the_server_that_keeps_failing_is_left_alone_for_a_while(house: House) -> None:
    calls, _ = house(Fake(fail_with(RuntimeError("CUDA out of memory"))))
    for _ in range(5):
        calls.finish(order())
    assert calls.health.breaker_state("local", "fake") == "open"
    before = len(attempts(calls))
    assert calls.finish(order()).provider == "together"
    assert len(attempts(calls)) == before + 1


@pytest.mark.parametrize("stream", [False, True])
def test_L07_a_hung_engine_is_left_at_the_first_token_limit_and_told_to_stop(house: House, stream: bool) -> None:
    stopped = threading.Event()

    def hang(job: Job) -> None:
        while not job.over:
            time.sleep(0.01)
        stopped.set()

    calls, _ = house(Fake(hang))
    began = time.monotonic()
    list(calls.run(order(stream=stream)))
    assert time.monotonic() - began < 10
    assert rows(calls) == ["local released ttft_timeout", "together settled"]
    assert stopped.wait(30)


@pytest.mark.parametrize("cloud", [False, True])
def test_L08_a_full_queue_is_said_at_once_or_the_cloud_answers(house: House, cloud: bool) -> None:
    go = threading.Event()
    calls, owner = house(Fake(lambda job: go.wait(30) and speak("At last.")(job)), cloud=cloud, first_token=9)
    waiting = [threading.Thread(target=calls.finish, args=(order(),)) for _ in range(2)]
    for number, thread in enumerate(waiting):
        thread.start()
        until(lambda number=number: owner.status().running + owner.status().waiting > number)  # type: ignore[misc]
    began = time.monotonic()
    if cloud:
        assert calls.finish(order()).provider == "together"
    else:
        with pytest.raises(Busy):
            calls.finish(order())
    assert time.monotonic() - began < 10
    go.set()
    for thread in waiting:
        thread.join(30)
    assert sorted(rows(calls))[:3] == ["local released busy", "local settled", "local settled"]


@pytest.mark.parametrize("stream", [False, True])
def test_L09_an_answer_that_goes_round_in_circles_is_stopped_and_not_shown(house: House, stream: bool) -> None:
    calls, _ = house(Fake(speak("again " * 200)))
    list(calls.run(order(stream=stream)))
    assert rows(calls) == ["local settled looping", "local settled looping", "together settled"]


def test_a_local_failure_with_the_clouds_forbidden_says_that_words_may_not_leave(house: House) -> None:
    calls, _ = house(Fake(fail_with(RuntimeError())), cloud_policy="never")
    with pytest.raises(NotConsented) as caught:
        calls.finish(order())
    assert caught.value.code == "local_unavailable_cloud_not_consented"
