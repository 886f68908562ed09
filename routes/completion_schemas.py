"""The shapes of OpenAI's chat completions, as far as they are honoured."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, field_validator

from chatbot.safety.levels import Level
from routes.schemas import In, Out, Words


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
