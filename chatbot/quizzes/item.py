"""What a quiz item is: one stem, one key, its distractors, why each is right or wrong, and the words it rests on.

An item may be wrong (a model wrote it, an educator is half done): what is wrong with it says `lint`, not its type.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from chatbot.knowledge.cards import Language

Difficulty = Literal["easy", "medium", "hard"]
Bloom = Literal["remember", "understand", "apply"]
"""Bloom's levels that a multiple-choice item on one fact can reach."""
Path = Literal["template", "local", "cloud", "person", "import"]
"""How an item came to be: from its card alone, by a model here or elsewhere, by hand, from a file."""
Severity = Literal["block", "warn"]
Status = Literal["draft", "in_review", "approved", "published", "retired", "rejected"]
"""`rejected` is an item's alone: it stays in its quiz's history and reaches nobody."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Frozen):
    """Where the key stands: a verbatim quote of a fact card, or of a page of the educator's own document."""

    quote: str = ""
    card_id: str = ""
    document_id: str = ""
    page: int | None = None
    """From 1; None where the source has no pages."""
    title: str = ""
    url: str = ""


class MadeBy(_Frozen):
    """Who wrote an item, and what that cost with all failed tries."""

    path: Path
    provider: str = ""
    model: str = ""
    call_ids: tuple[str, ...] = ()
    """The ledger's calls, in order; the last one gave the item."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano_usd: int | None = 0
    """None when one of the calls has no known price."""


class Item(_Frozen):
    """One question."""

    stem: str
    options: tuple[str, ...]
    keys: tuple[int, ...]
    """Places of the right answers in `options`, from 0. A good item has exactly one."""
    rationale: tuple[str, ...] = ()
    """Why each option is right or wrong, in the order of `options`."""
    evidence: Evidence = Evidence()
    language: Language = "en"
    stage: str = ""
    topic: str = ""
    difficulty: Difficulty = "medium"
    bloom: Bloom = "remember"
    tags: tuple[str, ...] = ()
    made_by: MadeBy = MadeBy(path="person")

    @property
    def answer_index(self) -> int:
        """The key's place. Raises IndexError when there is no key."""
        return self.keys[0]

    @property
    def key(self) -> str:
        return self.options[self.answer_index]

    @property
    def distractors(self) -> tuple[str, ...]:
        return tuple(option for place, option in enumerate(self.options) if place not in self.keys)


class Finding(_Frozen):
    """One flaw that the lint sees."""

    rule: str
    """Stable, kebab-case: `key-not-in-evidence`."""
    severity: Severity
    """`block`: the item cannot be approved; `warn`: the editor should look."""
    message: str
    """What is wrong, in plain words."""
    remedy: str
    """What to do."""
    field: str = ""
    """`stem`, `options`, `options.2`, `keys`, `rationale.1`, `evidence`; empty for the whole item."""


class BankItem(_Frozen):
    """An item as the bank keeps it."""

    id: str
    quiz_id: str
    version: int = 1
    """Grows with every change; an editor names the version she saw."""
    status: Status = "draft"
    item: Item
    findings: tuple[Finding, ...] = ()
    updated_at: datetime | None = None
    updated_by: str = ""


class Quiz(_Frozen):
    """A set of items, in order."""

    id: str
    title: str
    stage: str
    topic: str = ""
    language: Language = "en"
    version: int = 1
    status: Status = "draft"
    created_at: datetime
    created_by: str
    """Principal's id."""
    document_id: str = ""
    items: tuple[BankItem, ...] = ()
    findings: tuple[Finding, ...] = Field(default=(), description="of the set as a whole")
