"""What answering on this machine saved against asking a cloud every time, and when the machine pays for itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from chatbot.database import usd
from chatbot.usage.cost import CostState
from chatbot.usage.savings import SavedBy, Savings, savings_report
from chatbot.usage.yardstick import cloud_model, hardware_rate
from routes.installation import installation
from routes.schemas import Out, Usd
from routes.usage_schemas import Days

blueprint = APIBlueprint("savings", __name__, url_prefix="/api/v1", tag="Savings")


class SavingsQuery(Days):
    """What to compare with."""

    by: SavedBy = "feature"
    watts: Annotated[Decimal, Field(ge=0, le=100_000)] | None = Field(
        None, description="average draw of this machine; with ENERGY_KWH_USD it gives the cost of energy")
    against: Annotated[str, StringConstraints(max_length=160)] = Field(
        "", description="provider/model to measure against; left out, the first cloud of the chain that has a key")


class CloudOut(Out):
    """The cloud that every call would have been asked of."""

    provider: str
    model: str
    configured: bool = Field(description="false: it has no key here, and would be asked first if it had one")
    price_input_usd_per_mtok: Usd | None = Field(description="US dollars a million tokens; null when unknown")
    price_output_usd_per_mtok: Usd | None
    price_source: str | None


class HardwareOut(Out):
    """What this machine costs an hour; null is "nobody stated it"."""

    gpu_hourly_usd: Usd | None
    energy_hourly_usd: Usd | None
    hourly_usd: Usd | None = Field(description="the sum of what was stated")


class SavingsRowOut(Out):
    """One feature or language, or the total."""

    key: str
    local_calls: int = Field(description="calls that the local model answered")
    prompt_tokens: int = Field(description="of those, as the local model counts them")
    completion_tokens: int
    avoided_usd: Usd | None = Field(description="what the cloud would have asked for these tokens; null when unknown")
    curated_calls: int = Field(description="calls answered from the fact cards, without a model")
    curated_estimate_usd: Usd | None = Field(
        description="what the cloud would have asked for them at the average of this row's local calls; in no sum")
    break_even_requests_a_month: int | None = Field(
        description="from this many calls a month the machine costs less than the cloud; null when not known")


class SavingsOut(Out):
    """saved = cloud_only - with_local. Amounts in US dollars; null is unknown, never 0."""

    since: date | None
    until: date | None
    by: SavedBy
    cloud: CloudOut
    hardware: HardwareOut
    hours: float = Field(description="hours of this machine in this time, idle included, since the first call")
    spent_usd: Usd = Field(description="paid to clouds in this time")
    unpriced_attempts: int = Field(description="tries whose price nobody knows: their cost is not in spent_usd")
    hardware_usd: Usd | None
    cloud_only_usd: Usd | None
    with_local_usd: Usd | None
    saved_usd: Usd | None = Field(description="below 0 when the machine cost more than it saved")
    cost_state: CostState
    total: SavingsRowOut
    rows: list[SavingsRowOut]


@blueprint.get("/usage/savings")
@blueprint.input(SavingsQuery, location="query", arg_name="asked")
@blueprint.output(SavingsOut)
def savings(asked: SavingsQuery) -> dict[str, object]:
    """Compare what was spent with asking a cloud every time; by feature or language."""
    return as_json(savings_here(asked.since, asked.until, asked.by, asked.watts, asked.against))


def savings_here(since: date | None, until: date | None, by: SavedBy = "feature", watts: Decimal | None = None,
                 against: str = "") -> Savings:
    """The report of this installation. Raises InvalidInput for an unknown `against`."""
    installed = installation()
    return savings_report(
        installed.service.engine, cloud=cloud_model(installed.settings, against),
        hardware=hardware_rate(installed.settings, watts), by=by, since=since, until=until)


def as_json(report: Savings) -> dict[str, object]:
    """The report in the shape of `SavingsOut`: the price opened up, from nano-dollars to dollars."""
    price = report.cloud.price
    cloud = CloudOut(
        provider=report.cloud.provider, model=report.cloud.model, configured=report.cloud.configured,
        price_input_usd_per_mtok=usd(price.input) if price else None,
        price_output_usd_per_mtok=usd(price.output) if price else None, price_source=price.source if price else None)
    fields = {name: getattr(report, name) for name in Savings.__slots__}
    return {**fields, "cloud": cloud, "rows": list(report.rows)}
