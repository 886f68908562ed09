"""An extraction: what is asked for, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chatbot.documents.fields import Field
from chatbot.documents.found import Found
from chatbot.documents.letters import visible
from chatbot.documents.passages import Passage
from chatbot.documents.schemas import fields_of
from chatbot.documents.tongue import DocumentLanguage, language_of
from chatbot.documents.types import type_named
from chatbot.errors import InvalidInput, TooLong
from chatbot.usage.cost import CostState
from config import Strategy

MOST_TEXT = 500_000
"""Characters of one document."""


@dataclass(frozen=True, slots=True)
class ExtractionOrder:
    """What is asked for. Make it with `order_for`, which checks it."""

    passages: tuple[Passage, ...]
    fields: tuple[Field, ...]
    document_type: str = ""
    """The id of a named type; empty with a caller's own schema."""
    language: DocumentLanguage = "en"
    strategy: Strategy | None = None
    """None: EXTRACTION_STRATEGY."""
    principal: str = ""
    seconds: float = 120.0
    """After which no further part of a long document is asked about."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What came out. A field without evidence is null, and says why."""

    id: str
    document_type: str
    language: DocumentLanguage
    values: Mapping[str, Found]
    provider: str
    """Who answered first; `curated` when no model did, and the labels on the page were read."""
    model: str
    prompt_tokens: int
    completion_tokens: int
    call_ids: tuple[str, ...]
    cost_usd: Decimal | None
    """None when a price is unknown."""
    cost_state: CostState
    estimate_usd: Decimal | None
    """What it could have cost at the most, as said before; None when nobody knows the price."""
    notes: tuple[str, ...] = ()
    """Why a model was not asked, or not asked about all of the document."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields without a value."""
        return tuple(name for name, one in self.values.items() if one.value is None)

    @property
    def metadata(self) -> dict[str, Any]:
        """The values alone."""
        return {name: one.value for name, one in self.values.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller may leave open."""

    schema: Mapping[str, Any] | None = None
    document_type: str = ""
    language: DocumentLanguage | None = None
    strategy: Strategy | None = None
    principal: str = ""
    seconds: float = field(default=120.0)


def order_for(passages: Sequence[Passage], asked: Asked) -> ExtractionOrder:
    """A checked order. Raises InvalidInput (schema, document_type, text), TooLong."""
    size = sum(len(one.text) for one in passages)
    if size > MOST_TEXT:
        raise TooLong(f"The document has {size:,} characters; {MOST_TEXT:,} is the most.", field="text",
                      remedy="Send the part that says what you look for.")
    if not any(one.text.strip() for one in passages):
        raise InvalidInput("There is no text to look in.", field="text")
    language = asked.language or language_of(one.text for one in passages)
    if asked.schema is not None:
        fields, name = fields_of(asked.schema), ""
    elif asked.document_type.strip():
        kind = type_named(asked.document_type)
        fields, name = kind.fields(language), kind.id
    else:
        raise InvalidInput("Nothing says what to look for.", field="schema", remedy="Send schema or document_type.")
    return ExtractionOrder(tuple(passages), fields, name, language, asked.strategy, asked.principal, asked.seconds)


def passages_of_text(text: str) -> tuple[Passage, ...]:
    """A text with its lines as they are; a form feed begins a new part."""
    return tuple(Passage(None, visible(part).strip()) for part in text.split("\f") if part.strip())
