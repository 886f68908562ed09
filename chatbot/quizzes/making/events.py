"""What a quiz says while it is being made: item by item, then exactly one end."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.calling.completion import Failed
from chatbot.knowledge.cards import Language
from chatbot.quizzes.item import Item
from chatbot.safety.levels import NO_SIGNS, Triage

__all__ = ["Failed", "ItemReady", "Progress", "QuizDone", "QuizEvent"]


@dataclass(frozen=True, slots=True)
class ItemReady:
    """One item is made and has no blocking finding."""

    item: Item
    done: int
    """Items so far, this one among them."""
    of: int
    """Items asked for."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The work goes on."""

    done: int
    of: int
    note: str = ""
    """What an editor should know: why no model was asked, why a passage was passed over. Empty: a second went by."""


@dataclass(frozen=True, slots=True)
class QuizDone:
    """The end of a quiz that has items."""

    items: tuple[Item, ...]
    of: int
    """Items asked for."""
    stage: str
    topic: str
    language: Language
    triage: Triage = NO_SIGNS
    """Danger signs in the educator's own words: routes show their help first."""
    short_of: int = 0
    """How many items are missing."""
    reason: str = ""
    """Why they are missing; empty when none is."""
    notes: tuple[str, ...] = ()
    """What `Progress` said, once each."""
    cost_nano_usd: int | None = 0
    """Of all calls, also of those that gave no item; None when a price is unknown."""


QuizEvent = ItemReady | Progress | QuizDone | Failed
