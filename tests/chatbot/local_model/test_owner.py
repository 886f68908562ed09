from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from chatbot.errors import Busy, NotReady, ServerFailed
from chatbot.local_model import owner as owner_module
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.job import End, Job
from chatbot.local_model.owner import Owner
from tests.chatbot.local_model.asking import answer, ask
from tests.until import until


class Scripted(Engine):
    """An engine that waits for leave before it answers, and remembers what it was given."""

    slots = 2

    def __init__(self, *, continuous: bool = False, loads: Callable[[], None] = lambda: None) -> None:
        super().__init__(EngineSettings("scripted"))
        self.__class__.continuous = continuous
        self.go = threading.Event()
        self.batches: list[int] = []
        self.loaded = 0
        self.unloaded = threading.Event()
        self.loads = loads
        self.breaks = False

    def load(self) -> None:
        self.loads()
        self.loaded += 1

    def unload(self) -> None:
        self.unloaded.set()

    def generate(self, jobs: Sequence[Job]) -> None:
        self.batches.append(len(jobs))
        if self.breaks:
            raise ValueError("a bug in the engine")
        while not self.go.wait(0.01):
            if jobs and all(job.over for job in jobs):
                return
        for job in jobs:
            job.write("yes")
            job.end(End("stop", 1, 1))


@pytest.fixture
def engine() -> Iterator[Scripted]:
    engine = Scripted()
    yield engine
    engine.go.set()


@pytest.fixture
def make_owner() -> Iterator[Callable[..., Owner]]:
    made: list[Owner] = []

    def make(engine: Scripted, *, queue: int = 3, idle_unload: float = 0, lock: Path | None = None) -> Owner:
        made.append(Owner(lambda: engine, queue=queue, idle_unload=idle_unload, lock=lock))
        return made[-1]

    yield make
    for owner in made:
        owner.close(2)


def submit(owner: Owner, count: int = 1) -> list[Job]:
    jobs = [Job(ask()) for _ in range(count)]
    for job in jobs:
        owner.submit(job)
    return jobs


def test_nothing_is_loaded_before_the_first_job(engine: Scripted, make_owner: Callable[..., Owner]) -> None:
    owner = make_owner(engine)
    assert (owner.status().state, engine.loaded) == ("idle", 0)
    engine.go.set()
    [job] = submit(owner)
    assert answer(job) == ("yes", End("stop", 1, 1))
    assert (owner.status().state, engine.loaded) == ("ready", 1)


def test_what_waits_is_run_as_one_batch(engine: Scripted, make_owner: Callable[..., Owner]) -> None:
    owner = make_owner(engine)
    first = submit(owner)
    until(lambda: engine.batches == [1])
    rest = submit(owner, 3)
    engine.go.set()
    for job in first + rest:
        answer(job)
    assert engine.batches == [1, 2, 1]


def test_a_continuous_engine_starts_a_job_while_others_run(make_owner: Callable[..., Owner]) -> None:
    engine = Scripted(continuous=True)
    owner = make_owner(engine)
    jobs = submit(owner, 3)
    until(lambda: len(engine.batches) == 2)
    assert owner.status().waiting == 1
    engine.go.set()
    for job in jobs:
        answer(job)
    assert engine.batches == [1, 1, 1]


def test_a_full_queue_says_busy_at_once(engine: Scripted, make_owner: Callable[..., Owner]) -> None:
    owner = make_owner(engine, queue=2)
    submit(owner)
    until(lambda: owner.status().running == 1)
    submit(owner, 2)
    with pytest.raises(Busy) as caught:
        submit(owner)
    assert caught.value.retry_after


def test_a_cancelled_job_that_waits_gives_its_place_back(engine: Scripted, make_owner: Callable[..., Owner]) -> None:
    owner = make_owner(engine, queue=1)
    submit(owner)
    until(lambda: owner.status().running == 1)
    [waiting] = submit(owner)
    waiting.cancel()
    assert list(waiting.pieces()) == []
    submit(owner)
    assert owner.status().waiting == 1


def test_a_cancel_lets_the_reader_go_at_once_and_the_engine_soon(engine: Scripted,
                                                                 make_owner: Callable[..., Owner]) -> None:
    owner = make_owner(engine)
    [job] = submit(owner)
    until(lambda: owner.status().running == 1)
    threading.Timer(0.05, job.cancel).start()
    assert list(job.pieces()) == []
    until(lambda: owner.status().running == 0)


def test_an_engine_that_does_not_hear_a_cancel_counts_as_hung(engine: Scripted, make_owner: Callable[..., Owner],
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_module, "STUCK_AFTER", 0.05)
    deaf = threading.Event()
    engine.generate = lambda jobs: deaf.wait(30)  # type: ignore[method-assign, assignment, return-value]
    owner = make_owner(engine)
    [job] = submit(owner)
    until(lambda: owner.status().running == 1)
    job.cancel()
    until(lambda: owner.status().state == "hung")
    with pytest.raises(NotReady, match="hangs"):
        submit(owner)
    deaf.set()
    until(lambda: owner.status().state == "ready")


def test_weights_are_freed_after_an_idle_time_and_loaded_again(engine: Scripted,
                                                               make_owner: Callable[..., Owner]) -> None:
    engine.go.set()
    owner = make_owner(engine, idle_unload=0.05)
    answer(submit(owner)[0])
    assert engine.unloaded.wait(30)
    until(lambda: owner.status().state == "idle")
    answer(submit(owner)[0])
    assert engine.loaded == 2


def test_a_load_that_fails_says_why_and_is_not_tried_at_every_question(make_owner: Callable[..., Owner]) -> None:
    loads: list[int] = []

    def fail() -> None:
        loads.append(1)
        raise NotReady("No memory.", remedy="Buy some.")

    owner = make_owner(Scripted(loads=fail))
    [job] = submit(owner)
    with pytest.raises(NotReady, match="No memory") as caught:
        answer(job)
    assert caught.value.remedy == "Buy some."
    until(lambda: owner.status().state == "failed")
    with pytest.raises(NotReady):
        submit(owner)
    assert len(loads) == 1


def test_a_failed_load_is_tried_again_later(make_owner: Callable[..., Owner],
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_module, "RELOAD_AFTER", 0.05)
    outcomes = [NotReady("Not yet."), None]

    def load() -> None:
        if error := outcomes.pop(0):
            raise error

    engine = Scripted(loads=load)
    engine.go.set()
    owner = make_owner(engine)
    with pytest.raises(NotReady):
        answer(submit(owner)[0])
    until(lambda: owner.status().state == "idle")
    assert answer(submit(owner)[0])[0] == "yes"


@pytest.mark.parametrize("continuous", [False, True])
def test_an_engine_that_raises_fails_its_jobs_and_the_next_one_is_served(continuous: bool,
                                                                        make_owner: Callable[..., Owner]) -> None:
    engine = Scripted(continuous=continuous)
    engine.breaks = True
    owner = make_owner(engine)
    with pytest.raises(ServerFailed):
        answer(submit(owner)[0])
    engine.breaks = False
    engine.go.set()
    assert answer(submit(owner)[0])[0] == "yes"


def test_close_ends_what_runs_and_what_waits(engine: Scripted, make_owner: Callable[..., Owner]) -> None:
    owner = make_owner(engine)
    jobs = submit(owner)
    until(lambda: owner.status().running == 1)
    jobs += submit(owner, 2)
    owner.close()
    for job in jobs:
        with pytest.raises(NotReady, match="shutting down"):
            answer(job)
    assert engine.unloaded.is_set()
    with pytest.raises(NotReady):
        submit(owner)


def test_a_second_process_is_told_that_the_model_is_held(engine: Scripted, make_owner: Callable[..., Owner],
                                                         tmp_path: Path) -> None:
    lock = tmp_path / "owner.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); "
                               "lock.acquire(); print('held', flush=True); sys.stdin.read()", str(lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    engine.go.set()
    owner = make_owner(engine, lock=lock)
    with pytest.raises(NotReady, match="Another process") as caught:
        answer(submit(owner)[0])
    assert "openai_url" in (caught.value.remedy or "")
    holder.kill()
    holder.wait(30)


def test_the_right_to_the_model_comes_back_when_its_holder_dies_or_unloads(engine: Scripted, tmp_path: Path,
                                                                          make_owner: Callable[..., Owner]) -> None:
    engine.go.set()
    first = make_owner(engine, idle_unload=0.05, lock=tmp_path / "owner.lock")
    answer(submit(first)[0])
    until(lambda: first.status().state == "idle")
    second = make_owner(engine, lock=tmp_path / "owner.lock")
    assert answer(submit(second)[0])[0] == "yes"
