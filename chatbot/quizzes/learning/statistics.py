"""What the answers of learners say about the items: classical item analysis, on first attempts only.

- facility: the share of right answers.
- discrimination: the corrected point-biserial, r = cov(x, y) / (sd(x) sd(y)), of the item (x: 0 or 1) and the score on
  the *other* items of the same attempt (y). With the item itself in the score it would correlate with itself
  (S. Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28, 211-218, 1963).
- how often each option was picked.

Below `FEWEST` answers nothing is told: at n = 30 the standard error of a facility of 0.5 is 0.09 already, and smaller
groups can be told apart as persons. A later attempt is coloured by the rationales of the first, so it does not count.
Answers to words that were changed since do not count either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from sqlalchemy import Connection, Engine, func, select, update

from chatbot.quizzes.learning.gains import Gain, group_gain
from chatbot.quizzes.records.editions import ShownItem, items_of_edition
from chatbot.quizzes.records.rows import find_quiz
from chatbot.quizzes.records.tables import ANSWERS, ATTEMPTS, EDITIONS, ITEMS
from chatbot.quizzes.records.transactions import reading, writing

FEWEST = 30
LITTLE = 0.2
"""Below it an item hardly tells who knows more (R. L. Ebel, Essentials of Educational Measurement, 1972)."""
EVERY = 10
"""Flags are worked out anew with each tenth first attempt: the numbers move slowly."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of a first attempt."""

    attempt_id: str
    item_id: str
    content_version: int
    choice: int
    correct: bool


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """One item; all but `n` is None or empty while `n` is under `FEWEST`."""

    item_id: str
    n: int
    facility: float | None = None
    discrimination: float | None = None
    """From -1 to 1; None also when it cannot be told: one item only, or everybody alike."""
    picked: tuple[int, ...] = ()
    """For each option, how many picked it."""
    flags: tuple[str, ...] = ()

    @property
    def hidden(self) -> bool:
        return self.n < FEWEST


@dataclass(frozen=True, slots=True)
class QuizStatistics:
    """A quiz's items, and what a group gained; `gain` is None under `FEWEST` learners."""

    version: int | None
    """Of the edition; None when the quiz was never published."""
    learners: int
    items: tuple[ItemStatistics, ...]
    gain: Gain | None = None


def quiz_statistics(engine: Engine, quiz_id: str) -> QuizStatistics:
    """The statistics of a quiz's newest edition. Raises NotFound, RecordsUnavailable."""
    with reading(engine) as connection:
        find_quiz(connection, quiz_id)
        return _statistics(connection, quiz_id)


def item_statistics(items: Sequence[ShownItem], answers: Sequence[Answered]) -> tuple[ItemStatistics, ...]:
    """The statistics of each item from the answers of first attempts."""
    attempts: dict[str, dict[str, bool]] = defaultdict(dict)
    for one in answers:
        attempts[one.attempt_id][one.item_id] = one.correct
    return tuple(_of_item(shown, answers, attempts) for shown in items)


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's r; None when either does not vary."""
    count = len(one)
    mean_one, mean_other = sum(one) / count, sum(other) / count
    both = sum((x - mean_one) * (y - mean_other) for x, y in zip(one, other, strict=True))
    spread = sqrt(sum((x - mean_one) ** 2 for x in one) * sum((y - mean_other) ** 2 for y in other))
    return None if spread < 1e-12 else both / spread


def note_flags(engine: Engine, quiz_id: str) -> None:
    """Write the flags of a quiz's items for the review queue, at each tenth first attempt."""
    with reading(engine) as connection:
        count = connection.scalar(select(func.count()).select_from(ATTEMPTS).where(
            ATTEMPTS.c.quiz_id == quiz_id, ATTEMPTS.c.first == 1)) or 0
        if count < FEWEST or count % EVERY:
            return
        found = _statistics(connection, quiz_id).items
        versions = {row.id: row.content_version for row in connection.execute(
            select(ITEMS.c.id, ITEMS.c.content_version).where(ITEMS.c.quiz_id == quiz_id))}
    with writing(engine) as connection:
        for one in found:
            connection.execute(update(ITEMS).where(
                ITEMS.c.id == one.item_id, ITEMS.c.content_version == versions[one.item_id]).values(
                flags=list(one.flags), flagged=bool(one.flags)))


def _statistics(connection: Connection, quiz_id: str) -> QuizStatistics:
    version = connection.scalar(select(func.max(EDITIONS.c.version)).where(EDITIONS.c.quiz_id == quiz_id))
    items = () if version is None else items_of_edition(connection, quiz_id, version)
    rows = connection.execute(
        select(ANSWERS.c.attempt_id, ANSWERS.c.item_id, ANSWERS.c.content_version, ANSWERS.c.choice, ANSWERS.c.correct)
        .join(ATTEMPTS).where(ATTEMPTS.c.quiz_id == quiz_id, ATTEMPTS.c.first == 1)).all()
    answers = [Answered(*row) for row in rows]
    gain = group_gain(connection, quiz_id)
    return QuizStatistics(version, len({one.attempt_id for one in answers}), item_statistics(items, answers),
                          gain if gain and gain.learners >= FEWEST else None)


def _of_item(shown: ShownItem, answers: Sequence[Answered],
             attempts: Mapping[str, Mapping[str, bool]]) -> ItemStatistics:
    own = [one for one in answers if one.item_id == shown.id and one.content_version == shown.content_version]
    if len(own) < FEWEST:
        return ItemStatistics(shown.id, len(own))
    facility = sum(one.correct for one in own) / len(own)
    picked = tuple(sum(one.choice == place for one in own) for place in range(len(shown.item.options)))
    discrimination = _discrimination(shown.id, own, attempts)
    return ItemStatistics(shown.id, len(own), facility, discrimination, picked,
                          _flags(shown, facility, discrimination, picked))


def _discrimination(item_id: str, own: Sequence[Answered], attempts: Mapping[str, Mapping[str, bool]]) -> float | None:
    """Against the share of right answers on the other items, so that editions of different length can be compared."""
    pairs = []
    for one in own:
        rest = [correct for other, correct in attempts[one.attempt_id].items() if other != item_id]
        if rest:
            pairs.append((float(one.correct), sum(rest) / len(rest)))
    if len(pairs) < FEWEST:
        return None
    return correlation([item for item, _ in pairs], [rest for _, rest in pairs])


def _flags(shown: ShownItem, facility: float, discrimination: float | None, picked: Sequence[int]) -> tuple[str, ...]:
    """What an educator should look at: guessing does better, knowing more does not help, an option fools nobody."""
    found = []
    if facility < 1 / len(shown.item.options):
        found.append("below-chance")
    if discrimination is not None and discrimination < 0:
        found.append("discriminates-backwards")
    elif discrimination is not None and discrimination < LITTLE:
        found.append("discriminates-little")
    found += [f"unused-distractor.{place}" for place, count in enumerate(picked)
              if count == 0 and place not in shown.item.keys]
    return tuple(found)
