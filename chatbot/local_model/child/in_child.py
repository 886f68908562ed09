"""An engine whose work is done in a child process. The owner uses it like any other."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

import structlog

from chatbot.alerts import alert
from chatbot.errors import ChildDied, NotReady, ProviderError
from chatbot.local_model.child.patience import LOOK, Patience
from chatbot.local_model.child.process import Child
from chatbot.local_model.child.restarts import REMEDY, Restarts
from chatbot.local_model.child.wire import Message
from chatbot.local_model.child.words import ask_to_json, end_from_json, error_from_json, settings_to_json
from chatbot.local_model.engines import engine_class
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.hardware import require_memory
from chatbot.local_model.job import Job
from chatbot.local_model.memory import MemoryUse

log = structlog.get_logger(__name__)

LOAD_LIMIT = 600.0
COUNT_LIMIT = 1.0
"""Seconds for counting tokens; the caller estimates instead."""
UNLOAD_LIMIT = 3.0
OWN_MEMORY = 100_000_000
"""Bytes of a child before it loads anything: Python and an engine's library."""


class InChild(Engine):
    """`engine` (`module:Class`) in a child; `restarts` is shared by all children of one model."""

    def __init__(self, engine: str, settings: EngineSettings, restarts: Restarts) -> None:
        super().__init__(settings)
        kind = engine_class(engine)
        self.slots, self.continuous, self.holds_weights = kind.slots, kind.continuous, kind.holds_weights
        self._name = engine
        self._restarts = restarts
        self._child: Child | None = None
        self._note = ""
        self._unloading = False
        self._silent = False
        """Whether it was too slow to count, and nothing was heard from it since."""
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._replies: dict[int, Future[Message]] = {}
        self._jobs: dict[str, Job] = {}

    @property
    def note(self) -> str:
        return self._note

    @property
    def pid(self) -> int | None:
        """Of the child; None when there is none."""
        return self._child.pid if self._child is not None else None

    # --- what an engine does ---

    def load(self) -> None:
        if self._child is not None and not self.broken:
            return
        if error := self._restarts.why_not():
            raise error
        if self.settings.path is not None and not self.settings.gpu:
            require_memory(self.settings.path, OWN_MEMORY)
        self.broken, self._unloading = "", False
        self._child = Child(self._name, self._hear, self._bury)
        try:
            said = self._ask("load", LOAD_LIMIT, settings=settings_to_json(self.settings))
        except TimeoutError as error:
            self._child.kill("it does not finish loading")
            raise NotReady("The local model does not finish loading.", remedy=REMEDY) from error
        except ProviderError:
            self.unload()
            raise
        self._note = said["note"]
        if self._note:
            log.warning("local_model.completion_mode", model=self.settings.model, note=self._note)

    def unload(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if self.broken:   # it is dead or dies: that counts as a death, and is seen as one before another is started
            child.kill("its engine broke")
            child.join(UNLOAD_LIMIT)
            return
        self._unloading = True
        child.tell({"do": "stop", "n": 0})
        if not child.wait(UNLOAD_LIMIT):
            child.kill("it does not unload")
        child.join(UNLOAD_LIMIT)

    def generate(self, jobs: Sequence[Job]) -> None:
        numbered = {str(next(self._numbers)): job for job in jobs}
        with self._lock:
            self._jobs.update(numbered)
        try:
            reply = self._send("ask", jobs={number: ask_to_json(job.ask) for number, job in numbered.items()})
            for number, job in numbered.items():
                job.on_cancel(partial(self._cancel, number))
            self._watch(reply, numbered)
        except ProviderError as error:
            for job in jobs:
                job.fail(type(error)(error.detail, remedy=error.remedy))
        finally:
            with self._lock:
                for number in numbered:
                    del self._jobs[number]

    def count_tokens(self, text: str) -> int | None:
        if self._silent:
            return None
        try:
            tokens = self._ask("count", COUNT_LIMIT, text=text)["tokens"]
        except ProviderError:
            return None
        except TimeoutError:
            self._silent = True
            return None
        return int(tokens) if tokens is not None else None

    def memory_use(self) -> MemoryUse:
        """Of the child; zeros when it cannot say."""
        try:
            return MemoryUse(**self._ask("memory", COUNT_LIMIT))
        except (ProviderError, TimeoutError):
            return MemoryUse()

    # --- asking ---

    def _send(self, do: str, **facts: object) -> Future[Message]:
        """The reply to come. Raises ChildDied when there is no child."""
        number, reply = next(self._numbers), Future[Message]()
        with self._lock:
            child = self._child
            if child is None or self.broken:
                raise ChildDied("The local model's process is gone.", remedy=REMEDY)
            self._replies[number] = reply
        child.tell({"do": do, "n": number, **facts})
        return reply

    def _ask(self, do: str, limit: float, **facts: object) -> Message:
        """Raises TimeoutError, ChildDied, or the error that the child replied."""
        return self._send(do, **facts).result(limit)

    def _cancel(self, number: str) -> None:
        if (child := self._child) is not None:
            child.tell({"do": "cancel", "job": number})

    def _watch(self, reply: Future[Message], jobs: dict[str, Job]) -> None:
        """Wait for the end of a `generate`; kill a child that goes on when nobody waits for it any more."""
        told: set[str] = set()
        patience: Patience | None = None
        while True:
            try:
                reply.result(LOOK)
                return
            except TimeoutError:
                for number in [number for number, job in jobs.items() if job.over and number not in told]:
                    told.add(number)
                    self._cancel(number)   # once more does no harm: it may have ended without a cancel
            if not all(job.over for job in jobs.values()):
                continue
            if (child := self._child) is not None:
                patience = patience or Patience(child)
                if patience.is_over():
                    child.kill("it hangs")

    # --- hearing: called by the thread that reads the child ---

    def _hear(self, message: Message) -> None:
        self._silent = False
        if "texts" in message:
            for number, text in message["texts"].items():
                if job := self._job(number):
                    job.write(text)
        elif "job" in message:
            if job := self._job(message["job"]):
                _finish(job, message)
        elif reply := self._take_reply(message["n"]):
            self.broken = message["broken"]   # at once: no further job must go to a poisoned context
            if "error" in message:
                reply.set_exception(error_from_json(message["error"]))
            else:
                reply.set_result(message["said"])

    def _job(self, number: str) -> Job | None:
        with self._lock:
            return self._jobs.get(number)

    def _take_reply(self, number: int) -> Future[Message] | None:
        with self._lock:
            return self._replies.pop(number, None)

    def _bury(self, how: str) -> None:
        """The child has ended: everything that waits for it fails."""
        if not self._unloading:
            self._count_death(how)
        with self._lock:
            self.broken = "" if self._unloading else how
            replies, self._replies = self._replies, {}
        for reply in replies.values():
            reply.set_exception(ChildDied(f"The local model's process died ({how}).", remedy=REMEDY))

    def _count_death(self, how: str) -> None:
        left = self._restarts.died(how)
        log.error("local_model.child_died", model=self.settings.model, exit=how, restarts_left=left)
        if not left:
            alert("local_model_disabled", "local", model=self.settings.model, exit=how)


def _finish(job: Job, message: Message) -> None:
    if "end" in message:
        job.end(end_from_json(message["end"]))
    else:
        job.fail(error_from_json(message["error"]))
