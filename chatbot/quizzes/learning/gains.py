"""What was learnt between a test before and a test after teaching: the normalised gain.

    g = (post - pre) / (1 - pre)

with `pre` and `post` as shares of right answers: the part of what could be gained that was gained. For a group, both
are means over the learners who took both (R. R. Hake, "Interactive-engagement versus traditional methods", American
Journal of Physics 66, 64-74, 1998; he calls below 0.3 low and 0.7 and more high). There is no gain where nothing
could be gained (pre = 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from chatbot.quizzes.records.tables import ATTEMPTS


@dataclass(frozen=True, slots=True)
class Gain:
    """Before and after, as shares from 0 to 1."""

    quiz_id: str
    pre: float
    post: float
    learners: int = 1

    @property
    def gain(self) -> float | None:
        """Hake's g; below 0 when less was known after; None when all was known before."""
        return normalised_gain(self.pre, self.post)


def normalised_gain(pre: float, post: float) -> float | None:
    """Hake's formula (see above)."""
    return None if pre >= 1 else (post - pre) / (1 - pre)


def gains_of(connection: Connection, principal: str, quiz_id: str = "") -> tuple[Gain, ...]:
    """A learner's gain in each quiz that she took both before and after; her first `pre` and her last `post` count."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.principal == principal, ATTEMPTS.c.kind.in_(("pre", "post")))
    query = query.where(ATTEMPTS.c.quiz_id == quiz_id) if quiz_id else query
    return _pairs(connection.execute(query.order_by(ATTEMPTS.c.at, ATTEMPTS.c.id)).all())


def group_gain(connection: Connection, quiz_id: str) -> Gain | None:
    """The gain of all learners who took a quiz before and after; None when nobody did."""
    rows = connection.execute(select(ATTEMPTS).where(
        ATTEMPTS.c.quiz_id == quiz_id, ATTEMPTS.c.kind.in_(("pre", "post")))
        .order_by(ATTEMPTS.c.at, ATTEMPTS.c.id)).all()
    pairs = _pairs(rows)
    if not pairs:
        return None
    count = len(pairs)
    return Gain(quiz_id, sum(one.pre for one in pairs) / count, sum(one.post for one in pairs) / count, count)


def _pairs(rows: Sequence[Row[tuple[object, ...]]]) -> tuple[Gain, ...]:
    """From rows in order of time, one gain for each learner and quiz with both; a `post` before a `pre` is left out."""
    before: dict[tuple[str, str], float] = {}
    after: dict[tuple[str, str], float] = {}
    for row in rows:
        whose, share = (row.principal, row.quiz_id), row.score / row.out_of
        if row.kind == "pre":
            before.setdefault(whose, share)
        elif whose in before:
            after[whose] = share
    return tuple(Gain(whose[1], before[whose], share) for whose, share in after.items())
