"""A real child process that is killed, crashes, hangs and is orphaned, with an engine that does as it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatbot.errors import ChildDied, GpuFailed, NotReady, ServerFailed
from chatbot.local_model.child.in_child import InChild
from chatbot.local_model.child.patience import AT_WORK_LIMIT
from chatbot.local_model.child.restarts import Restarts
from chatbot.local_model.child.words import ask_from_json, ask_to_json
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.job import Ask, End, Job, Text, Turn
from chatbot.local_model.owner import Owner
from tests.chatbot.local_model.asking import answer, ask, run
from tests.chatbot.local_model.failing_engine import NAME, ONE_AT_A_TIME
from tests.until import until

ROOT = Path(__file__).parents[3]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def make() -> Iterator[Callable[..., InChild]]:
    made: list[InChild] = []

    def one(model: str = "m", restarts: Restarts | None = None) -> InChild:
        made.append(InChild(NAME, EngineSettings(model), restarts or Restarts()))
        return made[-1]

    yield one
    for engine in made:
        engine.unload()


@pytest.fixture
def engine(make: Callable[..., InChild]) -> InChild:
    engine = make()
    engine.load()
    return engine


def start(engine: InChild, text: str) -> Job:
    """A job that is running; read its pieces."""
    job = Job(ask(text))
    threading.Thread(target=engine.generate, args=([job],), daemon=True).start()
    return job


def first_text(job: Job) -> str:
    piece = next(iter(job.pieces()))
    assert isinstance(piece, Text)
    return piece.text


def is_gone(pid: int, within: float) -> bool:
    """Whether the process ends in time; one that its parent has not waited for yet has ended, too."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_an_answer_comes_through_whole_and_in_order(engine: InChild) -> None:
    [(text, end)] = run(engine, ask("say 500"))
    assert text.split() == [str(number) for number in range(500)]
    assert end == End("stop", 3, 500, 1)


def test_jobs_at_the_same_time_keep_their_own_words(engine: InChild) -> None:
    answers = run(engine, *(ask(f"say {count}") for count in (3, 200, 7)))
    assert [len(text.split()) for text, _ in answers] == [3, 200, 7]


def test_the_first_piece_comes_at_once_and_the_rest_in_fewer_frames(engine: InChild) -> None:
    pieces = 0
    job = start(engine, "say 2000")
    for piece in job.pieces():
        pieces += isinstance(piece, Text)
        if pieces == 1 and isinstance(piece, Text):
            assert piece.text == "0 "
    assert pieces < 400


def test_tokens_are_counted_and_memory_is_measured_in_the_child(engine: InChild) -> None:
    assert engine.count_tokens("one two three") == 3
    assert engine.memory_use().peak > 5_000_000


def test_the_error_of_a_load_that_fails_comes_through_and_is_no_death(make: Callable[..., InChild]) -> None:
    restarts = Restarts()
    engine = make("missing", restarts)
    with pytest.raises(NotReady, match="weights are missing") as caught:
        engine.load()
    assert caught.value.remedy == "Fetch them."
    assert restarts.why_not() is None
    assert engine.pid is None


def test_a_note_about_the_model_comes_through(make: Callable[..., InChild]) -> None:
    engine = make("base")
    engine.load()
    assert engine.note == "it only completes text"


def test_a_child_that_dies_while_it_loads_is_a_death(make: Callable[..., InChild]) -> None:
    restarts = Restarts(lambda: 0.0)
    with pytest.raises(ChildDied, match="SIGABRT"):
        make("dies", restarts).load()
    assert restarts.why_not() is not None


def test_L05_a_child_killed_in_the_middle_of_an_answer_fails_that_answer_only(
        engine: InChild, make: Callable[..., InChild]) -> None:
    job = start(engine, "slow")
    assert first_text(job) == "word "
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(ChildDied, match="SIGKILL"):
        list(job.pieces())
    assert engine.broken == "SIGKILL"
    another = make()
    another.load()
    assert run(another, ask("say 2"))[0][0] == "0 1 "


@pytest.mark.parametrize(("word", "how"), [("segfault", "SIGSEGV"), ("exit", "exit code 3")])
def test_L05_a_crash_in_native_code_says_how_it_ended(engine: InChild, word: str, how: str) -> None:
    with pytest.raises(ChildDied, match=how):
        answer(start(engine, word))


def test_every_job_of_a_child_that_dies_is_told(engine: InChild) -> None:
    jobs = [start(engine, "slow") for _ in range(3)]
    for job in jobs:
        first_text(job)
    start(engine, "exit")
    for job in jobs:
        with pytest.raises(ChildDied):
            list(job.pieces())


def test_L06_a_poisoned_context_says_its_class_and_ends_the_child(engine: InChild) -> None:
    pid = engine.pid
    with pytest.raises(GpuFailed, match="The GPU failed") as caught:
        answer(start(engine, "assert"))
    assert caught.value.remedy == "Look at it."
    assert pid is not None
    assert is_gone(pid, 10)
    assert engine.broken


def test_L06_a_poisoned_context_counts_as_a_death_even_when_the_next_question_waits() -> None:
    restarts = Restarts()
    owner = Owner(lambda: InChild(ONE_AT_A_TIME, EngineSettings("m"), restarts), queue=4, idle_unload=0, lock=None,
                  restarts=restarts)
    try:
        dying, waiting = Job(ask("assert")), Job(ask("say 1"))
        owner.submit(dying)
        owner.submit(waiting)
        with pytest.raises(GpuFailed):
            answer(dying)
        with pytest.raises(NotReady, match="starts again in"):
            answer(waiting)
    finally:
        owner.close(5)


def test_an_engine_that_raises_fails_its_job_and_the_child_lives(engine: InChild) -> None:
    with pytest.raises(ServerFailed, match="engine broke"):
        answer(start(engine, "raise private words"))
    assert run(engine, ask("say 1"))[0][0] == "0 "
    assert not engine.broken


def test_a_cancel_stops_the_engine_and_the_child_lives(engine: InChild) -> None:
    job = Job(ask("slow"))
    thread = threading.Thread(target=engine.generate, args=([job],))
    thread.start()
    first_text(job)
    began = time.monotonic()
    job.cancel()
    thread.join(30)
    assert time.monotonic() - began < 10
    assert run(engine, ask("say 1"))[0][0] == "0 "


@pytest.mark.parametrize("word", ["hang", "deaf"])
def test_L07_a_child_that_does_not_stop_is_killed(engine: InChild, word: str) -> None:
    pid = engine.pid
    assert pid is not None
    job = start(engine, f"{word} on")
    first_text(job)
    began = time.monotonic()
    job.cancel()
    assert list(job.pieces()) == []
    assert is_gone(pid, 10)
    assert time.monotonic() - began > 1.0
    until(lambda: bool(engine.broken))
    assert engine.broken == "SIGKILL: it hangs"


def test_L07_a_step_of_a_long_prompt_may_take_a_little_longer(engine: InChild) -> None:
    job = Job(ask("busy 2.8"))
    thread = threading.Thread(target=engine.generate, args=([job],))
    thread.start()
    first_text(job)
    job.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert not engine.broken


def test_L07_a_child_that_computes_for_ever_is_killed_too(engine: InChild) -> None:
    job = start(engine, "busy 600")
    first_text(job)
    began = time.monotonic()
    job.cancel()
    until(lambda: bool(engine.broken))
    assert engine.broken == "SIGKILL: it hangs"
    assert AT_WORK_LIMIT - 1 < time.monotonic() - began < AT_WORK_LIMIT + 10


def test_a_child_that_hangs_costs_no_more_than_a_second_for_counting(engine: InChild) -> None:
    first_text(start(engine, "deaf on"))
    time.sleep(0.2)
    began = time.monotonic()
    assert [engine.count_tokens("a b") for _ in range(5)] == [None] * 5
    assert time.monotonic() - began < 4.5


@pytest.mark.parametrize("word", ["slow", "deaf on"])
def test_a_child_dies_with_a_parent_that_is_killed(word: str) -> None:
    code = ("import sys, threading, time; from chatbot.local_model.child.in_child import InChild; "
            "from chatbot.local_model.child.restarts import Restarts; from chatbot.local_model.job import *; "
            "from chatbot.local_model.engines.engine import EngineSettings; "
            f"e = InChild({NAME!r}, EngineSettings('m'), Restarts()); e.load(); "
            f"j = Job(Ask((Turn('user', {word!r}),))); "
            "threading.Thread(target=e.generate, args=([j],), daemon=True).start(); "
            "next(iter(j.pieces())); time.sleep(0.3); print(e.pid, flush=True); time.sleep(60)")
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.wait(30)
    assert is_gone(pid, 10)


def test_unloading_ends_the_child_and_is_no_death(make: Callable[..., InChild]) -> None:
    restarts = Restarts()
    engine = make("m", restarts)
    engine.load()
    pid = engine.pid
    engine.unload()
    engine.unload()
    assert pid is not None
    assert is_gone(pid, 10)
    assert restarts.why_not() is None
    engine.load()
    assert run(engine, ask("say 1"))[0][0] == "0 "


def test_the_child_sees_none_of_our_keys(make: Callable[..., InChild], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "TOGETHER_API_KEY", "DATABASE_URL", "HF_TOKEN"):
        monkeypatch.setenv(name, "private")
    engine = make()
    engine.load()
    for name in ("SECRET_KEY", "TOGETHER_API_KEY", "DATABASE_URL", "HF_TOKEN"):
        assert run(engine, ask(f"environment {name}"))[0][0] == "unset"


def test_a_service_managers_sigterm_does_not_cut_an_answer_off(engine: InChild) -> None:
    job = start(engine, "slow")
    first_text(job)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGTERM)
    os.kill(engine.pid, signal.SIGINT)
    time.sleep(0.2)
    assert psutil.pid_exists(engine.pid)
    job.cancel()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_where_memory_runs_out_the_system_kills_the_child_first(engine: InChild) -> None:
    assert int(Path(f"/proc/{engine.pid}/oom_score_adj").read_text()) == 500
    assert "Max core file size        0" in Path(f"/proc/{engine.pid}/limits").read_text()


def test_L05_the_owner_starts_another_child_and_after_the_fourth_death_none() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    owner = Owner(lambda: InChild(NAME, EngineSettings("m"), restarts), queue=4, idle_unload=0, lock=None,
                  restarts=restarts)
    try:
        for death in range(4):
            job = Job(ask("exit"))
            owner.submit(job)
            with pytest.raises(ChildDied):
                answer(job)
            until(lambda: owner.status().state == "failed")
            with pytest.raises(NotReady) as caught:
                owner.submit(Job(ask("say 1")))
            assert (caught.value.retry_after is None) == (death == 3)
            clock.now += 9
        assert "died 4 times in 10 minutes (exit code 3)" in owner.status().reason
        assert "LOCAL_MODEL" in owner.status().reason
        clock.now += 600
        job = Job(ask("say 1"))
        owner.submit(job)
        assert answer(job)[0] == "0 "
    finally:
        owner.close(5)


def test_who_waits_when_the_child_dies_is_told_at_once_and_the_next_is_served_after_the_pause() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    owner = Owner(lambda: InChild(ONE_AT_A_TIME, EngineSettings("m"), restarts), queue=4, idle_unload=0, lock=None,
                  restarts=restarts)
    try:
        dying, waiting = Job(ask("exit")), Job(ask("say 1"))
        owner.submit(dying)
        owner.submit(waiting)
        with pytest.raises(ChildDied):
            answer(dying)
        with pytest.raises(NotReady, match="starts again in"):
            answer(waiting)
        clock.now += 0.5
        until(lambda: owner.status().state == "idle")
        job = Job(ask("say 1"))
        owner.submit(job)
        assert answer(job)[0] == "0 "
    finally:
        owner.close(5)


def test_a_child_that_dies_idle_is_replaced_with_the_next_question() -> None:
    clock, engines = Clock(), list[InChild]()
    restarts = Restarts(clock)

    def make() -> InChild:
        engines.append(InChild(NAME, EngineSettings("m"), restarts))
        return engines[-1]

    owner = Owner(make, queue=4, idle_unload=0, lock=None, restarts=restarts)
    try:
        for _ in range(2):
            job = Job(ask("say 1"))
            owner.submit(job)
            assert answer(job)[0] == "0 "
            os.kill(engines[-1].pid or 0, signal.SIGKILL)
            until(lambda: owner.status().state == "failed")
            clock.now += 30
            until(lambda: owner.status().state == "idle")
    finally:
        owner.close(5)
    assert len(engines) == 2


def test_a_picture_comes_through_the_pipe_as_it_was() -> None:
    ask = Ask((Turn("user", "What is this?", picture=bytes(range(256))), Turn("user", "And this?")))
    assert ask_from_json(json.loads(json.dumps(ask_to_json(ask)))) == ask
