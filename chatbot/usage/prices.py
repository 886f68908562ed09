"""What a token costs: our dated overrides first, then the genai-prices table; an unknown price is never 0.

Prices are whole nano-dollars a million tokens. Every price carries its source, which is stored with the
attempt it paid for, so an old row keeps meaning what it meant.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from chatbot.database import NANO
from chatbot.providers.interface import Usage

OVERRIDES = Path(__file__).parent / "prices.toml"
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars a million tokens."""

    input: int
    output: int
    cached: int
    """For prompt tokens read from the provider's cache."""
    source: str
    as_of: date | None = None
    """The day it began to hold, where the table says so."""

    def cost(self, usage: Usage) -> int:
        """Nano-dollars for `usage`, rounded half up once, at the end."""
        fresh = usage.prompt_tokens - usage.cached_tokens
        total = fresh * self.input + usage.cached_tokens * self.cached + usage.completion_tokens * self.output
        return int((Decimal(total) / MILLION).quantize(Decimal(1), ROUND_HALF_UP))


LOCAL = Price(0, 0, 0, source="local")
"""The machine's own model: no price a token. What the machine costs an hour is the savings report's matter."""


def _nano(usd_per_mtok: Decimal | str | float | int) -> int:
    return round(Decimal(str(usd_per_mtok)) * NANO)


class PriceBook:
    """Finds prices. `extra` is a deployer's TOML file of the same shape as `prices.toml`; it wins."""

    def __init__(self, extra: str = "") -> None:
        tables = ([Path(extra)] if extra else []) + [OVERRIDES]
        self._overrides: dict[tuple[str, str], list[Price]] = {}
        for path in tables:
            for row in tomllib.loads(path.read_text(encoding="utf-8")).get("price", []):
                price = Price(input=_nano(row["input_usd_per_mtok"]), output=_nano(row["output_usd_per_mtok"]),
                              cached=_nano(row.get("cached_usd_per_mtok", row["input_usd_per_mtok"])),
                              source=f"{path.name}: {row['source']}"[:60], as_of=row["from"])
                self._overrides.setdefault((row["provider"], row["model"]), []).append(price)

    def find(self, provider: str, model: str, table_id: str = "", on: date | None = None) -> Price | None:
        """The price of a model on a day (today unless told), or None when nobody knows it.

        `table_id` is the provider's id in genai-prices, where it differs from ours.
        """
        if provider == "local":
            return LOCAL
        on = on or date.today()
        dated = [price for price in self._overrides.get((provider, model), ()) if price.as_of and price.as_of <= on]
        return max(dated, key=lambda price: price.as_of or date.min) if dated else _published(
            table_id or provider, model)


@lru_cache(maxsize=256)
def _published(table_id: str, model: str) -> Price | None:
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
