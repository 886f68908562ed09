"""What a call costs: our dated overrides first, then the genai-prices table; an unknown price is never 0.

Prices are whole nano-dollars a million tokens, or an hour. Every price carries its source, which is stored with the
attempt it paid for, so an old row keeps meaning what it meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from chatbot.database import NANO, now
from chatbot.providers import PROVIDERS
from chatbot.providers.interface import Usage
from chatbot.usage.price_tables import OVERRIDES, ImageRow, PriceRow, PriceTable, Retirement, read_table
from config import Settings

MILLION = 1_000_000
MS_AN_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars a million tokens; or an hour, for what is billed by the time it runs."""

    input: int
    output: int
    cached: int
    """For prompt tokens read from the provider's cache."""
    source: str
    as_of: date | None = None
    """The day it began to hold, where the table says so."""
    hour: int = 0
    """For an hour of a machine that is rented; its tokens are free."""

    def cost(self, usage: Usage, latency_ms: int = 0) -> int:
        """Nano-dollars for `usage` (and for the time it took), rounded half up once, at the end.

        Reasoning tokens are among the completion tokens, and are not counted again.
        """
        fresh = usage.prompt_tokens - usage.cached_tokens
        tokens = fresh * self.input + usage.cached_tokens * self.cached + usage.completion_tokens * self.output
        total = Decimal(tokens) / MILLION + Decimal(self.hour * latency_ms) / MS_AN_HOUR
        return int(total.quantize(Decimal(1), ROUND_HALF_UP))

    def most(self, prompt_tokens: int, max_tokens: int, seconds: float) -> int:
        """Nano-dollars that a try may cost at the most: all its tokens, none cached, all its time."""
        dearest = max(self.input, self.cached)
        tokens = Decimal(prompt_tokens * dearest + max_tokens * self.output) / MILLION
        time = Decimal(self.hour) * Decimal(max(seconds, 0)) / 3600
        return int((tokens + time).quantize(Decimal(1), ROUND_CEILING))


LOCAL = Price(0, 0, 0, source="local")
"""The machine's own model: no price a token. What the machine costs an hour is the savings report's matter."""


def _nano(usd_per_mtok: Decimal | str | float | int | None) -> int:
    return round(Decimal(str(usd_per_mtok or 0)) * NANO)


class PriceBook:
    """Finds prices.

    Args:
        extra: a deployer's TOML file of the same shape as `prices.toml`; it wins.
        hf_endpoint_hourly_usd: what an hour of the dedicated endpoint costs; 0 is not known.

    Raises WrongPrices for a file with a mistake.
    """

    def __init__(self, extra: str = "", hf_endpoint_hourly_usd: float = 0,
                 by_name: Mapping[str, Decimal] = MappingProxyType({})) -> None:
        """`by_name` is US dollars a million tokens, read or written, by `provider/model` (MODEL_PRICES): it wins."""
        self._by_name = by_name
        self.tables = tuple(read_table(path) for path in ([Path(extra)] if extra else []) + [OVERRIDES])
        """The files, the deployer's first."""
        self._rows: dict[tuple[str, str], list[tuple[PriceTable, PriceRow]]] = {}
        for table in self.tables:
            for row in table.price:
                self._rows.setdefault((row.provider, row.model), []).append((table, row))
        self._hourly = {"hf_endpoint": _nano(hf_endpoint_hourly_usd)} if hf_endpoint_hourly_usd else {}

    def find(self, provider: str, model: str, table_id: str = "", on: date | None = None) -> Price | None:
        """The price of a model on a UTC day (today unless told), or None when nobody knows it.

        `table_id` is the provider's id in genai-prices, where it differs from ours.
        """
        if provider in PROVIDERS and not PROVIDERS[provider].leaves_machine:
            return LOCAL
        if (said := self._by_name.get(f"{provider}/{model}")) is not None:
            return Price(_nano(said), _nano(said), _nano(said), source="MODEL_PRICES")
        return self.override(provider, model, on) or self._by_the_hour(provider) or published(
            table_id or provider, model)

    def override(self, provider: str, model: str, on: date | None = None) -> Price | None:
        """The newest of our own rows that holds on that day; of two from the same day the deployer's."""
        on = on or now().date()
        held = [(table, row) for table, row in self._rows.get((provider, model), ()) if row.since <= on]
        return _price(*max(held, key=lambda one: one[1].since)) if held else None

    def overridden(self) -> tuple[tuple[str, str], ...]:
        """(provider, model) of every row of our own."""
        return tuple(self._rows)

    def may_be_asked(self, price: Price | None, provider: str) -> bool:
        """Whether a call can be paid for knowingly. What is rented by the hour is paid for already."""
        return price is not None or is_hourly(provider)

    def retirement(self, provider: str, model: str) -> Retirement | None:
        """When the model goes or went out of service, as far as a table says."""
        return next((row for table in self.tables for row in table.retirement
                     if (row.provider, row.model) == (provider, model)), None)

    def image(self, provider: str, model: str, on: date | None = None) -> ImageRow | None:
        """What a picture costs, where pictures are billed as such."""
        on = on or now().date()
        rows = [row for table in self.tables for row in table.image
                if (row.provider, row.model) == (provider, model) and row.since <= on]
        return max(rows, key=lambda row: row.since) if rows else None

    def _by_the_hour(self, provider: str) -> Price | None:
        hour = self._hourly.get(provider)
        return Price(0, 0, 0, source=f"{provider.upper()}_HOURLY_USD", hour=hour) if hour else None


def is_hourly(provider: str) -> bool:
    """Whether that provider is billed by the hour."""
    return provider in PROVIDERS and PROVIDERS[provider].billed_by_hour


def _price(table: PriceTable, row: PriceRow) -> Price:
    cached = row.input_usd_per_mtok if row.cached_usd_per_mtok is None else row.cached_usd_per_mtok
    return Price(input=_nano(row.input_usd_per_mtok), output=_nano(row.output_usd_per_mtok), cached=_nano(cached),
                 source=f"{table.name}: {row.source}"[:60], as_of=row.since, hour=_nano(row.usd_per_hour))


@lru_cache(maxsize=256)
def published(table_id: str, model: str) -> Price | None:
    """The genai-prices table's price for a short prompt (its tiers for very long prompts do not concern us)."""
    import genai_prices

    table_id, model = _routed(table_id, model)
    try:
        plain = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1000, output_tokens=1000), model, provider_id=table_id)
        cached = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1000, cache_read_tokens=1000), model, provider_id=table_id)
    except LookupError:
        return None
    return Price(input=_nano(plain.input_price * 1000), output=_nano(plain.output_price * 1000),
                 cached=_nano(cached.input_price * 1000), source=f"genai-prices {genai_prices.__version__}")


def _routed(table_id: str, model: str) -> tuple[str, str]:
    """Hugging Face's router names who serves a model after a colon, and each of them has a price list."""
    if table_id == "huggingface" and ":" in model:
        model, _, served_by = model.rpartition(":")
        return f"huggingface_{served_by}", model
    return table_id, model


def price_book(settings: Settings) -> PriceBook:
    """The prices of an installation. Raises WrongPrices."""
    return PriceBook(settings.prices_file, settings.hf_endpoint_hourly_usd, settings.model_prices)
