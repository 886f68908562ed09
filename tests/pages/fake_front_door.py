"""The part of the front door that the chat page uses, made of what a test puts in; and replies of every kind."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Engine

from chatbot.chat.reply import ChatEvent, ChatReply, Citation, Done, TextDelta, TriageFound, UsageOfCall
from chatbot.safety.levels import NO_SIGNS, Triage

CONVERSATION = "01JD0000000000000000000001"
IRON = Citation("iron", "Iron and folic acid", "https://www.who.int/iron", "Iron helps your body make blood.",
                "awaiting clinical review")
ANSWER = ChatReply(
    id="01JD0000000000000000000000", answer="Iron helps your body make blood.\n\nTake it with:\n- water\n- **not** tea",
    stage="antenatal", language="en", triage=NO_SIGNS, citations=(IRON,), provenance="local", provider="local",
    model="small-model", fell_back=False, finish_reason="stop", usage=UsageOfCall(12, 5),
    call_id="01JD0000000000000000000000", conversation_id=CONVERSATION)
EMERGENCY = replace(
    ANSWER, answer="Heavy bleeding is dangerous. Take someone with you.",
    triage=Triage("emergency", ("heavy-bleeding",)), provenance="curated", provider="curated", model="cards",
    citations=(Citation("book", "A guide for midwives", "https://www.who.int/guide", "", ""),))
URGENT = replace(ANSWER, triage=Triage("urgent", ("severe-headache",)), provenance="cloud", provider="together",
                 model="llama", fell_back=True)
SOON = replace(ANSWER, triage=Triage("soon", ("itching",)), provenance="curated", citations=(
    replace(IRON, review="awaiting native review"), replace(IRON, id="two", review="reviewed")))
NOT_IN_SOURCES = replace(ANSWER, answer="This is not in my sources.", citations=(), provenance="curated")


@dataclass
class FakeService:
    """Answers what a test puts in, and remembers what it was asked."""

    engine: Engine
    """Where the answers kept for an `Idempotency-Key` lie."""
    reply: ChatReply = ANSWER
    events: Iterable[ChatEvent] | None = None
    """What a stream is made of; left out, `reply` in small pieces."""
    fails: Exception | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    """Set once a stream has ended or was given up."""

    def generate_chat_response(self, message: str, **how: Any) -> ChatReply:
        self._note(message, how)
        return self.reply

    def stream_chat_response(self, message: str, **how: Any) -> Iterator[ChatEvent]:
        self._note(message, how)
        return self._play(self.events if self.events is not None else _in_pieces(self.reply))

    def cloud_consent(self, conversation_id: str, principal: str) -> str:
        return "not_asked"

    def _note(self, message: str, how: dict[str, Any]) -> None:
        self.asked.append((message, how))
        if self.fails is not None:
            raise self.fails

    def _play(self, events: Iterable[ChatEvent]) -> Iterator[ChatEvent]:
        try:
            yield from events
        finally:
            self.closed.set()


def _in_pieces(reply: ChatReply) -> list[ChatEvent]:
    pieces = [TextDelta(reply.answer[at:at + 7]) for at in range(0, len(reply.answer), 7)]
    return [TriageFound(reply.triage), *pieces, Done(reply)]


class Held:
    """Events that wait for a test's leave at every `None`."""

    def __init__(self, *events: ChatEvent | None) -> None:
        self._events = events
        self._leave = threading.Semaphore(0)

    def go_on(self) -> None:
        self._leave.release()

    def __iter__(self) -> Iterator[ChatEvent]:
        for event in self._events:
            if event is None:
                self._leave.acquire(timeout=60)
            else:
                yield event
