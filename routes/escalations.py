"""The queue of escalations for programs: what is open, and what was done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from chatbot.privacy.consent import Consents
from chatbot.safety.escalation.escalations import LONGEST_NOTE, Escalated, Queue, Shown, State, Tier, words_of
from routes.auth import current_principal
from routes.installation import installation
from routes.schemas import ConversationId, In, Out

blueprint = APIBlueprint("escalations", __name__, url_prefix="/api/v1", tag="Escalations")


class EscalationsQuery(BaseModel):
    """Which records."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    show: Shown = Field("open", description="open: new or seen; overdue: open for longer than its tier's minutes")
    tier: Tier | None = None
    limit: int = Field(50, ge=1, le=200)
    after: ConversationId | None = Field(None, description="id of the last record that was read")
    words: bool = Field(False, description="true: with the message, where its subject allows it; reading it is logged")


class EscalationIn(In):
    """Where a record stands."""

    state: State = Field(description="a record that somebody has seen is not new again")
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] = Field(
        "", description="what was done, without her words; what we recognise as an identifier is taken out")
    version: Annotated[int, Field(ge=1, le=1_000_000)] = Field(description="of the record as you read it")


class EscalationOut(Out):
    """That a grave danger sign was found, and what was done about it."""

    id: str
    at: datetime
    tier: Tier
    signs: list[str] = Field(description="ids of the danger signs, gravest first")
    rules: int = Field(description="version of the rules that found them; 0 is what ships with the system")
    stage: str
    language: str
    surface: str = Field(description="the feature: chat, openai, ...")
    conversation_id: str
    principal: str
    state: State
    state_at: datetime | None
    state_by: str
    note: str
    version: int = Field(description="send it with a change")
    minutes: int = Field(description="since it was found; until the last step when it is handled or closed")
    overdue: bool
    words: str | None = Field(None, description="null: not asked for, not allowed by its subject, or not kept any more")

    @field_validator("signs", mode="before")
    @classmethod
    def _listed(cls, signs: tuple[str, ...]) -> list[str]:
        return list(signs)


class EscalationsOut(Out):
    """Records, oldest first."""

    escalations: list[EscalationOut]
    next: str | None = Field(description="send it as `after` for more; null: there are no more")


@blueprint.get("/escalations")
@blueprint.input(EscalationsQuery, location="query", arg_name="asked")
@blueprint.output(EscalationsOut)
def escalations(asked: EscalationsQuery) -> EscalationsOut:
    """List the messages in which triage found a grave danger sign."""
    found = the_queue().find(asked.show, asked.tier, after=asked.after or "", limit=asked.limit)
    return EscalationsOut(escalations=[_told(one, words(one) if asked.words else None) for one in found],
                          next=found[-1].id if len(found) == asked.limit else None)


@blueprint.post("/escalations/<record>")
@blueprint.input(EscalationIn, arg_name="asked")
@blueprint.output(EscalationOut)
def change(record: str, asked: EscalationIn) -> EscalationOut:
    """Say where a record stands, and what was done."""
    return _told(the_queue().change(record, asked.state, asked.note, asked.version, current_principal().id))


def the_queue() -> Queue:
    """The escalations of this installation."""
    made = installation()
    return Queue(made.service.engine, made.settings.escalation_minutes)


def words(of: Escalated) -> str | None:
    """The message of a record, where its subject allows that. Raises LedgerUnavailable, RecordsUnavailable."""
    service = installation().service
    return words_of(of, Consents(service.engine), service.conversations, current_principal().id)


def _told(one: Escalated, said: str | None = None) -> EscalationOut:
    told = EscalationOut.model_validate(one)
    told.words = said
    return told
