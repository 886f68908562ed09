"""Who is asked to draw, in which order, and why the others are not: the same strategies as for words.

hybrid: this machine, your own endpoint, then the clouds. local: only this machine. cloud: all but this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.images.drawing.order import DrawOrder
from chatbot.images.drawing.price import price_of_picture
from chatbot.privacy.permit import PICTURES_STAY
from chatbot.providers.image_interface import DrawRequest, ImageProvider
from chatbot.strategies import Skipped
from chatbot.usage.priced import UNPRICED
from chatbot.usage.prices import PriceBook
from config import Strategy


@dataclass(frozen=True, slots=True)
class DrawChain:
    """The chain of one drawing."""

    providers: tuple[ImageProvider, ...]
    left_out: tuple[Skipped, ...]


def on_its_side(provider: ImageProvider, strategy: Strategy) -> bool:
    """Whether a strategy asks it at all."""
    return strategy != ("local" if provider.leaves_machine else "cloud")


def chain_for(order: DrawOrder, request: DrawRequest, strategy: Strategy, providers: Mapping[str, ImageProvider],
              prices: PriceBook, *, no_cloud: str, allow_unpriced: bool) -> DrawChain:
    """The chain for one drawing. `no_cloud`: why nothing may leave the machine; empty when it may."""
    def why_left_out(provider: ImageProvider) -> str:
        return _why_not_ready(provider, no_cloud) or _why_not_this(order, provider) or (
            "" if allow_unpriced or _is_priced(provider, request, prices) else UNPRICED)

    asked: list[ImageProvider] = []
    left_out: list[Skipped] = []
    for provider in providers.values():
        if not on_its_side(provider, strategy) or provider.readiness().state == "not_configured":
            continue
        if reason := why_left_out(provider):
            left_out.append(Skipped(provider.name, "".join(provider.models()[:1]), reason))
        else:
            asked.append(provider)
    return DrawChain(tuple(asked), tuple(left_out))


def _why_not_ready(provider: ImageProvider, no_cloud: str) -> str:
    readiness = provider.readiness()
    if readiness.state != "ready":
        return readiness.reason or readiness.state
    return no_cloud if provider.leaves_machine else ""


def _why_not_this(order: DrawOrder, provider: ImageProvider) -> str:
    if order.source is None:
        return ""
    if provider.leaves_machine and not order.source.may_leave:
        return PICTURES_STAY
    return "" if provider.edits else "it draws new pictures only"


def _is_priced(provider: ImageProvider, request: DrawRequest, prices: PriceBook) -> bool:
    """What is rented by the hour counts as priced: its bill does not grow with the pictures."""
    return provider.sleeps or any(price_of_picture(prices, provider, model, request) for model in provider.models())
