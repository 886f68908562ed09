"""A learner's own progress: days in a row, attempts, what she gained, and the badges that follow from it.

A day is one of the installation's time zone (TIME_ZONE), noted with each attempt. Badges are not stored: they are what
the attempts say, so erasing the attempts erases them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from sqlalchemy import Connection, Engine, case, func, select

from chatbot.database import now
from chatbot.quizzes.learning.gains import Gain, gains_of
from chatbot.quizzes.records.tables import ATTEMPTS
from chatbot.quizzes.records.transactions import reading


@dataclass(frozen=True, slots=True)
class Progress:
    """What a learner did so far."""

    streak: int
    """Days in a row with an attempt, up to today, or to yesterday when today has none yet."""
    longest_streak: int
    attempts: int
    """Goes at whole quizzes."""
    quizzes: int
    """Different quizzes taken."""
    practised: int
    """Items answered when they came again."""
    full_marks: int
    """Attempts with every answer right."""
    gains: tuple[Gain, ...]

    @property
    def badges(self) -> tuple[str, ...]:
        """Ids of the badges earned, in the order of the table."""
        return tuple(name for name, earned in BADGES.items() if earned(self))


BADGES: dict[str, Callable[[Progress], bool]] = {
    "first-quiz": lambda done: done.attempts >= 1,
    "five-quizzes": lambda done: done.quizzes >= 5,
    "full-marks": lambda done: done.full_marks >= 1,
    "three-days": lambda done: done.longest_streak >= 3,
    "seven-days": lambda done: done.longest_streak >= 7,
    "thirty-days": lambda done: done.longest_streak >= 30,
    "twenty-practised": lambda done: done.practised >= 20,
    "learnt-a-lot": lambda done: any((gain.gain or 0) >= 0.7 for gain in done.gains),
}
"""Badge -> its rule. 0.7 is what Hake calls a high gain (`gains.py`)."""


def progress_of(engine: Engine, principal: str, zone: tzinfo) -> Progress:
    """A learner's progress. Raises RecordsUnavailable."""
    with reading(engine) as connection:
        days = connection.scalars(select(ATTEMPTS.c.day).where(ATTEMPTS.c.principal == principal).distinct()).all()
        return _counted(connection, principal, days, now().astimezone(zone).date())


def streak(days: Iterable[date], today: date) -> int:
    """Days in a row that end today, or yesterday: a streak is lost only when a whole day passed without an attempt.

    >>> streak([date(2026, 3, 1), date(2026, 3, 2)], date(2026, 3, 3))
    2
    """
    known = set(days)
    last = today if today in known else today - timedelta(days=1)
    count = 0
    while last - timedelta(days=count) in known:
        count += 1
    return count


def longest_streak(days: Iterable[date]) -> int:
    """The most days in a row."""
    known = set(days)
    return max((streak(known, last) for last in known if last + timedelta(days=1) not in known), default=0)


def _counted(connection: Connection, principal: str, days: Iterable[date], today: date) -> Progress:
    spaced = ATTEMPTS.c.kind == "spaced"
    known = set(days)
    row = connection.execute(select(
        func.count(case((~spaced, 1))).label("attempts"), func.count(case((spaced, 1))).label("practised"),
        func.count(func.distinct(case((~spaced, ATTEMPTS.c.quiz_id)))).label("quizzes"),
        func.count(case(((ATTEMPTS.c.score == ATTEMPTS.c.out_of) & ~spaced, 1))).label("full_marks"),
    ).where(ATTEMPTS.c.principal == principal)).one()
    return Progress(streak(known, today), longest_streak(known), row.attempts, row.quizzes, row.practised,
                    row.full_marks, gains_of(connection, principal))
