"""What was used and what it cost: the ledger's report."""

from __future__ import annotations

from apiflask import APIBlueprint

from chatbot.usage.report import usage_report
from routes.installation import installation
from routes.usage_schemas import UsageQuery, UsageReportOut

blueprint = APIBlueprint("usage", __name__, url_prefix="/api/v1", tag="Usage")


@blueprint.get("/usage")
@blueprint.input(UsageQuery, location="query", arg_name="asked")
@blueprint.output(UsageReportOut)
def usage(asked: UsageQuery) -> UsageReportOut:
    """Sum tokens and cost by provider, model, day, feature or language, from one day to another (UTC)."""
    return UsageReportOut.model_validate(
        usage_report(installation().service.engine, by=asked.by, since=asked.since, until=asked.until))
