"""The one inference owner of a process: one thread, a bounded queue, batches of what waits, idle unload.

Two engines at once on the same cores are 8 to 10 times slower (measured), so a machine has one owner: a process
that wants to load weights takes `owner.lock` beside them and holds it until it unloads. Whoever comes second gets
`NotReady` and answers from the next provider; several workers share weights through LOCAL_ENGINE=openai_url.

An engine that is broken (its child process died, its CUDA context is poisoned) is made anew with the next job.

Nothing starts at import or construction: the thread, the lock and the weights come with the first job, so a
web server may fork first (torch used before a fork deadlocks the child).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from chatbot.errors import Busy, FunzaError, NotReady, ProviderError, ServerFailed
from chatbot.local_model.child.restarts import Restarts
from chatbot.local_model.claim import Claim
from chatbot.local_model.engines.engine import Engine
from chatbot.local_model.job import Job
from chatbot.local_model.line import Line
from chatbot.local_model.memory import MemoryUse

log = structlog.get_logger(__name__)

STUCK_AFTER = 30.0
"""Seconds a cancelled job may go on running before its engine counts as hung."""
RELOAD_AFTER = 30.0
"""Seconds before a failed load is tried again."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the owner does now."""

    state: Literal["idle", "loading", "ready", "failed", "hung"]
    reason: str = ""
    running: int = 0
    waiting: int = 0


class Owner:
    """Takes jobs, runs them on one engine.

    `make` gives a new engine; `queue` is how many jobs may wait; `idle_unload` seconds without work
    free the weights (0 never); `lock` is the machine-wide lock file, or None for an engine without weights;
    `slots` is how many jobs an engine runs at once, as far as that is known before it is made; `restarts` says when
    an engine in a child process may be made anew; `weights` are in use from the first load to the unload.
    """

    def __init__(self, make: Callable[[], Engine], *, queue: int, idle_unload: float, lock: Path | None,
                 slots: int = 1, restarts: Restarts | None = None, weights: Path | None = None) -> None:
        self._make = make
        self._idle_unload = idle_unload
        self._claim = Claim(lock, weights)
        self._change = threading.Condition()
        self._line = Line(queue)
        self._restarts = restarts
        self._slots = slots
        self._cancelled_at: dict[Job, float] = {}
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None
        self._loading = False
        self._failed: tuple[str, str | None, float] | None = None
        """Why the last load failed, the remedy, and when."""
        self.closed = False

    # --- for callers, from any thread ---

    def submit(self, job: Job) -> None:
        """Queue `job`. Raises Busy when it would wait too long (line.py), NotReady when nothing can run now."""
        with self._change:
            if error := self._why_not():
                raise error
            try:
                self._line.admit(job, self._slots)
            except Busy:
                log.info("local_model.busy", waiting=len(self._line.waiting), running=len(self._line.running))
                raise
            self._wake()
        job.on_cancel(lambda: self._forget(job))

    def status(self) -> Status:
        """What it does now. Instant."""
        with self._change:
            running, waiting = len(self._line.running), len(self._line.waiting)
            if error := self._why_not():
                state: Literal["hung", "failed"] = "hung" if self._is_hung() else "failed"
                return Status(state, f"{error.detail} {error.remedy or ''}".strip(), running, waiting)
            if self._loading:
                return Status("loading", "The weights are being loaded.", running, waiting)
            if self._engine is None or self._engine.broken:
                return Status("idle", "The weights load with the first question.", running, waiting)
            return Status("ready", self._engine.note, running, waiting)

    def count_tokens(self, text: str) -> int | None:
        """Tokens of `text`, or None when the engine is not loaded or cannot say."""
        engine = self._engine
        return engine.count_tokens(text) if engine is not None else None

    def memory_use(self) -> MemoryUse:
        """Of the process that holds the weights; zeros while none does."""
        engine = self._engine
        return engine.memory_use() if engine is not None else MemoryUse()

    def close(self, timeout: float = 10.0) -> None:
        """End what runs and what waits, free the weights. Waits up to `timeout` seconds for the engine."""
        with self._change:
            self.closed = True
            ended, thread = [*self._line.empty(), *self._line.running], self._thread
            self._change.notify_all()
        for job in ended:
            job.fail(NotReady("The local model is shutting down."))
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    # --- the owner's thread ---

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="local-model", daemon=True)
            self._thread.start()
        self._change.notify_all()

    def _live(self) -> None:
        """Load, run batch after batch, and end (freeing the weights) when idle, closed or broken."""
        try:
            while self._work_waits() and self._load():
                self._dispatch(self._take())
        finally:
            self._free()

    def _work_waits(self) -> bool:
        """Sleep until a job waits and there is room for it; False when it is time to end."""
        with self._change:
            idle_since = time.monotonic()
            while not (self.closed or (self._line.waiting and self._room())):
                if self._line.running:
                    idle_since = time.monotonic()
                left = self._idle_unload - (time.monotonic() - idle_since)
                if self._idle_unload and left <= 0:
                    return False
                self._change.wait(left if self._idle_unload else None)
            return not self.closed

    def _room(self) -> int:
        """How many jobs may start now."""
        engine = self._engine
        if engine is None:
            return 1
        running = len(self._line.running)
        return engine.slots - running if engine.continuous or not running else 0

    def _take(self) -> list[Job]:
        with self._change:
            return self._line.take(self._room())

    def _load(self) -> bool:
        engine = self._engine
        if engine is not None and not engine.broken:
            return True
        if engine is not None:
            engine.unload()
            self._engine = None
        self._loading, began = True, time.monotonic()
        try:
            self._claim.take()
            engine = self._make()
            engine.load()
            self._engine, self._slots = engine, engine.slots
            log.info("local_model.loaded", model=engine.settings.model, seconds=round(time.monotonic() - began, 2))
        except FunzaError as error:
            self._fail_load(error)
        except MemoryError:
            self._fail_load(NotReady("There is too little memory for the local model.",
                                     remedy="Run `python setup_huggingface.py --check`."))
        finally:
            self._loading = False
        return self._engine is not None

    def _fail_load(self, error: FunzaError) -> None:
        log.warning("local_model.load_failed", reason=error.detail, remedy=error.remedy)
        with self._change:
            if self._restarts is None or self._restarts.why_not() is None:   # else they say for how long
                self._failed = (error.detail, error.remedy, time.monotonic())
            refused = self._line.empty()
        for job in refused:   # a new exception each time: threads must not share a traceback
            kind = type(error) if isinstance(error, ProviderError) else NotReady
            job.fail(kind(error.detail, remedy=error.remedy))

    def _dispatch(self, jobs: Sequence[Job]) -> None:
        engine = self._engine
        if engine is None or not jobs:
            return
        if not engine.continuous:
            self._run(engine, jobs)
            return
        for job in jobs:
            threading.Thread(target=self._run, args=(engine, [job]), name="local-job", daemon=True).start()

    def _run(self, engine: Engine, jobs: Sequence[Job]) -> None:
        try:
            engine.generate([job for job in jobs if not job.over])
        except Exception as error:  # noqa: BLE001 - an unforeseen one: its words may hold a prompt, its type may not
            log.error("local_model.engine_broke", error=type(error).__name__)
        finally:
            for job in jobs:   # one that its engine forgot, or whose engine raised, must not wait for ever
                job.fail(ServerFailed("The local engine broke."))
            with self._change:
                for job in jobs:
                    self._line.done(job)
                    self._cancelled_at.pop(job, None)
                self._change.notify_all()

    def _free(self) -> None:
        """Let running jobs of a continuous engine leave, then free weights and lock; live again if work came."""
        with self._change:
            while self._line.running and not self._is_hung():
                self._change.wait(0.1)
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.unload()
            log.info("local_model.unloaded", model=engine.settings.model)
        self._claim.give_up()
        with self._change:
            self._thread = None
            if self._line.waiting and not self.closed:
                self._wake()

    # --- small things, under the lock ---

    def _forget(self, job: Job) -> None:
        """A cancelled job that waits gives its place back; one that runs is watched."""
        with self._change:
            if job in self._line.running:
                self._cancelled_at[job] = time.monotonic()
            else:
                self._line.leave(job)
            self._change.notify_all()

    def _is_hung(self) -> bool:
        """Only an engine of this process can hang; a remote server that is silent has a time limit."""
        if self._engine is not None and not self._engine.holds_weights:
            return False
        return any(time.monotonic() - at > STUCK_AFTER for at in self._cancelled_at.values())

    def _why_not(self) -> NotReady | None:
        """Why no job can be taken now. A new exception each time: threads must not share a traceback."""
        if self.closed:
            return NotReady("The local model is shut down.", remedy="Restart the server.")
        if self._is_hung():
            return NotReady("The local model hangs.", remedy="Restart the server.")
        if self._failed and time.monotonic() - self._failed[2] < RELOAD_AFTER:
            return NotReady(self._failed[0], remedy=self._failed[1])
        self._failed = None
        return self._restarts.why_not() if self._restarts is not None else None
