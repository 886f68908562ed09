"""`flask hosting compare`: what a load would cost a month on machines to rent and on clouds billed by the token."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from chatbot.usage.hosting import ASSUMED_TOKENS_PER_SECOND, HostingRow, Load, compare
from chatbot.usage.offers import OFFERS, all_offers
from chatbot.usage.prices import PriceBook
from commands.printing import UNKNOWN, output_options, show_csv, show_json, show_table, usd

HEADER = ("id", "title", "month_usd", "per_request_usd", "hours_a_month", "machines", "unknown", "price_source",
          "source", "read", "as_of", "note")
hosting = AppGroup("hosting", help="Where this service could be answered from, and what it would cost.")
AMOUNT = click.FloatRange(0, min_open=True)


@hosting.command("compare")
@click.option("--requests-per-day", type=click.IntRange(1, 10_000_000), required=True)
@click.option("--prompt-tokens", type=click.IntRange(0, 1_000_000), required=True, help="Of one request.")
@click.option("--completion-tokens", type=click.IntRange(0, 1_000_000), required=True, help="Of one request.")
@click.option("--images", type=click.IntRange(0, 1_000_000), default=0, show_default=True, help="Pictures a day.")
@click.option("--hours", type=click.FloatRange(0, 24, min_open=True), default=24, show_default=True,
              help="Hours a day when people ask; a machine rented by the hour is off for the rest.")
@click.option("--tokens-per-second", type=AMOUNT, default=float(ASSUMED_TOKENS_PER_SECOND), show_default=True,
              help="Of one answer on a rented GPU: an assumption, not a measurement.")
@click.option("--seconds-per-image", type=AMOUNT, help="On a rented GPU.")
@click.option("--table", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=OFFERS,
              help="Another table of the shape of chatbot/usage/hosting.toml.")
@output_options
@with_appcontext
def compare_offers(*, requests_per_day: int, prompt_tokens: int, completion_tokens: int, images: int, hours: float,
                   tokens_per_second: float, seconds_per_image: float | None, table: Path,
                   as_json: bool, as_csv: bool) -> None:
    """Compare every offer of hosting.toml for one load, the cheapest first."""
    load = Load(requests_per_day, prompt_tokens, completion_tokens, images, Decimal(str(hours)),
                Decimal(str(tokens_per_second)), None if seconds_per_image is None else Decimal(str(seconds_per_image)))
    try:
        offers = all_offers(table)
    except ValueError as error:
        raise click.UsageError(f"{table}: {error}") from error
    rows = compare(load, offers, PriceBook(current_app.extensions["funza"].settings.prices_file))
    if as_json:
        show_json({"load": asdict(load), "offers": [_flat(row) for row in rows]})
    elif as_csv:
        show_csv(HEADER, [list(_flat(row).values()) for row in rows])
    else:
        _show(load, rows)


def _flat(row: HostingRow) -> dict[str, Any]:
    offer = row.offer
    return dict(zip(HEADER, (
        offer.id, offer.title, row.month_usd, row.per_request_usd, row.hours_a_month, row.machines, row.unknown,
        row.price_source, offer.source, offer.read, offer.as_of, offer.note), strict=True))


def _show(load: Load, rows: tuple[HostingRow, ...]) -> None:
    show_table(
        f"{load.requests_per_day:,} requests and {load.images_per_day:,} pictures a day over {load.hours_per_day} h",
        ("offer", "a month", "a request", "hours", "read"), [_cells(row) for row in rows])
    for row in rows:
        if row.unknown:
            click.echo(f"{row.offer.title}: {UNKNOWN}, because of {row.unknown}.")
    click.echo(f"Machines answer at {load.tokens_per_second} tokens a second (assumed; --tokens-per-second), one "
               "question at a time. Sources and notes: --json, or chatbot/usage/hosting.toml.")


def _cells(row: HostingRow) -> tuple[str, ...]:
    hours = UNKNOWN if row.unknown else "per token" if row.hours_a_month is None else str(row.hours_a_month)
    several = f", {row.machines} of them" if row.machines and row.machines > 1 else ""
    return (row.offer.title + several, usd(row.month_usd), usd(row.per_request_usd, 6), hours,
            row.offer.read.isoformat())


def register(app: Flask) -> None:
    app.cli.add_command(hosting)
