"""One wake from its reservation to its end: probe until the endpoint is up, or will not be, and book the time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chatbot.calling.stopping import STOPPING
from chatbot.database import now
from chatbot.errors import BadKey, ColdStart, EndpointPaused, FunzaError, ProviderError, RecordsUnavailable
from chatbot.images.endpoint.cost import EndpointCost
from chatbot.images.endpoint.states import State, after, is_over
from chatbot.images.endpoint.uptimes import Outcome, Uptime, Uptimes, milliseconds
from chatbot.providers.image_endpoint_state import Seen
from chatbot.providers.interface import Cancel
from chatbot.usage.ledger import Reservation

GRACE = 5.0
"""Seconds beyond the hold that a probe may take."""
SLICE = 0.1
"""Seconds between two looks of who waits."""
RESUME = "Resume it at Hugging Face, or take IMAGE_ENDPOINT_URL out of the settings."


class Probed(Protocol):
    """What is woken."""

    def probe(self, hold: float, cancel: Cancel, seconds: float) -> Seen: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two probes at least, and until a wake is given up."""

    probe: float = 15.0
    wake: float = 600.0


@dataclass(slots=True)
class Flight:
    """One wake, and everybody who waits for it."""

    until: float
    """The latest moment (`time.monotonic`) until which somebody waits."""
    expected: float
    """Seconds that it takes, as far as we have learned."""
    began: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    slept_at: datetime | None = None
    """When a probe found it asleep, and so woke it."""
    uptime_id: str = ""
    error: FunzaError = field(default_factory=lambda: ColdStart("The wake of the drawing endpoint broke off"))


class OneWake:
    """Wakes one endpoint. Safe in threads: what belongs to one wake is in its `Flight`."""

    def __init__(self, endpoint: Probed, uptimes: Uptimes, cost: EndpointCost, pace: Pace, cancel: Cancel) -> None:
        self._endpoint = endpoint
        self._uptimes = uptimes
        self._cost = cost
        self._pace = pace
        self._cancel = cancel

    @property
    def stopped(self) -> bool:
        """Whether the process ends, or nobody wants it any more."""
        return self._cancel.requested or STOPPING.over

    def run(self, uptime: Uptime, flight: Flight) -> None:
        """Reserve, probe until it is up or never will be, and settle.

        Raises EndpointPaused, ColdStart and what a probe raises; LedgerUnavailable, BudgetExhausted and
        RecordsUnavailable.
        """
        try:
            reserved = self._cost.reserve_wake()
        except FunzaError:
            self._uptimes.give_up(uptime, "left")
            raise
        try:
            state = self._probe_to_the_end(flight)
        except FunzaError as error:
            self._gave_up(uptime, reserved, "overdue" if isinstance(error, ColdStart) else "failed", flight)
            raise
        if state == "paused":
            self._gave_up(uptime, reserved, "paused", flight)
            raise EndpointPaused("The drawing endpoint is paused.", remedy=RESUME)
        if state == "failed":
            self._gave_up(uptime, reserved, "failed", flight)
            raise ColdStart("The drawing endpoint failed to start")
        try:
            wake_ms = self._uptimes.ready(uptime, flight.slept_at)
        except RecordsUnavailable:
            self._cost.woke(reserved, milliseconds(now() - flight.slept_at) if flight.slept_at else 0)
            raise
        self._cost.woke(reserved, wake_ms)

    def _probe_to_the_end(self, flight: Flight) -> State:
        """The state in which the wake ended. Raises ColdStart when it takes too long, and what a probe raises."""
        state: State = "scaledToZero"
        while not self.stopped:
            began = time.monotonic()
            state = after(state, self._seen(flight))
            if is_over(state):
                return state
            flight.slept_at = flight.slept_at or now()
            if time.monotonic() - flight.began >= self._pace.wake and is_over(after(state, "overdue")):
                raise ColdStart("The drawing endpoint did not wake up in the time that a wake has")
            self._pause(began + self._pace.probe)
        raise ColdStart("The server stops while the drawing endpoint wakes up")

    def _seen(self, flight: Flight) -> Seen:
        """One probe. The first is not held, for its quick answer tells sleep from being up.

        Once it wakes, a broken connection is no end of it.
        """
        left = min(flight.until, flight.began + self._pace.wake) - time.monotonic()
        hold = max(1.0, min(self._pace.probe, left)) if flight.slept_at else 0.0
        try:
            return self._endpoint.probe(hold, self._cancel, hold + GRACE)
        except BadKey:
            raise
        except ProviderError:
            if flight.slept_at is None:
                raise
            return "asleep"

    def _gave_up(self, uptime: Uptime, reserved: Reservation, outcome: Outcome, flight: Flight) -> None:
        """Book what was spent: nothing when it was never seen to wake."""
        spent = self._uptimes.give_up(uptime, outcome, flight.slept_at)
        self._cost.did_not_wake(reserved, spent, outcome, billed=flight.slept_at is not None)

    def _pause(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0 and not self.stopped:
            time.sleep(min(left, SLICE))
