"""Consent to a cloud, where CLOUD_POLICY=ask: what is asked, where the one who asks stands, yes and its withdrawal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from chatbot.privacy.classes import CloudPolicy
from chatbot.privacy.consent import Consents, ConsentState, Purpose, State, purpose_named, purposes
from routes.auth import current_principal
from routes.installation import installation
from routes.schemas import ConversationId, In, Name, Out

blueprint = APIBlueprint("consents", __name__, url_prefix="/api/v1", tag="Consent")


class ConsentQuery(BaseModel):
    """Whose consent: the one who asks, in one conversation."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    conversation_id: ConversationId | None = Field(None, description="that of an answer; left out: only your own")


class ConsentIn(In):
    """A yes or its withdrawal."""

    conversation_id: ConversationId | None = Field(None, description="needed where scope is conversation")
    purpose: Name = Field(examples=["chat_cloud"])
    version: Annotated[int, Field(ge=1, le=10_000)] = Field(description="of the text that was shown")
    given: bool = Field(description="false takes it back")


class ConsentText(Out):
    """What to show, word for word."""

    en: str
    sw: str


class ConsentOut(Out):
    """One purpose, and where you stand with it."""

    purpose: str
    scope: Literal["conversation", "principal"] = Field(description="what one yes covers")
    state: State = Field(description="outdated: a yes to an older text, which holds no more")
    version: int = Field(description="of the text; send it with your answer")
    text: ConsentText
    given_at: datetime | None
    withdrawn_at: datetime | None


class ConsentsOut(Out):
    """Every purpose."""

    policy: CloudPolicy = Field(description="a yes changes something only under ask")
    consents: list[ConsentOut]


@blueprint.get("/consents")
@blueprint.input(ConsentQuery, location="query", arg_name="asked")
@blueprint.output(ConsentsOut)
def consents(asked: ConsentQuery) -> ConsentsOut:
    """Tell what is asked before words may leave this machine, and what you answered."""
    conversation = asked.conversation_id or ""
    return ConsentsOut(policy=installation().settings.cloud_policy, consents=[
        _told(_kept().state(purpose, current_principal().id, conversation)) for purpose in purposes().values()])


@blueprint.post("/consents")
@blueprint.input(ConsentIn, arg_name="asked")
@blueprint.output(ConsentOut)
def post_consent(asked: ConsentIn) -> ConsentOut:
    """Allow a purpose, or take that back; it holds from the next try at a cloud on."""
    purpose = purpose_named(asked.purpose)
    return _told(set_consent(purpose, asked.conversation_id or "", given=asked.given, version=asked.version))


def set_consent(purpose: Purpose, conversation_id: str, *, given: bool, version: int) -> ConsentState:
    """Write down what the current principal answered. Raises InvalidInput, LedgerUnavailable."""
    who, kept = current_principal().id, _kept()
    if given:
        kept.give(purpose, who, conversation_id, version)
    else:
        kept.withdraw(purpose, who, conversation_id)
    return kept.state(purpose, who, conversation_id)


def _kept() -> Consents:
    return Consents(installation().service.engine)


def _told(state: ConsentState) -> ConsentOut:
    purpose = state.purpose
    return ConsentOut(purpose=purpose.name, scope=purpose.scope, state=state.state, version=purpose.version,
                      text=ConsentText(en=purpose.en, sw=purpose.sw), given_at=state.given_at,
                      withdrawn_at=state.withdrawn_at)
