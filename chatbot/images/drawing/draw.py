"""Draws one picture: a metered call like every other, with the same ledger, permit, strategies and deadline.

`Illustrator.draw` is what jobs call. It blocks until there is a picture or an error, and tells its `Watch` how far it
is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from chatbot.calls import Calls
from chatbot.database import now
from chatbot.errors import FunzaError
from chatbot.images.drawing.chain import chain_for, on_its_side
from chatbot.images.drawing.errors import SET_UP, Cancelled, NobodyDraws, NotDrawn
from chatbot.images.drawing.one_drawing import OneDrawing
from chatbot.images.drawing.order import DrawOrder, Feature, Illustration, Stage, Watch
from chatbot.images.drawing.watching import Watched
from chatbot.images.endpoint.sleeper import Sleeper
from chatbot.images.endpoint.warm_hours import parse_warm_hours
from chatbot.privacy.permit import why_not
from chatbot.providers.image_endpoint import ImageEndpoint
from chatbot.providers.image_interface import DrawRequest, ImageProvider
from chatbot.providers.image_rows import build_image_providers
from chatbot.usage.ledger import NewCall
from config import Strategy

log = structlog.get_logger()

__all__ = ["Cancelled", "DrawOrder", "Feature", "Illustration", "Illustrator", "NobodyDraws", "NotDrawn", "Stage",
           "Watch"]


@dataclass(frozen=True, slots=True)
class DrawerStatus:
    """How one provider of pictures is."""

    name: str
    title: str
    models: tuple[str, ...]
    state: str
    """As `Readiness.state`; `asleep` never shows here: it would have to be asked, and that wakes it."""
    reason: str
    leaves_machine: bool
    wake_seconds: float | None = None
    """How long it takes to wake; None for what does not sleep."""
    wake_seconds_learned: bool = False
    """False: a guess, for we have not seen it wake yet."""


class Illustrator:
    """Draws pictures. One per process; safe in threads.

    Args:
        calls: whose settings, ledger, prices, health and consents are used.
        providers: by name, in the order they are asked; built from the settings when left out.
    """

    def __init__(self, calls: Calls, providers: Mapping[str, ImageProvider] | None = None) -> None:
        settings = calls.settings
        self._calls = calls
        self._warm = parse_warm_hours(settings.image_endpoint_warm)
        self._zone = ZoneInfo(settings.time_zone)
        self.providers = build_image_providers(settings) if providers is None else providers
        self._sleepers = {
            name: Sleeper(provider, settings, calls.ledger.engine, calls.ledger)
            for name, provider in self.providers.items()
            if isinstance(provider, ImageEndpoint) and provider.readiness().state == "ready"}

    def nobody(self, strategy: Strategy | None = None) -> str:
        """Why no picture can be drawn at all (nothing is set up), with the remedy; empty when somebody could."""
        strategy = strategy or self._calls.settings.strategy
        asked = [one for one in self.providers.values() if on_its_side(one, strategy)]
        states = {one.name: one.readiness() for one in asked}
        if any(told.state == "ready" for told in states.values()):
            return ""
        broken = [f"{name}: {told.reason}" for name, told in states.items() if told.state != "not_configured"]
        return " ".join([f"No provider of pictures is set up for STRATEGY={strategy}.", *broken, SET_UP])

    def status(self) -> tuple[DrawerStatus, ...]:
        """Every provider. Raises RecordsUnavailable."""
        return tuple(self._status(provider) for provider in self.providers.values())

    def draw(self, order: DrawOrder, watch: Watch) -> Illustration:
        """Draw it.

        Raises NobodyDraws (503, a NoProvider), EndpointPaused (503), NotDrawn (502), Cancelled, BudgetExhausted,
        NotAllowed, Overloaded, LedgerUnavailable, RecordsUnavailable and other FunzaErrors of a call.
        """
        calls = self._calls
        strategy = order.strategy or calls.settings.strategy
        width, height = order.size
        request = DrawRequest(order.prompt, order.negative_prompt, width, height, order.seed, order.steps,
                              order.guidance, order.source, order.strength)
        call = NewCall(order.feature, strategy, language=order.language, principal=order.principal)
        no_cloud = why_not(calls.settings.cloud_policy, consented=calls.consent_of(call) is not None) or ""
        chain = chain_for(order, request, strategy, self.providers, calls.prices, no_cloud=no_cloud,
                          allow_unpriced=calls.settings.allow_unpriced)
        return OneDrawing(calls, request, call, Watched(watch), self._sleepers.get).run(chain)

    def tidy(self) -> None:
        """Every half minute: book idle time that is over, and wake by schedule. What fails is done the next time."""
        local = now().astimezone(self._zone)
        due = any(hours.hold_at(local) for hours in self._warm)
        for sleeper in self._sleepers.values():
            try:
                sleeper.waker.tidy(keep_warm=due)
            except FunzaError as error:
                log.info("endpoint_put_off", code=error.code)

    def close(self) -> None:
        """Free what the providers hold. A wake that is under way ends as one that nobody saw the end of."""
        for sleeper in self._sleepers.values():
            sleeper.waker.close()
        for provider in self.providers.values():
            provider.close()

    def _status(self, provider: ImageProvider) -> DrawerStatus:
        told = provider.readiness()
        sleeper = self._sleepers.get(provider.name)
        seconds, learned = sleeper.waker.seconds() if sleeper else (None, False)
        return DrawerStatus(provider.name, provider.title, provider.models(), told.state, told.reason,
                            provider.leaves_machine, seconds, learned)
