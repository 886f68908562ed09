"""What the chat page may ask a learner's leave for, beneath an answer: a cloud model, and a person reading her words.

Nothing is asked beforehand and nothing is ticked: each is a form of its own, with its text, one button and the way
back.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from chatbot.chat.reply import ChatReply
from chatbot.errors import InvalidInput, LedgerUnavailable
from chatbot.privacy.consent import CloudConsent, Consents, Purpose, State, purpose_named
from chatbot.safety.escalation.escalating import GRAVE
from routes.auth import current_principal
from routes.consents import set_consent
from routes.installation import installation

CLOUD, SHARING = "chat_cloud", "escalation_words"


@dataclass(frozen=True, slots=True)
class Offer:
    """One form of the page."""

    purpose: Purpose
    state: State
    hidden: bool
    """Whether it waits for `static/chat.js` to show it."""


def set_from_form(conversation_id: str) -> None:
    """Write down the answer of a form that the page showed. Raises InvalidInput, LedgerUnavailable."""
    name = request.form.get("purpose", CLOUD)
    if name not in (CLOUD, SHARING):
        raise InvalidInput("This page does not ask for that.", field="purpose", remedy=f"Use {CLOUD} or {SHARING}.")
    set_consent(purpose_named(name), conversation_id, given=request.form.get("given") == "true",
                version=request.form.get("version", type=int) or 0)


def cloud_offer(conversation_id: str, reply: ChatReply | None) -> Offer | None:
    """Whether to offer a cloud model: not while an answer tells somebody to go now."""
    state: CloudConsent
    if reply is not None:
        state = "not_asked" if reply.triage.level == "emergency" else reply.cloud_consent
    else:
        state = installation().service.cloud_consent(conversation_id, current_principal().id)
    if state == "not_asked":
        return None
    return Offer(purpose_named(CLOUD), "given" if state == "given" else "not_given", hidden=not conversation_id)


def sharing_offer(conversation_id: str, reply: ChatReply | None, level: str) -> Offer:
    """Whether to ask if a person may read the message: beneath a grave danger sign, and where she was asked before.

    While consents cannot be read it stays hidden: the answer matters more.
    """
    purpose = purpose_named(SHARING)
    found = reply.triage.level if reply is not None else level
    try:
        kept = Consents(installation().service.engine)
        state = kept.state(purpose, current_principal().id, conversation_id).state
    except LedgerUnavailable:
        return Offer(purpose, "not_given", hidden=True)
    return Offer(purpose, state, hidden=not conversation_id or (state == "not_given" and found not in GRAVE))
