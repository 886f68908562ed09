"""Who waits for the local model, who is served, and who is sent away at once because the wait would be long.

Not safe in threads by itself: the owner holds its lock around every method.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from chatbot.errors import Busy
from chatbot.local_model.job import Job

LONGEST_WAIT = 10.0
"""Seconds: who would wait longer is sent away at once, so that another provider can answer. faults.md L08."""
SHORTEST_RETRY, LONGEST_RETRY = 2.0, 20.0
"""Seconds that Retry-After may say: a longer one would count as "leave me alone" (chatbot/calling/breaker.py)."""
WEIGHT_OF_THE_LAST = 0.3
"""Of the last job in the running mean of how long a job takes."""


class Line:
    """Jobs that wait, in the order of their coming, and jobs that run.

    `longest` is how many may wait. An asker may have several jobs while nobody has to wait for them; once
    somebody waits, only one, waiting or running.
    """

    def __init__(self, longest: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.waiting: deque[Job] = deque()
        self.running: dict[Job, float] = {}
        """With the moment each was started."""
        self._longest = longest
        self._clock = clock
        self._seconds_a_job: float | None = None

    def admit(self, job: Job, slots: int) -> None:
        """Let `job` wait. Raises Busy. `slots` is how many jobs run at once."""
        if len(self.waiting) >= self._longest:
            raise Busy(f"{len(self.waiting)} requests already wait for the local model.",
                       retry_after=self._retry_after(slots))
        if (wait := self.expected_wait(slots)) > LONGEST_WAIT:
            raise Busy(f"The local model would be free in about {wait:.0f} s.", retry_after=self._retry_after(slots))
        if self._has_one_already(job) and len(self.waiting) + len(self.running) > slots:
            raise Busy("The local model still works on your last question, and others wait.",
                       retry_after=self._retry_after(slots))
        self.waiting.append(job)

    def expected_wait(self, slots: int) -> float:
        """Seconds until a job that comes now would start; 0 while nobody knows how long a job takes."""
        before = len(self.waiting) + len(self.running) - slots + 1   # that must end first
        return max(0, before) * (self._seconds_a_job or 0.0) / slots

    def take(self, count: int) -> list[Job]:
        """The first `count` that wait; they run from now on."""
        jobs = [self.waiting.popleft() for _ in range(min(count, len(self.waiting)))]
        self.running.update(dict.fromkeys(jobs, self._clock()))
        return jobs

    def done(self, job: Job) -> None:
        """`job` runs no more. One that was cancelled says nothing about how long a job takes."""
        began = self.running.pop(job, None)
        if began is None or job.cancelled:
            return
        took, mean = self._clock() - began, self._seconds_a_job
        self._seconds_a_job = took if mean is None else mean + WEIGHT_OF_THE_LAST * (took - mean)

    def leave(self, job: Job) -> None:
        """`job` waits no more. Safe when it does not wait."""
        if job in self.waiting:
            self.waiting.remove(job)

    def empty(self) -> list[Job]:
        """Everybody who waits, sent away."""
        jobs = [*self.waiting]
        self.waiting.clear()
        return jobs

    def _has_one_already(self, job: Job) -> bool:
        return bool(job.asker) and any(other.asker == job.asker for other in (*self.waiting, *self.running))

    def _retry_after(self, slots: int) -> float:
        return min(max(self.expected_wait(slots), SHORTEST_RETRY), LONGEST_RETRY)
