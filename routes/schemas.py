"""The shapes that travel: what a client may send, and what it gets. The API document is made from these.

Input is strict: no unknown field, no number in quotes, and true is not 1. Output fields are always there.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
    model_validator,
)

from chatbot.calling.completion import Provenance
from chatbot.privacy.consent import CloudConsent
from chatbot.safety.levels import Level
from chatbot.usage.cost import CostState
from chatbot.usage.report import GroupBy
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


# --- /v1/chat/completions ---
class TextPart(In):
    """One part of a message's content; text is all that is taken."""

    type: Literal["text"]
    text: Words


class OpenAIMessage(In):
    """One turn. `name`, `refusal` and the rest are taken because clients send them, and not used."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Words | Annotated[list[TextPart], Field(min_length=1, max_length=64)]
    name: Annotated[str, StringConstraints(max_length=64)] | None = None
    refusal: None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class StreamOptions(In):
    """How to stream."""

    include_usage: bool = Field(False, description="end with a chunk that carries the usage")


class TextFormat(In):
    """Free text."""

    type: Literal["text"]


class JsonObjectFormat(In):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchema(In):
    """A JSON Schema that the answer must satisfy."""

    name: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{1,64}$")]
    schema_: dict[str, Any] = Field(alias="schema")
    description: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    strict: bool | None = None


class JsonSchemaFormat(In):
    """JSON that satisfies a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")]
StopText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Neutral = Annotated[float, Field(ge=0, le=0)]
"""A penalty that many clients always send as 0; any other value is refused, because it would be ignored."""



def _is_off(switch: bool) -> bool:
    if switch:
        raise ValueError("only false is supported")
    return switch


Off = Annotated[bool, AfterValidator(_is_off)]
"""Something that many clients always send as false, and that we do not do."""


class CompletionIn(In):
    """OpenAI's chat completion request, as far as it is supported; anything else is refused, never ignored."""

    model: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$")] = Field(
        description="hybrid, local, cloud or provider/model", examples=["hybrid"])
    messages: Annotated[list[OpenAIMessage], Field(min_length=1, max_length=256)]
    max_tokens: Annotated[int, Field(ge=1, le=8_192)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=8_192)] | None = Field(None, description="the newer name")
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    stop: StopText | Annotated[list[StopText], Field(max_length=4)] | None = None
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = Field(None, description="one answer a request")
    frequency_penalty: Neutral | None = None
    presence_penalty: Neutral | None = None
    logprobs: Off | None = None
    store: Off | None = None
    user: Annotated[str, StringConstraints(max_length=256)] | None = Field(None, description="neither used nor stored")

    @field_validator("messages")
    @classmethod
    def _turns(cls, messages: list[OpenAIMessage]) -> list[OpenAIMessage]:
        if any(message.role in {"system", "developer"} for message in messages[1:]):
            raise ValueError("at most one system or developer message, and it comes first")
        if messages[-1].role != "user":
            raise ValueError("the last message must be the user's")
        return messages


class AnswerMessage(Out):
    """The assistant's turn."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(Out):
    """The one answer."""

    index: int
    message: AnswerMessage
    logprobs: None
    finish_reason: str


class CompletionUsage(Out):
    """Tokens of the call."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionOut(Out):
    """OpenAI's chat completion."""

    id: str
    object: Literal["chat.completion"]
    created: int = Field(description="seconds since 1970, UTC")
    model: str
    choices: list[Choice]
    usage: CompletionUsage


class CompletionHeaders(BaseModel):
    """What OpenAI's shape has no room for."""

    provider: str = Field(alias="X-Provider", description="who answered")
    fell_back: Literal["true", "false"] = Field(alias="X-Fell-Back")
    call_id: str = Field(alias="X-Call-Id")
    triage: Level = Field(alias="X-Triage")
    cost_usd: str = Field("", alias="X-Cost-USD",
                          description="decimal US dollars; absent in a stream and when a price is unknown")


class ModelOut(Out):
    """A name that may be sent as `model`."""

    id: str
    object: Literal["model"]
    created: int = Field(description="when this server started, seconds since 1970, UTC")
    owned_by: str = Field(description="the provider")
    state: str = Field(description="whether it can answer now")
    reason: str


class ModelList(Out):
    """OpenAI's list of models."""

    object: Literal["list"]
    data: list[ModelOut]


# --- /api/v1/providers, /api/v1/usage ---
class PricedModel(Out):
    """One model of a provider, and its price."""

    model: str
    retired: bool = Field(description="whether the provider has taken it out of service")
    breaker: str = Field(description="closed, open or half-open: open means it failed several times in a row")
    price_input_usd_per_mtok: Usd | None = Field(description="US dollars a million tokens; null when unknown")
    price_output_usd_per_mtok: Usd | None
    price_source: str | None
    price_date: date | None


class DownloadOut(Out):
    """Weights on their way to this machine. Clouds or the cards answer meanwhile."""

    model: str
    state: str = Field(description="downloading, stopped (its process died; what came is kept), done or failed")
    file: str = Field(description="the file that comes now")
    bytes: int = Field(description="bytes that are here")
    total: int | None = Field(description="bytes in all; null until that is known")
    bytes_per_second: int | None = Field(description="over the last seconds")
    eta_seconds: int | None
    reason: str = Field(description="why it failed or was refused, and what to do")


class ProviderOut(Out):
    """One place an answer can come from."""

    name: str
    title: str
    leaves_machine: bool = Field(description="whether a question to it leaves this machine")
    state: str
    reason: str
    downloads: list[DownloadOut] = Field(default_factory=list, description="of its weights, where it has any")
    models: list[PricedModel]


class ProvidersOut(Out):
    """Every provider, in the order of the index."""

    providers: list[ProviderOut]


ISO_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


class Days(BaseModel):
    """Which days of the ledger to sum, both included."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    since: date | None = Field(None, description="first day, UTC, YYYY-MM-DD")
    until: date | None = Field(None, description="last day, UTC, YYYY-MM-DD")

    @field_validator("since", "until", mode="before")
    @classmethod
    def _iso_day(cls, value: object) -> object:
        if isinstance(value, str) and not ISO_DAY.fullmatch(value):
            raise ValueError("write a day as YYYY-MM-DD, from 2000 on")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError("until is before since")
        return self


class UsageQuery(Days):
    """How to sum the ledger."""

    by: GroupBy = "provider"


class UsageRowOut(Out):
    """One group of the report."""

    key: str = Field(description="the provider, model, day, feature or language")
    calls: int = Field(description="requests of clients")
    attempts: int = Field(description="tries at providers")
    failed: int = Field(description="tries that did not answer")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Usd = Field(description="US dollars, the sum of the known costs, rounded to 9 decimals")
    cost_state: CostState
    unpriced_attempts: int = Field(description="tries whose price nobody knows: their cost is not in the sum")
    reserved: int = Field(description="tries under way now")


class UsageReportOut(Out):
    """The ledger, summed."""

    by: GroupBy
    since: date | None
    until: date | None
    rows: list[UsageRowOut]
    total: UsageRowOut
    fell_back: int = Field(description="calls that another provider answered than the one that should have")


# --- installed clients ---
class LegacyChatIn(In):
    """A question, as clients that are already installed send it."""

    message: Words
    stage: Name | None = None
    language: Language | None = None
    user_id: str | int | None = Field(None, description="neither used nor stored")


class LegacyChatOut(Out):
    """An answer, as those clients read it."""

    response: str = Field(description="sanitised HTML")


class LegacyQuestion(Out):
    """A quiz question, as those clients read it."""

    question: str
    options: list[str]
    answer: str
    correctReason: str
    incorrectReason: str


class LegacyQuizOut(Out):
    """Quiz questions, as those clients read them."""

    success: bool
    questions: list[LegacyQuestion]
    count: int


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
