"""How much work something is, in processor seconds: the clock on the wall says nothing on a machine full of tests."""

from __future__ import annotations

import time
from collections.abc import Callable

ROUNDS = 10


def effort(work: Callable[[], object], times: int = 3) -> float:
    """The least processor seconds of this process that `work` took in so many tries."""
    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _ in range(times))


def are_equal_effort(one: Callable[[], object], other: Callable[[], object], times: int, within: float = 1.33) -> bool:
    """Whether both are the same work, give or take a factor `within`.

    What each takes at least is approached in up to ten rounds of `times` tries by turns: other work on the machine
    can only add to it, so a difference that stays is one.
    """
    least = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for _ in range(times):
            least = [min(least[0], effort(one, 1)), min(least[1], effort(other, 1))]
        if 1 / within < least[0] / least[1] < within:
            return True
    return False
