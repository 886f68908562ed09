"""Reads `hosting.toml`: the places this service could be answered from, each figure with its source and its date."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

OFFERS = Path(__file__).with_name("hosting.toml")
Bills = Literal["hour", "awake", "month", "token"]


class Offer(BaseModel):
    """One row of the table. Money is US dollars; None is "nobody could source it"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    hardware: str = ""
    bills: Bills
    hour_usd: Decimal | None = Field(None, ge=0)
    month_usd: Decimal | None = Field(None, ge=0)
    idle_seconds: int | None = Field(None, ge=0)
    """How long it stays awake, and is billed, after its last answer (`awake`)."""
    provider: str = ""
    model: str = ""
    """Whose price tables hold the price of a token (`token`)."""
    image_usd: Decimal | None = Field(None, ge=0)
    pictures: bool = True
    """Whether it can make pictures at all."""
    tokens_per_second: Decimal | None = Field(None, gt=0)
    prompt_tokens_per_second: Decimal | None = Field(None, gt=0)
    source: str = Field(pattern="^https://")
    read: date
    """The day somebody read the figure at `source`."""
    as_of: date | None = None
    """The date that the source itself bears."""
    note: str = ""

    @model_validator(mode="after")
    def _bills_by_what_it_states(self) -> Offer:
        if self.bills == "token" and not (self.provider and self.model):
            raise ValueError(f"{self.id}: bills by the token, so it must name its provider and model")
        if self.bills == "awake" and self.idle_seconds is None:
            raise ValueError(f"{self.id}: bills while awake, so it must state its idle_seconds")
        return self


def all_offers(path: Path = OFFERS) -> tuple[Offer, ...]:
    """The offers in the order of the file. Raises ValueError naming what is wrong in a row."""
    offers = tuple(Offer(**row) for row in tomllib.loads(path.read_text(encoding="utf-8")).get("offer", []))
    if len({offer.id for offer in offers}) != len(offers):
        raise ValueError(f"{path.name}: two offers have the same id")
    return offers
