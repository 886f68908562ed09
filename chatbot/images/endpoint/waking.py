"""Wakes an endpoint that sleeps when idle: once, for everybody who waits, in this process and in the others of its
database.

Whoever comes first starts a flight in a thread of its own; everyone else of this process waits for the same one. The
open row of `endpoint_uptimes` is there once for all processes: who made it wakes the endpoint, the others look at it.
A flight outlives the callers who lose patience, so that what the wake costs is written down.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from copy import copy
from datetime import timedelta

import structlog

from chatbot.daemons import run_in_background
from chatbot.database import now
from chatbot.errors import ColdStart, FunzaError
from chatbot.images.endpoint.cost import EndpointCost
from chatbot.images.endpoint.one_wake import GRACE, SLICE, Flight, OneWake, Pace, Probed
from chatbot.images.endpoint.uptimes import Uptime, Uptimes
from chatbot.providers.interface import Cancel
from chatbot.usage.workers import is_alive

log = structlog.get_logger()

GUESS = 180.0
"""Seconds that a wake takes, before we have seen one: a guess. It loads about 7 GB and starts a container."""


class Waker:
    """Of one endpoint. Safe in threads."""

    def __init__(self, endpoint: Probed, uptimes: Uptimes, cost: EndpointCost, pace: Pace) -> None:
        self._endpoint = endpoint
        self._uptimes = uptimes
        self._pace = pace
        self._lock = threading.Lock()
        self._flight: Flight | None = None
        self._refused_until = 0.0
        self._refusal: FunzaError | None = None
        self._cancel = Cancel()
        self._one_wake = OneWake(endpoint, uptimes, cost, pace, self._cancel)

    def awake(self, until: float, waits: Callable[[float | None], None]) -> str:
        """Wait until it is awake; returns the id of its uptime. `waits` is told the seconds left, and may raise.

        Raises EndpointPaused; ColdStart when it is not awake at `until` (a moment of `time.monotonic`) or never
        becomes so; BadKey and other ProviderErrors; BudgetExhausted, LedgerUnavailable,
        RecordsUnavailable.
        """
        up = self._uptimes.open()
        if up is not None and self._is_up(up):
            if not self._is_up(up, early=self._uptimes.idle / 2):
                self._uptimes.asked(up.id)
            return up.id
        flight = self._join(until)
        while not flight.done.wait(SLICE):
            left = _eta(flight)
            waits(left)
            if time.monotonic() >= until:
                raise ColdStart("The drawing endpoint still wakes up", retry_after=left or self._pace.probe)
        if not flight.uptime_id:
            raise copy(flight.error)
        return flight.uptime_id

    def fell_asleep(self, uptime_id: str) -> None:
        """A request found it asleep although it was thought up."""
        self._uptimes.fell_asleep(uptime_id)

    def seconds(self) -> tuple[float, bool]:
        """How long a wake takes: the median of the last ten, and True; or a guess, and False."""
        seen = self._uptimes.wakes()
        return (statistics.median(seen), True) if seen else (GUESS, False)

    def tidy(self, *, keep_warm: bool = False) -> None:
        """Book idle time that is over; let go of a wake whose worker died; wake it, or keep it up, where due."""
        up = self._uptimes.open()
        if up is not None and up.ready_at is not None and not self._is_up(up, early=timedelta(0)):
            self._uptimes.fell_asleep(up.id)
            up = None
        if up is not None and up.ready_at is None and is_alive(up.worker) is False:
            self._uptimes.give_up(up, "left")
            up = None
        if not keep_warm:
            return
        if up is None:
            self._join(time.monotonic() + self._pace.wake)
        elif up.ready_at is not None and not self._is_up(up, early=self._uptimes.idle / 2):
            run_in_background(lambda: self._keep_up(up.id))

    def close(self) -> None:
        """End what is under way."""
        self._cancel()

    def _join(self, until: float) -> Flight:
        """The flight under way, or a new one. Raises the refusal of a moment ago, so that nobody probes in a storm."""
        expected = self.seconds()[0]
        with self._lock:
            if self._flight is not None:
                self._flight.until = max(self._flight.until, until)
                return self._flight
            if self._refusal is not None and time.monotonic() < self._refused_until:
                raise copy(self._refusal)
            flight = self._flight = Flight(until, expected)
        run_in_background(lambda: self._fly(flight))
        return flight

    def _fly(self, flight: Flight) -> None:
        try:
            flight.uptime_id = self._brought_up(flight)
        except FunzaError as error:
            flight.error = error
            log.warning("endpoint_not_woken", code=error.code, detail=error.detail)
        finally:
            with self._lock:
                self._flight = None
                self._refusal = None if flight.uptime_id else flight.error
                self._refused_until = time.monotonic() + self._pace.probe
            flight.done.set()

    def _brought_up(self, flight: Flight) -> str:
        """Wake it, or wait until whoever wakes it is done."""
        while not self._one_wake.stopped:
            uptime, mine = self._uptimes.begin()
            if uptime is None:
                continue
            if mine:
                self._one_wake.run(uptime, flight)
                return uptime.id
            if uptime.ready_at is not None:
                if self._is_up(uptime):
                    return uptime.id
                self._uptimes.fell_asleep(uptime.id)
            elif self._is_left(uptime):
                self._uptimes.give_up(uptime, "left")
            else:
                time.sleep(min(1.0, self._pace.probe))
        raise ColdStart("The server stops")

    def _keep_up(self, uptime_id: str) -> None:
        try:
            if self._endpoint.probe(0, self._cancel, GRACE) == "running":
                self._uptimes.asked(uptime_id)
            else:
                self._uptimes.fell_asleep(uptime_id)
        except FunzaError as error:
            log.warning("endpoint_not_kept_up", code=error.code)

    def _is_up(self, uptime: Uptime, early: timedelta | None = None) -> bool:
        """Whether it must still be up; a little `early` it counts as asleep, since clocks differ."""
        if uptime.ready_at is None or uptime.last_request_at is None:
            return False
        margin = min(timedelta(seconds=GRACE), self._uptimes.idle / 10) if early is None else early
        return now() < uptime.last_request_at + self._uptimes.idle - margin

    def _is_left(self, uptime: Uptime) -> bool:
        """Whether whoever wakes it is gone; of another machine's worker only its age can tell."""
        alive = is_alive(uptime.worker)
        return alive is False or now() - uptime.begun_at > timedelta(seconds=self._pace.wake + 60)


def _eta(flight: Flight) -> float | None:
    left = flight.expected - (time.monotonic() - flight.began)
    return left if left > 0 else None
