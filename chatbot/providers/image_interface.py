"""What a provider of pictures is: the request it takes, the picture it gives back, the methods it must have.

It makes one try: no retries, no fallback, no ledger, no waking (those live in `chatbot.images`). It raises only the
`ProviderError` tree of `chatbot.errors`; a vendor's exception never leaves the vendor's file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal

from chatbot.providers.interface import Cancel, Permit, Picture, Readiness, Usage

MediaType = Literal["image/png", "image/jpeg", "image/webp"]


@dataclass(frozen=True, slots=True)
class DrawRequest:
    """What is to be drawn, in no vendor's dialect. `None` leaves a choice to the model."""

    prompt: str
    negative_prompt: str = ""
    """What must not be on it. A provider that has no such thing leaves it out."""
    width: int = 1_024
    """Pixels."""
    height: int = 1_024
    seed: int | None = None
    """The same seed with the same model draws the same picture, where the provider takes one."""
    steps: int | None = None
    """Denoising steps."""
    guidance: float | None = None
    """How closely the picture follows the prompt (classifier-free guidance scale)."""
    source: Picture | None = None
    """The picture to change; None draws a new one."""
    strength: float | None = None
    """How far from `source` the result may go: 0 leaves it as it is, 1 forgets it."""


@dataclass(frozen=True, slots=True)
class ClearedDraw(DrawRequest):
    """A request whose identifiers are gone, with leave to go: all that a provider off this machine takes."""

    permit: Permit = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as the provider sent it: its first bytes are a picture's, and nothing of it is decoded."""

    data: bytes
    media_type: MediaType
    seed: int | None = None
    """What the provider says it used, else what was asked for; None when nobody knows."""
    endpoint_seconds: float | None = None
    """How long the machine that drew it worked, where the provider says so."""
    usage: Usage | None = None
    """Tokens, where the provider bills pictures by tokens."""
    upstream_id: str = ""
    """The provider's own request id."""


class ImageProvider(ABC):
    """One place a picture can come from. Override `draw`, `readiness` and `models`."""

    name: str
    """Its id in the ledger and in `provider/model`."""
    title: str = ""
    """Its name for people."""
    leaves_machine: bool = True
    """Whether a request to it carries words off this machine (then it takes only `ClearedDraw`)."""
    edits: bool = True
    """Whether it changes a given picture."""
    sleeps: bool = False
    """Whether it sleeps when idle, so that it must be woken, and is billed by the hour it is up."""
    price_table: str = ""
    """Its id in the genai-prices table; empty when it is not billed by the token."""

    @abstractmethod
    def draw(self, request: DrawRequest, model: str, cancel: Cancel, deadline: float) -> Drawn:
        """Make one try; `deadline` is a moment of `time.monotonic()`. `cancel` may be called from another thread.

        Raises TypeError when the request is not cleared for this very provider (a mistake in our code), and
        ProviderError: ColdStart while it wakes, OutOfTime, NotText for what is no picture, Malformed for a broken one.
        """

    @abstractmethod
    def readiness(self) -> Readiness:
        """Say whether it can be tried now. Must be instant: no network, no loading."""

    @abstractmethod
    def models(self) -> tuple[str, ...]:
        """Model ids to try, in order."""

    def close(self) -> None:  # noqa: B027 - most providers hold nothing
        """Free what it holds. Usually not overridden."""


def must_be_cleared(request: DrawRequest, provider: str) -> None:
    """Raise TypeError unless the request has a permit for this very provider: that would be a mistake in our code."""
    if not isinstance(request, ClearedDraw):
        raise TypeError(f"{provider} takes only ClearedDraw requests, not {type(request).__name__}")
    if request.permit.provider != provider:
        raise TypeError(f"a permit for {request.permit.provider} does not open {provider}")
