"""What a chat answers with: one reply, or the events of a streamed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chatbot.calling.completion import Failed, Provenance, Pulse, TextDelta
from chatbot.privacy.consent import CloudConsent
from chatbot.safety.levels import Triage
from chatbot.strategies import Skipped
from chatbot.usage.cost import CostState, UsageOfCall

__all__ = ["ChatEvent", "ChatReply", "Citation", "CostState", "Done", "Failed", "Provenance", "Pulse", "Skipped",
           "TextDelta", "TriageFound", "UsageOfCall"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A card that an answer rests on."""

    id: str
    title: str
    url: str
    quote: str
    review: str
    """The card's review state in the answer's language, shown to the reader."""


@dataclass(frozen=True, slots=True)
class ChatReply:
    """A whole answer and where it came from."""

    id: str
    answer: str
    """Plain text with simple markdown; never HTML."""
    stage: str
    language: Literal["en", "sw"]
    triage: Triage
    citations: tuple[Citation, ...]
    provenance: Provenance
    provider: str
    model: str
    fell_back: bool
    finish_reason: str
    usage: UsageOfCall
    call_id: str
    conversation_id: str
    skipped: tuple[Skipped, ...] = ()
    cloud_consent: CloudConsent = "not_asked"
    """Whether this conversation's redacted words may go to a cloud, where that is asked of people."""


@dataclass(frozen=True, slots=True)
class TriageFound:
    """First event of every stream."""

    triage: Triage


@dataclass(frozen=True, slots=True)
class Done:
    """Last event of a stream that went well."""

    reply: ChatReply


ChatEvent = TriageFound | TextDelta | Pulse | Done | Failed
