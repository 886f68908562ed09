"""One row of the fault table: what the first provider does, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatbot.calling.validity import Gate, TextGate
from tests.loopback import Answer, Behaviour

if TYPE_CHECKING:
    from tests.faults.play import Played

Check = Callable[["Played"], str]
"""Looks at one thing more and returns a complaint, or nothing."""
WELL = Answer("The second provider answers this question well.")


@dataclass(frozen=True)
class Fault:
    """What is done to one call, and what the table says must come of it."""

    id: str
    """`F01`, or `F01 alone`, when no other provider stands behind."""
    what: str
    first: tuple[Behaviour, ...]
    """What the first provider does, request by request; the last one goes on for ever."""
    attempts: tuple[str, ...]
    """`provider state failure` of each row in the ledger, in order."""
    ends: str = "answer"
    """`answer`, or the code of the error."""
    within: float = 1.0
    """Seconds until the end of the call."""
    streamed_attempts: tuple[str, ...] | None = None
    """Where a client that streams has other rows, because something was shown."""
    streamed_ends: str | None = None
    finish: str = "stop"
    call: str = ""
    """State of the call's row: `answered` or `failed` as `ends` says, unless it is `refused`."""
    checks: tuple[Check, ...] = ()
    second: bool = True
    """Whether a provider that works stands behind the first."""
    provider: str = "together"
    """Whose row and adapter the first provider is."""
    address: Callable[[str], str] | None = None
    """Makes the first provider's address out of its real one."""
    tls: bool = False
    redirects: bool = False
    """Whether the first provider redirects to the second one, which listens and writes down what comes."""
    stopped: bool = False
    """Whether the first provider is not there at all."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    order: Mapping[str, Any] = field(default_factory=dict)
    gate: Callable[[], Gate] = TextGate
    local: str = ""
    """What this machine's own model answers, when it has one."""
    prepare: Callable[[Any], None] | None = None
    """Is given the `Calls` before the call."""

    def ends_as(self, stream: bool) -> str:
        return self.streamed_ends if stream and self.streamed_ends is not None else self.ends

    def attempts_as(self, stream: bool) -> tuple[str, ...]:
        return self.streamed_attempts if stream and self.streamed_attempts is not None else self.attempts
