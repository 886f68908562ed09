"""A drawing endpoint that sleeps, as a drawing sees it: woken before a try, and paid for by its share of the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from chatbot.database import now
from chatbot.errors import RecordsUnavailable
from chatbot.images.drawing.watching import Watched
from chatbot.images.endpoint.cost import EndpointCost
from chatbot.images.endpoint.one_wake import Pace
from chatbot.images.endpoint.uptimes import Uptimes, milliseconds
from chatbot.images.endpoint.waking import Waker
from chatbot.providers.image_endpoint import ImageEndpoint
from chatbot.usage.ledger import Ledger, Reservation
from chatbot.usage.prices import Price
from config import Settings


class Sleeper:
    """Of one endpoint. Safe in threads."""

    def __init__(self, endpoint: ImageEndpoint, settings: Settings, engine: Engine, ledger: Ledger) -> None:
        idle = settings.image_endpoint_idle_minutes * 60
        wake = settings.image_endpoint_wake_seconds
        self._cost = EndpointCost(ledger, settings.image_endpoint_usd_per_hour, wake + idle)
        self._uptimes = Uptimes(engine, endpoint.url, timedelta(seconds=idle), self._cost.book_idle)
        self.waker = Waker(endpoint, self._uptimes, self._cost, Pace(settings.image_endpoint_probe_seconds, wake))

    @property
    def price(self) -> Price | None:
        """Of its hour; None when nobody said it."""
        return self._cost.price

    def awake(self, deadline: float, cancel: Watched) -> str:
        """Wait until it is awake, and tell the one who watches. Raises what `Waker.awake` and `Watched.check` raise."""
        return self.waker.awake(deadline, lambda eta_s: cancel.stage("waking", eta_s))

    def fell_asleep(self, uptime_id: str) -> None:
        """It slept in spite of what we thought."""
        self._uptimes.fell_asleep(uptime_id)

    def shared(self, reserved: Reservation, uptime_id: str, began: datetime) -> Reservation:
        """The same reservation, priced for the part of the time since `began` that no other drawing has paid for."""
        ended = now()
        try:
            ms = self._uptimes.drew(uptime_id, began, ended)
        except RecordsUnavailable:  # the picture is there all the same; the whole time is booked
            ms = milliseconds(ended - began)
        return replace(reserved, price=self._cost.share(ms))
