"""The life of an endpoint that sleeps when idle, as a pure function: a state, what happened, the next state.

    scaledToZero ──a request──> initializing ──it answers──> running ──idle──> scaledToZero
         any ──its owner pauses it──> paused          any ──it breaks──> failed          (both may be mended outside)

The states are Hugging Face's own words. Nothing is told to us when a state changes: each event is something we saw in
an answer, or time that passed.
"""

from __future__ import annotations

from typing import Literal

from chatbot.providers.image_endpoint_state import Seen

State = Literal["scaledToZero", "initializing", "running", "paused", "failed"]
Event = Seen | Literal["idle", "overdue"]
"""What was seen; `idle`: nobody asked for as long as it stays up; `overdue`: it did not wake in the time a wake has."""

_SEEN: dict[Seen, State] = {"running": "running", "asleep": "initializing", "paused": "paused", "failed": "failed"}
"""`asleep` leads to `initializing` from everywhere: the very request that sees it asleep wakes it."""


def after(state: State, event: Event) -> State:
    """The next state."""
    if event == "idle":
        return "scaledToZero" if state == "running" else state
    if event == "overdue":
        return "failed" if state == "initializing" else state
    return _SEEN[event]


def is_over(state: State) -> bool:
    """Whether a wake has come to its end, well or not."""
    return state in ("running", "paused", "failed")
