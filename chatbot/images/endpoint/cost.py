"""What an endpoint that is billed by the hour cost, as rows of the ledger: its wakes, its drawing, its idling.

Wake and idle seconds belong to the installation and stand there once for each time it was up, not once for each who
waited. Together with the drawing seconds they are the time it was up. IMAGE_ENDPOINT_USD_PER_HOUR is the price; where
it is not set the seconds are booked all the same, and their cost is unknown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from chatbot.database import NANO, new_id, now
from chatbot.errors import BudgetExhausted
from chatbot.providers.interface import Usage
from chatbot.usage import budgets
from chatbot.usage.ledger import Ending, Ledger, NewCall, Reservation
from chatbot.usage.prices import Price
from chatbot.usage.workers import worker_name
from chatbot.usage.writes import end_of_call, new_attempt, new_call, perform, settlement

PROVIDER = "image_endpoint"
WAKE, IDLE = "wake", "idle"
"""They stand in the place of a model, so that a report tells them from drawing."""
NOTHING = Usage(0, 0, reported=False)


@dataclass(frozen=True, slots=True)
class ShareOfHour(Price):
    """The price of a part of the hour: `ms` milliseconds, however long one waited for it."""

    ms: int = 0

    def cost(self, usage: Usage, latency_ms: int = 0) -> int:
        return Price(0, 0, 0, self.source, hour=self.hour).cost(usage, self.ms)


class EndpointCost:
    """Of one endpoint.

    Args:
        usd_per_hour: 0 when nobody said it.
        most_seconds: that a wake may take, and the idling it brings: what a budget must have room for.
    """

    def __init__(self, ledger: Ledger, usd_per_hour: float, most_seconds: float) -> None:
        self._ledger = ledger
        self._most_seconds = most_seconds
        hour = round(usd_per_hour * NANO)
        self.price = Price(0, 0, 0, "IMAGE_ENDPOINT_USD_PER_HOUR", hour=hour) if hour else None

    def share(self, ms: int) -> Price | None:
        """The price of `ms` of its time; None when nobody knows it."""
        return self.price and ShareOfHour(0, 0, 0, self.price.source, hour=self.price.hour, ms=ms)

    def reserve_wake(self) -> Reservation:
        """Before the first byte goes to it. Raises LedgerUnavailable, BudgetExhausted."""
        most = self.price.most(0, 0, self._most_seconds) if self.price else None
        return self._ledger.reserve(
            new_id(), ordinal=1, provider=PROVIDER, model=WAKE, price=self.price, prompt_tokens=0, most=most,
            opening=NewCall("image-wake", "cloud"))

    def woke(self, reserved: Reservation, ms: int) -> None:
        """It is up, after `ms`; 0 when it was up already, and nothing was spent."""
        ending = Ending("settled" if ms else "released", NOTHING, latency_ms=ms)
        self._ledger.answer(reserved, ending, provider=PROVIDER, model=WAKE, fell_back=False, finish_reason="stop")

    def did_not_wake(self, reserved: Reservation, ms: int, kind: str, *, billed: bool) -> None:
        """It did not come up. `billed`: it began to, and its machine may be on the bill."""
        self._ledger.end(reserved, Ending("unknown" if billed else "released", NOTHING, latency_ms=ms, failure=kind))
        self._ledger.fail(reserved.call_id, kind)

    def book_idle(self, connection: Connection, ms: int) -> None:
        """Write down idle time that is over, in the caller's transaction. A budget counts it, even beyond its limit."""
        call_id, attempt_id, at = new_id(), new_id(), now()
        cost = self.price.cost(NOTHING, ms) if self.price else None
        perform(connection, (
            new_call(id=call_id, started_at=at, day=at.date(), feature="image-idle", strategy="cloud", stage="",
                     language="", conversation_id="", triage_level="none", principal="", state="open",
                     worker=worker_name()),
            new_attempt(id=attempt_id, call_id=call_id, ordinal=1, day=at.date(), provider=PROVIDER, model=IDLE,
                        state="settled", prompt_tokens=0, usage_source="estimated", cost_nano_usd=cost,
                        cost_state="estimated" if self.price else "unpriced", started_at=at, ended_at=at, latency_ms=ms,
                        hour_nano_usd=self.price and self.price.hour, worker=worker_name(),
                        price_source=self.price.source if self.price else "")))
        with suppress(BudgetExhausted), connection.begin_nested():
            budgets.hold(connection, attempt_id, principal="", day=at.date(), most=cost)
        perform(connection, (
            settlement(attempt_id, cost),
            end_of_call(call_id, state="answered", provider=PROVIDER, model=IDLE, finish_reason="stop")))
