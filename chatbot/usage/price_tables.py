"""Reads `prices.toml` and a deployer's PRICES_FILE: prices, retired models, pictures, energy, each with its source.

A table with a mistake is refused whole, with the row that is wrong: a bad price must stop the start, not a bill.
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

OVERRIDES = Path(__file__).with_name("prices.toml")
DEAREST = 100_000
"""US dollars: a price above it is a typing mistake."""
Usd = Annotated[Decimal, Field(ge=0, le=DEAREST, allow_inf_nan=False)]


class WrongPrices(ValueError):
    """A price table cannot be used. The message names the file, the row and what is wrong with it."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source: str = Field(min_length=1)
    """Where the figure was read."""
    read: date | None = None
    """The day somebody read it there."""


class PriceRow(_Row):
    """A model's price, by the million tokens or by the hour."""

    provider: str
    model: str
    input_usd_per_mtok: Usd | None = None
    output_usd_per_mtok: Usd | None = None
    cached_usd_per_mtok: Usd | None = None
    usd_per_hour: Usd | None = None
    since: date = Field(alias="from")
    """The day it began to hold."""

    @model_validator(mode="after")
    def _whole(self) -> PriceRow:
        by_token = self.input_usd_per_mtok is not None and self.output_usd_per_mtok is not None
        if by_token == (self.usd_per_hour is not None):
            raise ValueError("give input_usd_per_mtok and output_usd_per_mtok, or usd_per_hour")
        return self


class Retirement(_Row):
    """A model that its provider takes out of service, and the one to ask then."""

    provider: str
    model: str
    retired_on: date
    successor: str = ""


class ImageRow(_Row):
    """What a picture costs, each or by the million pixels."""

    provider: str
    model: str
    usd_per_image: Usd | None = None
    usd_per_megapixel: Usd | None = None
    since: date = Field(alias="from")

    @model_validator(mode="after")
    def _one_way(self) -> ImageRow:
        if (self.usd_per_image is None) == (self.usd_per_megapixel is None):
            raise ValueError("give usd_per_image or usd_per_megapixel")
        return self


class EnergyRow(_Row):
    """What a kilowatt-hour costs somewhere."""

    place: str
    usd_per_kwh: Usd
    since: date = Field(alias="from")


class PublishedTable(_Row):
    """A table that somebody else keeps, and the version of it that was looked at."""

    name: str
    version: str


class PriceTable(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    """The file's name, which goes with each price into the ledger."""
    price: tuple[PriceRow, ...] = ()
    retirement: tuple[Retirement, ...] = ()
    image: tuple[ImageRow, ...] = ()
    energy: tuple[EnergyRow, ...] = ()
    table: tuple[PublishedTable, ...] = ()


def read_table(path: Path) -> PriceTable:
    """The tables of one file. Raises WrongPrices."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return PriceTable.model_validate({**found, "name": path.name})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongPrices(f"{path.name} cannot be read: {error}") from None
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in mistake["loc"])
        raise WrongPrices(f"{path.name}, {where}: {mistake['msg'].removeprefix('Value error, ')}") from None
