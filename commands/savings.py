"""`flask savings`: what answering on this machine saved against asking a cloud every time."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from chatbot.errors import InvalidInput
from chatbot.usage.savings import Savings, SavingsRow, savings_report
from chatbot.usage.yardstick import cloud_model, hardware_rate
from commands.printing import UNKNOWN, number, output_options, show_csv, show_json, show_table, usd

HEADER = ("key", "local_calls", "prompt_tokens", "completion_tokens", "avoided_usd", "curated_calls",
          "curated_estimate_usd", "break_even_requests_a_month")
DAY = click.DateTime(["%Y-%m-%d"])


@click.command("savings")
@click.option("--by", type=click.Choice(["feature", "language"]), default="feature", show_default=True)
@click.option("--since", type=DAY, help="First day, UTC.")
@click.option("--until", type=DAY, help="Last day, UTC.")
@click.option("--watts", type=click.FloatRange(0, 100_000),
              help="Average draw of this machine; with ENERGY_KWH_USD it gives the cost of energy.")
@click.option("--against", default="", help="provider/model to measure against; the first cloud of the chain if not.")
@output_options
@with_appcontext
def savings(*, by: Any, since: datetime | None, until: datetime | None, watts: float | None, against: str,
            as_json: bool, as_csv: bool) -> None:
    """What the local answers would have cost in a cloud, less what this machine costs."""
    installed = current_app.extensions["funza"]
    try:
        report = savings_report(
            installed.service.engine, cloud=cloud_model(installed.settings, against), by=by,
            hardware=hardware_rate(installed.settings, None if watts is None else Decimal(str(watts))),
            since=since and since.date(), until=until and until.date())
    except InvalidInput as error:
        raise click.UsageError(f"{error.detail} {error.remedy}") from error
    if as_json:
        show_json(report)
    elif as_csv:
        show_csv(HEADER, [[getattr(row, name) for name in HEADER] for row in (*report.rows, report.total)])
    else:
        _show(report)


def _show(report: Savings) -> None:
    show_table(f"Answered on this machine, by {report.by}",
               (report.by, "local", "tokens in", "tokens out", "in a cloud", "cards", "break-even"),
               [_cells(row) for row in (*report.rows, report.total)])
    show_table("In all", ("", "US dollars"), [
        ("Paid to clouds" + (f" ({report.unpriced_attempts} tries unpriced)" if report.unpriced_attempts else ""),
         usd(report.spent_usd, 6)),
        (f"This machine, {report.hours} h, idle included", usd(report.hardware_usd, 6)),
        ("Cloud only", usd(report.cloud_only_usd, 6)),
        ("With this machine", usd(report.with_local_usd, 6)),
        ("Saved", usd(report.saved_usd, 6)),
    ])
    for line in _notes(report):
        click.echo(line)


def _cells(row: SavingsRow) -> tuple[str, ...]:
    return (row.key or "-", number(row.local_calls), number(row.prompt_tokens), number(row.completion_tokens),
            usd(row.avoided_usd, 6), number(row.curated_calls), number(row.break_even_requests_a_month))


def _notes(report: Savings) -> list[str]:
    """What the numbers rest on, and what would make the unknown ones known."""
    cloud = report.cloud
    price = f"source: {cloud.price.source}" if cloud.price else f"price {UNKNOWN}: add it to PRICES_FILE"
    notes = [f"Measured against {cloud.provider}/{cloud.model} ({price})"
             + ("." if cloud.configured else "; it has no key here."),
             "Tokens are counted as the local model counts them, so this is an estimate.",
             "break-even: calls a month from which this machine costs less than that cloud. "
             "cards: answered without a model."]
    if report.total.curated_calls:
        notes.append(f"{report.total.curated_calls} answers came from the cards without a model. Asked of the cloud "
                     f"they would have cost about {usd(report.total.curated_estimate_usd, 6)}; not counted above.")
    if report.hardware_usd is None:
        notes.append("Set GPU_HOURLY_USD, or ENERGY_KWH_USD with --watts, to say what this machine costs.")
    elif report.hardware.energy_hourly_usd is None:
        notes.append("Energy is not counted: it needs ENERGY_KWH_USD and --watts.")
    return notes


def register(app: Flask) -> None:
    app.cli.add_command(savings)
