"""The shapes of the usage report, and the days that a report covers."""

from __future__ import annotations

import re
from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from chatbot.usage.cost import CostState
from chatbot.usage.report import GroupBy
from routes.schemas import Out, Usd

ISO_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


class Days(BaseModel):
    """Which days of the ledger to sum, both included."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    since: date | None = Field(None, description="first day, UTC, YYYY-MM-DD")
    until: date | None = Field(None, description="last day, UTC, YYYY-MM-DD")

    @field_validator("since", "until", mode="before")
    @classmethod
    def _iso_day(cls, value: object) -> object:
        if isinstance(value, str) and not ISO_DAY.fullmatch(value):
            raise ValueError("write a day as YYYY-MM-DD, from 2000 on")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError("until is before since")
        return self


class UsageQuery(Days):
    """How to sum the ledger."""

    by: GroupBy = "provider"


class UsageRowOut(Out):
    """One group of the report."""

    key: str = Field(description="the provider, model, day, feature or language")
    calls: int = Field(description="requests of clients")
    attempts: int = Field(description="tries at providers")
    failed: int = Field(description="tries that did not answer")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Usd = Field(description="US dollars, the sum of the known costs, rounded to 9 decimals")
    cost_state: CostState
    unpriced_attempts: int = Field(description="tries whose price nobody knows: their cost is not in the sum")
    reserved: int = Field(description="tries under way now")


class UsageReportOut(Out):
    """The ledger, summed."""

    by: GroupBy
    since: date | None
    until: date | None
    rows: list[UsageRowOut]
    total: UsageRowOut
    fell_back: int = Field(description="calls that another provider answered than the one that should have")
