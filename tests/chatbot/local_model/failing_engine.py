"""An engine that does what its question says. It runs in a real child process: InChild is told its name."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence

from chatbot.errors import GpuFailed, NotReady
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.job import End, Job

NAME = "tests.chatbot.local_model.failing_engine:Failing"
ONE_AT_A_TIME = "tests.chatbot.local_model.failing_engine:OneAtATime"


class Failing(Engine):
    """Understands `say N`, `slow`, `hang`, `busy`, `deaf`, `segfault`, `exit`, `assert`, `raise` and `environment`."""

    slots = 4
    continuous = True

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self.loaded = False

    def load(self) -> None:
        if self.settings.model == "missing":
            raise NotReady("The weights are missing.", remedy="Fetch them.")
        if self.settings.model == "dies":
            os.abort()
        self.loaded = True

    def unload(self) -> None:
        self.loaded = False

    @property
    def note(self) -> str:
        return "it only completes text" if self.settings.model == "base" else ""

    def generate(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            word, _, rest = job.ask.turns[-1].content.partition(" ")
            getattr(self, f"_{word}")(job, rest)

    def count_tokens(self, text: str) -> int | None:
        return len(text.split())

    def _say(self, job: Job, rest: str) -> None:
        for number in range(int(rest)):
            job.write(f"{number} ")
        job.end(End("stop", 3, int(rest), 1))

    def _slow(self, job: Job, rest: str) -> None:
        """A word each 20 ms until it is cancelled."""
        while not job.over:
            job.write("word ")
            time.sleep(0.02)

    def _hang(self, job: Job, rest: str) -> None:
        """Never looks whether someone still waits."""
        job.write(rest)
        time.sleep(600)

    def _busy(self, job: Job, rest: str) -> None:
        """Computes for so many seconds before it looks whether someone still waits."""
        job.write("word ")
        until = time.monotonic() + float(rest)
        while time.monotonic() < until:
            pass

    def _deaf(self, job: Job, rest: str) -> None:
        """Hangs in native code that does not let go of Python: no thread of the child runs any more."""
        job.write(rest)
        time.sleep(0.05)
        ctypes.PyDLL(None).sleep(600)

    def _segfault(self, job: Job, rest: str) -> None:
        job.write(rest)
        ctypes.string_at(0)

    def _exit(self, job: Job, rest: str) -> None:
        os._exit(3)

    def _assert(self, job: Job, rest: str) -> None:
        self.broken = "AcceleratorError"
        job.fail(GpuFailed("The GPU failed.", remedy="Look at it."))

    def _raise(self, job: Job, rest: str) -> None:
        raise ValueError(rest)

    def _environment(self, job: Job, rest: str) -> None:
        job.write(os.environ.get(rest, "unset"))
        job.end(End("stop", 1, 1))


class OneAtATime(Failing):
    """The same, in batches of one."""

    slots = 1
    continuous = False
