"""Keeps what was said beside answering it: the question with its answer, or with as much of it as came.

The last questions of a conversation are read again for one thing only: a danger sign that is told over several of them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import structlog

from chatbot.chat.reply import ChatEvent, ChatReply, Done, TextDelta
from chatbot.database import new_id, now
from chatbot.errors import RecordsUnavailable
from chatbot.privacy.conversations import Conversations, Said
from chatbot.safety.talk import TURNS, WITHIN

log = structlog.get_logger()


def questions_before(kept: Conversations, principal: str, conversation_id: str) -> list[str]:
    """The last questions of a conversation, oldest first; none while the database does not answer: help comes first."""
    if not (principal and conversation_id):
        return []
    try:
        return [said.message for said in kept.latest(principal, conversation_id, TURNS, now() - WITHIN)]
    except RecordsUnavailable:
        log.warning("earlier_turns_not_read")
        return []


def remembered(reply: ChatReply, message: str, kept: Conversations, principal: str) -> ChatReply:
    """The same reply, written down. Nothing is kept of a call that names nobody (our own code)."""
    if principal:
        kept.keep(principal, Said(reply.conversation_id, now(), message, reply.answer, reply.provider))
    return reply


def remembered_stream(events: Iterator[ChatEvent], message: str, kept: Conversations, principal: str,
                      conversation_id: str = "") -> Iterator[ChatEvent]:
    """The same events; what was shown is written down at their end, also when the client leaves before it."""
    if not principal:
        yield from events
        return
    shown: list[str] = []
    reply: ChatReply | None = None
    try:
        for event in events:
            if isinstance(event, TextDelta):
                shown.append(event.text)
            elif isinstance(event, Done):
                reply = event.reply
            yield event
    finally:
        if isinstance(events, Generator):
            events.close()
        conversation = reply.conversation_id if reply else conversation_id or new_id()
        kept.keep(principal, Said(conversation, now(), message, reply.answer if reply else "".join(shown),
                                  reply.provider if reply else ""))
