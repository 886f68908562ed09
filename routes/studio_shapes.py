"""What the studio's templates show of a quiz: its items with their findings, sources and makers in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from chatbot.database import usd
from chatbot.quizzes.item import BankItem, Finding, MadeBy
from chatbot.quizzes.lint import in_language
from chatbot.quizzes.records.bank import StoredQuiz, flags_of
from chatbot.quizzes.records.states import OPEN, SHOWN
from chatbot.quizzes.records.transactions import reading
from chatbot.quizzes.records.who import name_of
from routes.dashboard import money
from routes.quiz_rooms import engine, zone
from routes.quiz_shapes import api_field
from routes.studio_source import Source, source_of
from routes.words import Language, Words

LETTERS = "ABCDEF"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One item as its editor sees it."""

    place: int
    """From 1."""
    one: BankItem
    findings: tuple[Finding, ...]
    """In the page's language."""
    source: Source
    made: str
    flags: tuple[str, ...]
    changed_by: str

    @property
    def blocked(self) -> bool:
        return any(finding.severity == "block" for finding in self.findings)

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.one.status in OPEN


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the review of a quiz is."""

    open: int
    blocked: int
    approved: int
    rejected: int

    @property
    def clean(self) -> int:
        """Items that one press approves."""
        return self.open - self.blocked


def reviewed(quiz: StoredQuiz, words: Words, language: Language) -> list[Reviewed]:
    """All items of a quiz. Raises RecordsUnavailable, LedgerUnavailable."""
    flags = flags_of(engine(), [one.id for one in quiz.items])
    who = names((one.updated_by for one in quiz.items), words)
    return [Reviewed(place, one, in_words(one.findings, language), source_of(one.item.evidence, one.item.language),
                     who_made(one.item.made_by, words), flag_words(flags.get(one.id, ()), words), who[one.updated_by])
            for place, one in enumerate(quiz.items, 1)]


def counts(items: Sequence[Reviewed]) -> Counts:
    waiting = [one for one in items if one.open]
    return Counts(len(waiting), sum(one.blocked for one in waiting), sum(one.one.status in SHOWN for one in items),
                  sum(one.one.status == "rejected" for one in items))


def in_words(found: Iterable[Finding], language: Language) -> tuple[Finding, ...]:
    """Findings in the page's language, their fields named as the form names them."""
    return tuple(in_language(one, language).model_copy(update={"field": api_field(one.field)}) for one in found)


def who_made(made: MadeBy, words: Words) -> str:
    """Who made an item, and what that cost."""
    said = str(words["made_by"][made.path]).format(provider=made.provider, model=made.model)
    if made.path in ("person", "import"):
        return said
    return f"{said} {cost_words(made.cost_nano_usd, words)}"


def cost_words(nano: int | None, words: Words) -> str:
    """What something cost, as a sentence."""
    if nano is None:
        return str(words["cost"]["unpriced"])
    return str(words["cost"]["paid"]).format(cost=money(usd(nano))) if nano else str(words["cost"]["free"])


def flag_words(flags: Iterable[str], words: Words) -> tuple[str, ...]:
    """What learners' answers say against an item: `unused-distractor.2` names the option."""
    split = (flag.partition(".") for flag in flags)
    return tuple(str(words["flag"][name]).format(letter=LETTERS[int(place)] if place else "")
                 for name, _, place in split)


def names(principals: Iterable[str], words: Words) -> dict[str, str]:
    """The names of people and keys. Raises RecordsUnavailable."""
    unnamed: dict[str, str] = words["principal"]
    with reading(engine()) as connection:
        return {one: unnamed.get(one) or name_of(connection, one) for one in set(principals)}


def day(moment: datetime) -> str:
    """A day as everybody reads it alike, in TIME_ZONE."""
    here: ZoneInfo = zone()
    return f"{moment.astimezone(here):%Y-%m-%d}"
