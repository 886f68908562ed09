"""What a feature asks for when it wants an answer from a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.calling.validity import Gate, TextGate
from chatbot.providers.interface import ChatRequest
from chatbot.safety.levels import NO_SIGNS, Triage
from chatbot.strategies import Wish
from chatbot.usage.ledger import NewCall


@dataclass(frozen=True, slots=True)
class Order:
    """What a feature asks for."""

    request: ChatRequest
    wish: Wish
    call: NewCall
    gate: Callable[[], Gate] = TextGate
    """Makes the judge of one try's text."""
    stream: bool = False
    """Whether text is shown as it comes (then the first piece shown binds the call to its provider)."""
    floor: str | None = None
    """The reviewed text that answers when no model does; None when there is no such text."""
    triage: Triage = NO_SIGNS
    ask_models: bool = True
    """False sends the call straight to its floor."""
