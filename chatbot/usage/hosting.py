"""What a load would cost a month on each offer of `hosting.toml`: by the hour, asleep between questions, by token.

An offer that sleeps is awake for `s + T` seconds after each question (its answer takes s, it idles T). Questions come
at random at a rate q a second, so it is awake for this share of the time (the M/G/infinity queue is empty with
probability exp(-q x service); Kleinrock, Queueing Systems I, 1975, 3.4):

    awake = 1 - exp(-q x (s + T))

One machine answers one question at a time here (batching would do better), so `machines = max(1, ceil(q x s))`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from chatbot.database import NANO, usd
from chatbot.providers import PROVIDERS
from chatbot.providers.interface import Usage
from chatbot.usage.offers import Offer
from chatbot.usage.prices import PriceBook

DAYS_A_MONTH = Decimal(365) / 12
ASSUMED_TOKENS_PER_SECOND = Decimal(25)
"""Of one answer on any GPU: the low end of what we expect (25-80); nobody has measured it on these machines."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the service."""

    requests_per_day: int
    prompt_tokens: int
    completion_tokens: int
    """Of one request."""
    images_per_day: int = 0
    hours_per_day: Decimal = Decimal(24)
    """When people ask; a machine rented by the hour is switched off for the rest."""
    tokens_per_second: Decimal = ASSUMED_TOKENS_PER_SECOND
    seconds_per_image: Decimal | None = None
    """On a machine of your own; None when nobody knows it."""


@dataclass(frozen=True, slots=True)
class HostingRow:
    """What one offer would cost. US dollars a month; None when a figure is unknown, never 0."""

    offer: Offer
    month_usd: Decimal | None
    per_request_usd: Decimal | None
    """The month divided by its requests, pictures included."""
    hours_a_month: Decimal | None
    """Billed machine hours; None for tokens and for what is not known."""
    machines: int | None
    """How many it takes for this load, one question at a time."""
    unknown: str
    """Which figure is missing; empty when none is."""
    price_source: str = ""
    """Where the price of a token comes from."""


def compare(load: Load, offers: Iterable[Offer], prices: PriceBook) -> tuple[HostingRow, ...]:
    """Every offer for one load, the cheapest first and the unknown last."""
    rows = [_by_token(load, offer, prices) if offer.bills == "token" else _by_machine(load, offer) for offer in offers]
    return tuple(sorted(rows, key=lambda row: (row.month_usd is None, row.month_usd or 0, row.offer.title)))


def awake_share(requests_per_second: Decimal, seconds: Decimal) -> Decimal:
    """The share of the time that a machine is awake which stays awake for `seconds` after each question."""
    return 1 - (-requests_per_second * seconds).exp()


def _by_token(load: Load, offer: Offer, prices: PriceBook) -> HostingRow:
    price = prices.find(offer.provider, offer.model, PROVIDERS[offer.provider].prices)
    if price is None:
        return _unknown(offer, "the price of a token")
    if load.images_per_day and offer.image_usd is None:
        return _unknown(offer, "the price of a picture")
    texts = usd(price.cost(Usage(load.prompt_tokens, load.completion_tokens))) * load.requests_per_day
    pictures = (offer.image_usd or Decimal(0)) * load.images_per_day
    month = (texts + pictures) * DAYS_A_MONTH
    return HostingRow(offer, _cents(month), _each(month, load), None, None, "", price.source)


def _by_machine(load: Load, offer: Offer) -> HostingRow:
    rate = offer.month_usd if offer.bills == "month" else offer.hour_usd
    if rate is None:
        return _unknown(offer, "its price")
    if load.images_per_day and not offer.pictures:
        return _unknown(offer, "it cannot make pictures")
    if load.images_per_day and load.seconds_per_image is None and offer.bills == "awake":
        return _unknown(offer, "how long a picture takes (--seconds-per-image)")
    work = _seconds_of_work(load, offer)
    busy = work / (load.hours_per_day * 3600)
    machines = max(1, int(busy.to_integral_value(ROUND_CEILING)))
    hours = _hours(load, offer, work) * machines
    month = rate * machines if offer.bills == "month" else rate * hours
    return HostingRow(offer, _cents(month), _each(month, load), hours.quantize(Decimal("0.1")), machines, "")


def _seconds_of_work(load: Load, offer: Offer) -> Decimal:
    """Seconds a day that all answers take, one after the other. A GPU reads a prompt in no time worth counting."""
    answer = load.completion_tokens / (offer.tokens_per_second or load.tokens_per_second)
    if offer.prompt_tokens_per_second:
        answer += load.prompt_tokens / offer.prompt_tokens_per_second
    return answer * load.requests_per_day + (load.seconds_per_image or 0) * load.images_per_day


def _hours(load: Load, offer: Offer, work: Decimal) -> Decimal:
    """Billed hours a month of one machine."""
    on = load.hours_per_day * DAYS_A_MONTH if offer.bills != "month" else 24 * DAYS_A_MONTH
    asked = load.requests_per_day + load.images_per_day
    if offer.bills != "awake" or not asked:
        return on if asked or offer.bills != "awake" else Decimal(0)
    stays = work / asked + Decimal(offer.idle_seconds or 0)
    return on * awake_share(asked / (load.hours_per_day * 3600), stays)


def _each(month: Decimal, load: Load) -> Decimal | None:
    requests = load.requests_per_day * DAYS_A_MONTH
    return (month / requests).quantize(Decimal(1) / NANO) if requests else None


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def _unknown(offer: Offer, what: str) -> HostingRow:
    return HostingRow(offer, None, None, None, None, what)
