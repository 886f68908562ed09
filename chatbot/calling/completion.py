"""What one metered call answers with: a whole completion, or the events of a streamed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chatbot.errors import FunzaError
from chatbot.safety.levels import NO_SIGNS, Triage
from chatbot.strategies import Skipped
from chatbot.usage.cost import UsageOfCall

Provenance = Literal["local", "cloud", "curated"]


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of a call: its text, who wrote it, what it cost."""

    call_id: str
    text: str
    provider: str
    model: str
    provenance: Provenance
    fell_back: bool
    finish_reason: str
    usage: UsageOfCall
    triage: Triage = NO_SIGNS
    skipped: tuple[Skipped, ...] = ()

    @property
    def id(self) -> str:
        return self.call_id


@dataclass(frozen=True, slots=True)
class Started:
    """First content is about to come, from this provider: what response headers can say."""

    call_id: str
    provider: str
    model: str
    fell_back: bool
    triage: Triage = NO_SIGNS


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, safe to show."""

    text: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """A second of silence passed; the stream writes a heartbeat so that a gone client is noticed."""


@dataclass(frozen=True, slots=True)
class CompletionDone:
    """Last event of a call that went well."""

    completion: Completion


@dataclass(frozen=True, slots=True)
class Failed:
    """Last event of a call that did not."""

    error: FunzaError


CallEvent = Started | TextDelta | Pulse | CompletionDone | Failed
