"""What answering on this machine saved against asking a cloud every time, and when the machine pays for itself.

Three things are kept apart, because they are known with different certainty:

- calls that the *local* model answered: their tokens at the cloud's price, which is what a cloud would have cost
  (an estimate: a cloud counts tokens with a tokenizer of its own);
- calls that the *cards* answered without any model: most would not have been asked of a cloud either (a danger sign,
  or nothing in the sources), so they are reported beside, at the average cost of a local call, and never in the net;
- what the *hardware* costs by the hour, idle hours included. What nobody stated is unknown, which is not 0.

    saved = cloud_only - with_local
          = (spent + avoided) - (spent + hardware)
          = avoided - hardware

    break-even requests a month = ceil(730 h x (hourly rate + watts / 1000 x price of a kWh) / avoided a call)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from sqlalchemy import Engine, case, func, select

from chatbot.database import NANO, now, usd
from chatbot.providers import PROVIDERS
from chatbot.providers.interface import Usage
from chatbot.usage.cost import CostState
from chatbot.usage.prices import Price
from chatbot.usage.report import between, usage_report
from chatbot.usage.tables import Call

HOURS_A_MONTH = Decimal(730)
"""365 days x 24 hours / 12 months."""
ON_THIS_MACHINE = tuple(row.name for row in PROVIDERS.values() if not row.leaves_machine)
"""Providers whose calls cost no money: they run on this machine's own hardware."""
SavedBy = Literal["feature", "language"]


@dataclass(frozen=True, slots=True)
class CloudModel:
    """The cloud that every call would have been asked of."""

    provider: str
    model: str
    configured: bool
    """False: no cloud has a key here, and this is the one that would be asked first if it had one."""
    price: Price | None
    """None when nobody knows it: then nothing can be said of what was saved."""


@dataclass(frozen=True, slots=True)
class HardwareRate:
    """What this machine costs an hour, on or idle. None is "nobody said", which is not 0."""

    gpu_hourly_usd: Decimal | None = None
    energy_kwh_usd: Decimal | None = None
    watts: Decimal | None = None
    """Average draw of the whole machine."""

    @property
    def energy_hourly_usd(self) -> Decimal | None:
        if self.energy_kwh_usd is None or self.watts is None:
            return None
        return self.watts / 1000 * self.energy_kwh_usd

    @property
    def hourly_usd(self) -> Decimal | None:
        """The sum of the parts that were stated; None when none was."""
        stated = [part for part in (self.gpu_hourly_usd, self.energy_hourly_usd) if part is not None]
        return sum(stated, Decimal(0)) if stated else None


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """One feature or language, or the total. Money is US dollars; None when a price is unknown."""

    key: str
    local_calls: int
    prompt_tokens: int
    completion_tokens: int
    """Of the answers that the local model gave."""
    avoided_usd: Decimal | None
    """What the cloud would have asked for these tokens."""
    curated_calls: int
    """Answered from the cards, without a model."""
    curated_estimate_usd: Decimal | None
    """What the cloud would have asked for them at the average of this group's local calls; not part of any sum."""
    break_even_requests_a_month: int | None
    """From this many calls a month like these, the machine costs less than the cloud; None when not known."""


@dataclass(frozen=True, slots=True)
class Savings:
    """The whole report."""

    since: date | None
    until: date | None
    by: SavedBy
    cloud: CloudModel
    hardware: HardwareRate
    hours: Decimal
    """Hours that the machine stood there for in this time: from the first call, or `since` when that is later."""
    spent_usd: Decimal
    """What clouds were paid in this time, as far as the prices are known."""
    unpriced_attempts: int
    """Tries whose price nobody knows: their cost is not in `spent_usd`."""
    hardware_usd: Decimal | None
    cloud_only_usd: Decimal | None
    with_local_usd: Decimal | None
    saved_usd: Decimal | None
    """Below 0 when the machine cost more than it saved."""
    cost_state: CostState
    """`estimated`, or `unpriced` when something is unknown."""
    total: SavingsRow
    rows: tuple[SavingsRow, ...]


def savings_report(engine: Engine, *, cloud: CloudModel, hardware: HardwareRate, by: SavedBy = "feature",
                   since: date | None = None, until: date | None = None, at: datetime | None = None) -> Savings:
    """The savings of the days from `since` to `until` (UTC, both included; open-ended where None).

    `at` is the present moment, for a window that has not ended.
    """
    counted = _answered(engine, by, since, until)
    rows = tuple(_row(key, counts, cloud.price, hardware) for key, counts in sorted(counted.items()))
    total = _row("total", _sum(counted.values()), cloud.price, hardware)
    ledger = usage_report(engine, since=since, until=until).total
    spent, unpriced = ledger.cost_usd, ledger.unpriced_attempts
    hours = _hours(engine, since, until, at or now())
    hourly = hardware.hourly_usd
    hardware_usd = None if hourly is None else (hourly * hours).quantize(Decimal(1) / NANO)
    cloud_only = None if total.avoided_usd is None else spent + total.avoided_usd
    with_local = None if hardware_usd is None else spent + hardware_usd
    saved = None if cloud_only is None or with_local is None else cloud_only - with_local
    return Savings(
        since=since, until=until, by=by, cloud=cloud, hardware=hardware, hours=hours, spent_usd=spent,
        unpriced_attempts=unpriced, hardware_usd=hardware_usd, cloud_only_usd=cloud_only, with_local_usd=with_local,
        saved_usd=saved, cost_state="unpriced" if saved is None or unpriced else "estimated", total=total, rows=rows)


def break_even(avoided_usd: Decimal | None, calls: int, hourly_usd: Decimal | None) -> int | None:
    """Calls a month from which the machine costs less than the cloud: ceil(730 x hourly / (avoided / calls)).

    None when a price is unknown or there was no local call to take the average of. 0 for a machine that costs nothing.
    """
    if hourly_usd is None or not avoided_usd or not calls:
        return None
    exact = HOURS_A_MONTH * hourly_usd * calls / avoided_usd
    return int(exact.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class _Counts:
    local: int = 0
    prompt: int = 0
    completion: int = 0
    curated: int = 0


def _answered(engine: Engine, by: SavedBy, since: date | None, until: date | None) -> dict[str, _Counts]:
    """Answered calls by feature or language. A call's own tokens are those of the try that answered."""
    key = Call.feature if by == "feature" else Call.language
    is_local = Call.provider.in_(ON_THIS_MACHINE)
    query = (select(key, func.sum(case((is_local, 1), else_=0)),
                    func.sum(case((is_local, Call.prompt_tokens), else_=0)),
                    func.sum(case((is_local, Call.completion_tokens), else_=0)),
                    func.sum(case((is_local, 0), else_=1)))
             .where(Call.state == "answered", Call.provider.in_((*ON_THIS_MACHINE, "curated"))).group_by(key))
    with engine.execution_options(read_only=True).connect() as connection:
        found = connection.execute(between(query, Call.day, since, until)).all()
    return {row[0]: _Counts(*(int(number) for number in row[1:])) for row in found}


def _sum(counts: Iterable[_Counts]) -> _Counts:
    parts = list(counts)
    return _Counts(*(sum(getattr(part, name) for part in parts) for name in _Counts.__slots__))


def _row(key: str, counts: _Counts, price: Price | None, hardware: HardwareRate) -> SavingsRow:
    avoided = None if price is None else usd(price.cost(Usage(counts.prompt, counts.completion)))
    beside = None
    if avoided is not None and (counts.local or not counts.curated):
        beside = (avoided / (counts.local or 1) * counts.curated).quantize(Decimal(1) / NANO)
    return SavingsRow(
        key=key, local_calls=counts.local, prompt_tokens=counts.prompt, completion_tokens=counts.completion,
        avoided_usd=avoided, curated_calls=counts.curated, curated_estimate_usd=beside,
        break_even_requests_a_month=break_even(avoided, counts.local, hardware.hourly_usd))


def _hours(engine: Engine, since: date | None, until: date | None, at: datetime) -> Decimal:
    with engine.execution_options(read_only=True).connect() as connection:
        first = connection.scalar(select(func.min(Call.day)))
        begun = connection.scalar(select(func.min(Call.started_at)).where(Call.day == first)) if first else None
    if begun is None:
        return Decimal(0)
    start = max(begun, _midnight(since)) if since else begun
    end = min(at, _midnight(until + timedelta(days=1))) if until else at
    seconds = Decimal(max(timedelta(0), end - start) // timedelta(seconds=1))
    return (seconds / 3600).quantize(Decimal("0.001"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
