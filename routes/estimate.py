"""A price before a call: nobody is asked, and nothing is written down."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints, model_validator

from chatbot.estimate import CountedBy
from chatbot.providers.interface import Message
from chatbot.usage.cost import CostState
from config import Strategy
from routes.auth import current_principal
from routes.completion_schemas import OpenAIMessage
from routes.installation import installation
from routes.schemas import ConversationId, In, Language, Name, Out, SkippedOut, Usd, Words

blueprint = APIBlueprint("estimate", __name__, url_prefix="/api/v1", tag="Estimates")


class EstimateIn(In):
    """A question to the chat (`message`), or a conversation for general text (`messages`): one of the two."""

    message: Words | None = Field(None, examples=["Why are iron and folic acid tablets given?"])
    messages: Annotated[list[OpenAIMessage], Field(min_length=1, max_length=256)] | None = None
    stage: Name | None = Field(None, description="with `message`")
    language: Language | None = Field(None, description="with `message`")
    conversation_id: ConversationId | None = Field(None, description="with `message`; its consent to a cloud counts")
    model: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$")] | None = Field(
        None, description="hybrid, local, cloud or provider/model")
    strategy: Strategy | None = Field(None, description="when `model` names none")
    max_tokens: Annotated[int, Field(ge=1, le=8_192)] | None = Field(None, description="left out, the feature's own")
    count: int = Field(1, ge=1, le=10_000_000, description="how many such calls")

    @model_validator(mode="after")
    def _one_kind(self) -> EstimateIn:
        if (self.message is None) == (self.messages is None):
            raise ValueError("send message or messages, one of the two")
        if self.messages is not None and (self.stage or self.language or self.conversation_id):
            raise ValueError("stage, language and conversation_id go with message")
        return self


class CandidateOut(Out):
    """One provider that could answer, and what that would cost."""

    provider: str
    model: str
    prompt_tokens: int = Field(description="of one call")
    counted_by: CountedBy = Field(description="the model's own tokenizer, or our estimate, which rather says too much")
    completion_tokens_low: int
    completion_tokens_high: int
    cost_low_usd: Usd | None = Field(description="US dollars for all calls; null when nobody knows the price")
    cost_high_usd: Usd | None = Field(description="without second tries; null when nobody knows the price")
    cost_state: CostState
    price_source: str
    price_date: date | None


class EstimateOut(Out):
    """Who could answer, in the order in which they would be asked. None: the fact cards answer, at no cost."""

    count: int
    max_tokens: int
    candidates: list[CandidateOut]
    cheapest: str = Field(description="provider/model; empty when no price is known")
    skipped: list[SkippedOut]


@blueprint.post("/estimate")
@blueprint.input(EstimateIn, arg_name="asked")
@blueprint.output(EstimateOut)
def estimate(asked: EstimateIn) -> EstimateOut:
    """Estimate what a call would cost, for each provider that could answer it.

    Nobody is asked and nothing is written down.
    """
    service, principal = installation().service, current_principal().id
    if asked.message is not None:
        found = service.estimate_chat(
            asked.message, asked.stage, model=asked.model or "", count=asked.count, max_tokens=asked.max_tokens,
            language=asked.language, strategy=asked.strategy, conversation_id=asked.conversation_id,
            principal=principal)
    else:
        messages = tuple(Message("system" if turn.role == "developer" else turn.role, turn.text)
                         for turn in asked.messages or ())
        found = service.estimate_completion(messages, model=asked.model or asked.strategy or "hybrid",
                                            count=asked.count, strategy=asked.strategy, max_tokens=asked.max_tokens,
                                            principal=principal)
    return EstimateOut.model_validate(
        {**{name: getattr(found, name) for name in ("count", "max_tokens", "cheapest")},
         "candidates": list(found.candidates), "skipped": list(found.skipped)})
