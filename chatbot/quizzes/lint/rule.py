"""What a rule is, and what it is given to judge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from chatbot.quizzes.item import Item, Severity


@dataclass(frozen=True, slots=True)
class Flaw:
    """One place where a rule is broken."""

    field: str = ""
    """As in `Finding.field`."""
    detail: str = ""
    """The words at fault, shown after the message."""


@dataclass(frozen=True)
class Judged:
    """An item with all that rules may ask about it."""

    item: Item
    source_text: str | None
    """The whole source; None when the caller does not have it, which leaves the rules that need it silent."""
    taken: Callable[[str], bool]
    """Whether the bank holds another item with this stem."""
    today: date
    expires_on: date | None
    """The last day on which the source may be used."""

    @cached_property
    def place(self) -> int | None:
        """The key's place when there is exactly one; rules about keys and distractors are silent otherwise."""
        keys = self.item.keys
        return keys[0] if len(keys) == 1 and 0 <= keys[0] < len(self.item.options) else None

    @property
    def key(self) -> str:
        """The key's text; empty when there is not exactly one."""
        return "" if self.place is None else self.item.options[self.place]

    @cached_property
    def distractors(self) -> tuple[tuple[int, str], ...]:
        """Place and text of each wrong option; none when there is not exactly one key."""
        if self.place is None:
            return ()
        return tuple((place, text) for place, text in enumerate(self.item.options) if place != self.place)

    def texts(self, with_rationale: bool = True) -> Iterator[tuple[str, str]]:
        """Field and text of all that the item says."""
        yield "stem", self.item.stem
        for place, text in enumerate(self.item.options):
            yield f"options.{place}", text
        for place, text in enumerate(self.item.rationale if with_rationale else ()):
            yield f"rationale.{place}", text

    @cached_property
    def evidence(self) -> str:
        """What the item may rest on: its whole source, else its quote."""
        return self.item.evidence.quote if self.source_text is None else self.source_text


ItemCheck = Callable[[Judged], Iterator[Flaw]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the index for single items."""

    id: str
    severity: Severity
    source: str
    """The published guideline it follows; `house` for this project's own safety rules."""
    about: str
    """One line: what the rule finds."""
    check: ItemCheck


@dataclass(frozen=True, slots=True)
class SetRule:
    """A row of the index for the items of one quiz, judged together."""

    id: str
    severity: Severity
    source: str
    about: str
    check: Callable[[Sequence[Item], Collection[str]], Iterator[Flaw]]
    """Given the items in order and the topics that the quiz was to cover."""
