"""What is asked for, who watches, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from chatbot.calling.completion import Provenance
from chatbot.providers.image_interface import MediaType
from chatbot.providers.interface import Picture
from chatbot.usage.cost import UsageOfCall
from config import Strategy

Stage = Literal["queued", "waking", "drawing", "describing"]
Feature = Literal["illustration", "illustration-edit"]


@dataclass(frozen=True, slots=True)
class DrawOrder:
    """What is asked for. `None` leaves a choice to the model."""

    prompt: str
    negative_prompt: str = ""
    size: tuple[int, int] = (1_024, 1_024)
    """Width and height in pixels."""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    source: Picture | None = None
    """The picture to change, as `picture.read_picture` made it; None draws a new one."""
    strength: float | None = None
    """0 to 1: how far from `source` the result may go."""
    strategy: Strategy | None = None
    """None: as STRATEGY says."""
    principal: str = ""
    feature: Feature = "illustration"
    language: str = ""


class Watch(Protocol):
    """Follows one drawing, and may stop it. Called from the thread that draws; must return at once."""

    def stage(self, name: Stage, eta_s: float | None) -> None:
        """It has come this far. `eta_s` is seconds until the next stage, None when nobody knows."""

    def cancelled(self) -> bool:
        """Whether the one who asked no longer wants it. Asked several times a second."""


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture, and where it comes from."""

    data: bytes
    """A whole PNG, JPEG or WebP file as the provider sent it. Its metadata is to be taken out before it is kept."""
    media_type: MediaType
    width: int
    height: int
    seed: int | None
    provider: str
    model: str
    provenance: Provenance
    fell_back: bool
    usage: UsageOfCall
    call_id: str
