"""One breaker: closed, open until a moment, then half-open for one probe. Numbers: faults.md 1.1."""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass, field

from chatbot.errors import BadKey, OutOfCredit, ProviderError

FAILURES_TO_OPEN, SECONDS_OPEN, SPREAD = 5, 15.0, 0.2
WINDOW, TRIES_TO_JUDGE, SHARE_TO_OPEN = 30.0, 20, 0.5
LONGEST_WAIT = 20.0
"""Seconds: a longer Retry-After sends the call to the next provider, and opens the breaker."""
LONGEST_HOLD = 300.0
NO_CREDIT_FOR = 600.0


@dataclass(slots=True)
class Breaker:
    in_a_row: int = 0
    recent: deque[tuple[float, bool]] = field(default_factory=deque)
    """Moment and success of the tries of the last 30 s."""
    opens_at: float | None = None
    """Monotonic moment from which one probe may pass; None while closed."""
    why: str = ""

    def note(self, moment: float, good: bool) -> None:
        self.in_a_row = 0 if good else self.in_a_row + 1
        self.recent.append((moment, good))
        while self.recent[0][0] < moment - WINDOW or len(self.recent) > 1000:
            self.recent.popleft()

    def is_ill(self) -> bool:
        bad = sum(not good for _, good in self.recent)
        return self.in_a_row >= FAILURES_TO_OPEN or (
            len(self.recent) >= TRIES_TO_JUDGE and bad >= SHARE_TO_OPEN * len(self.recent))


def hold(error: ProviderError) -> tuple[float, str]:
    """Seconds for which one failure alone opens a breaker, and why; 0 when it does not."""
    if isinstance(error, BadKey):
        return math.inf, "it does not accept our key: correct it and restart"
    if isinstance(error, OutOfCredit):
        return NO_CREDIT_FOR, "its account has no credit; it is asked again in 10 minutes"
    if error.retry_after is not None and error.retry_after > LONGEST_WAIT:
        return min(error.retry_after, LONGEST_HOLD), "it asked to be left alone for a while"
    return 0.0, ""


def interval() -> float:
    """Seconds open, spread by a fifth either way so that many workers do not probe at once."""
    return SECONDS_OPEN * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - jitter, not a secret
