"""The shapes that travel: what a client may send, and what it gets. The API document is made from these.

Input is strict: no unknown field, no number in quotes, and true is not 1. Output fields are always there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
)

from chatbot.calling.completion import Provenance
from chatbot.privacy.consent import CloudConsent
from chatbot.safety.levels import Level
from chatbot.usage.cost import CostState
from config import Strategy

Language = Literal["en", "sw"]
Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
"""What APIFlask's `doc(responses=...)` takes: OpenAPI response objects by status."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Words = Annotated[str, StringConstraints(min_length=1, max_length=100_000), AfterValidator(_not_blank)]
"""What a person wrote. MAX_MESSAGE_CHARS bounds a chat message further."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=40)]
ConversationId = Annotated[str, StringConstraints(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
"""A ULID that an earlier answer carried."""
Usd = Annotated[Decimal, PlainSerializer(lambda amount: round(float(amount), 9), return_type=float)]
"""US dollars as a JSON number, rounded to a nano-dollar."""


class In(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class Out(BaseModel):
    """What a client gets; made from our dataclasses by attribute."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Out):
    """RFC 9457 problem details: what every error looks like."""

    type: str = Field(description="where this problem is explained, relative to this server")
    title: str = Field(description="the same for every problem of this code")
    status: int
    detail: str = Field(description="what went wrong this time")
    code: str = Field(description="for programs: stable, listed at /docs/problems")
    retryable: bool = Field(description="whether the same request may work later")
    request_id: str
    field: str = Field("", description="the input at fault, when it is one")
    remedy: str = Field("", description="what to do, when we know it")
    triage: TriageOut | None = Field(None, description="where her words came in and hold a danger sign")
    advice: str = Field("", description="the fixed text for that sign: to be shown before anything else")


# --- /api/v1/chat ---
class ChatIn(In):
    """A question to the learner's chat."""

    message: Words = Field(examples=["Why are iron and folic acid tablets given?"])
    stage: Name | None = Field(None, description="preconception, antenatal, birth or postnatal; left out, it is found")
    language: Language | None = Field(None, description="language of the answer; left out, that of the message")
    conversation_id: ConversationId | None = None
    strategy: Strategy | None = Field(None, description="local never leaves the machine; cloud never uses its model")
    stream: bool = Field(False, description="true: answer as text/event-stream")


class TriageOut(Out):
    """What the danger-sign check found before any model was asked."""

    level: Level
    signs: list[str] = Field(description="ids of the danger signs found, gravest first")

    @field_validator("signs", mode="before")
    @classmethod
    def _listed(cls, signs: tuple[str, ...]) -> list[str]:
        return list(signs)


class CitationOut(Out):
    """A reviewed fact card that the answer rests on."""

    id: str
    title: str
    url: str = Field(description="the authority's own page")
    quote: str
    review: str = Field(description="review state of the card in the answer's language")


class UsageOut(Out):
    """What the call used, all its tries together."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: Usd | None = Field(description="US dollars, rounded to 9 decimals; null when a price is unknown")
    cost_state: CostState


class SkippedOut(Out):
    """A provider that did not answer, and why."""

    provider: str
    model: str
    reason: str


class ChatDone(Out):
    """Where an answer came from and what it cost: the `done` event of a stream."""

    id: str
    stage: str
    language: Language
    triage: TriageOut
    citations: list[CitationOut]
    provenance: Provenance
    provider: str
    model: str
    fell_back: bool = Field(description="whether someone before this provider was tried or skipped")
    finish_reason: str
    usage: UsageOut
    call_id: str
    conversation_id: str
    skipped: list[SkippedOut]
    cloud_consent: CloudConsent = Field(
        description="needed: POST /api/v1/consents would let a cloud answer; given: it may; not_asked: nobody is asked")


class ChatOut(ChatDone):
    """A whole answer."""

    answer: str = Field(description="plain text with simple markdown; never HTML")


# --- probes ---
class Alive(Out):
    """The process answers."""

    status: Literal["ok"]


class Ready(Out):
    """Whether an answer can be given now, and by whom."""

    status: Literal["ready", "degraded"] = Field(description="degraded: it answers, but somebody should look")
    database: bool
    would_answer: str = Field(description="the provider that would be asked first now")
    degraded: list[str] = Field(description="each model that is set up and cannot be asked now, and why")
