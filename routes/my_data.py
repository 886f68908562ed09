"""What is kept of the one who asks: to read, to take along as one ZIP, to have erased."""

from __future__ import annotations

from datetime import datetime

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from chatbot.errors import NotFound
from chatbot.holdings import OnePerson
from chatbot.usage.replays import Replays
from routes.auth import current_principal
from routes.installation import installation
from routes.schemas import Out, Responses

blueprint = APIBlueprint("my_data", __name__, url_prefix="/api/v1", tag="What is kept of you")

ZIP: Responses = {200: {"description": "conversations.json, a CSV for each other kind of record, README.txt",
                        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


class ConversationOut(Out):
    """One conversation of yours."""

    conversation_id: str
    turns: int
    began_at: datetime
    last_at: datetime


class ConversationsOut(Out):
    """All of them, the latest first."""

    conversations: list[ConversationOut]
    kept_days: int = Field(description="0: only in this server's memory")


class TurnOut(Out):
    """A question and its answer."""

    at: datetime
    message: str
    answer: str
    provider: str


class TurnsOut(Out):
    """A conversation, oldest turn first."""

    conversation_id: str
    turns: list[TurnOut]


class ForgottenOut(Out):
    """What is gone, in rows by kind."""

    erased: dict[str, int]


@blueprint.get("/conversations")
@blueprint.output(ConversationsOut)
def conversations() -> ConversationsOut:
    """List your conversations."""
    found = installation().service.conversations.all_of(current_principal().id)
    days = installation().settings.retention_days if installation().settings.secret_key.get_secret_value() else 0
    return ConversationsOut(conversations=[ConversationOut.model_validate(one) for one in found], kept_days=days)


@blueprint.get("/conversations/<conversation_id>")
@blueprint.output(TurnsOut)
def conversation(conversation_id: str) -> TurnsOut:
    """Read one of your conversations."""
    found = installation().service.conversations.turns(current_principal().id, conversation_id)
    if not found:
        raise NotFound("There is no such conversation of yours.")
    return TurnsOut(conversation_id=conversation_id, turns=[TurnOut.model_validate(one) for one in found])


@blueprint.delete("/conversations/<conversation_id>")
@blueprint.output(ForgottenOut)
def forget(conversation_id: str) -> ForgottenOut:
    """Forget one of your conversations."""
    gone = installation().service.conversations.forget(current_principal().id, conversation_id)
    if not gone:
        raise NotFound("There is no such conversation of yours.")
    return ForgottenOut(erased={"turns": gone})


@blueprint.get("/me/export")
@blueprint.doc(responses=ZIP)
def export() -> Response:
    """Take along everything that is kept of you, as one ZIP."""
    return Response(_me().export(), mimetype="application/zip", headers={
        "Content-Disposition": "attachment; filename=funza-mama.zip", "Cache-Control": "no-store"})


@blueprint.delete("/me")
@blueprint.output(ForgottenOut)
def erase() -> ForgottenOut:
    """Erase everything that is kept of you. The books keep their sums, and no longer say whose they were."""
    return ForgottenOut(erased=_me().erase())


def _me() -> OnePerson:
    made, principal = installation(), current_principal().id
    subject = Replays(made.service.engine, made.settings.secret_key.get_secret_value()).subject(principal)
    return OnePerson(made.service.engine, made.service.conversations, principal, subject)
