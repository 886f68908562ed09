"""`flask prices check`: where the price tables disagree, what is stale, what is unpriced or retired."""

from __future__ import annotations

import sys
from decimal import Decimal

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from chatbot.database import NANO, now
from chatbot.errors import FunzaError
from chatbot.providers import build_providers
from chatbot.providers.together_prices import together_rates
from chatbot.usage.price_check import Finding, check
from chatbot.usage.prices import Price, price_book
from commands.printing import output_options, show_csv, show_json, show_table
from config import Settings

HEADER = ("kind", "provider", "model", "detail", "serious")
prices = AppGroup("prices", help="What models cost, and where the tables that say so need a look.")


@prices.command("check")
@click.option("--live", is_flag=True, help="Also ask Together for its prices (needs TOGETHER_API_KEY and the network).")
@click.option("--strict", is_flag=True, help="Exit 1 for anything found, not only for what is serious.")
@output_options
@with_appcontext
def check_prices(*, live: bool, strict: bool, as_json: bool, as_csv: bool) -> None:
    """List what somebody should look at. Exit code 1: a model set up here is unpriced, or retired without another."""
    settings: Settings = current_app.extensions["funza"].settings
    found = check(price_book(settings), build_providers(settings).values(), _live(settings) if live else None)
    if as_json:
        show_json(found)
    elif as_csv:
        show_csv(HEADER, [[one.kind, one.provider, one.model, one.detail, str(one.serious)] for one in found])
    else:
        _show(found)
    sys.exit(1 if any(one.serious or strict for one in found) else 0)


def _live(settings: Settings) -> dict[tuple[str, str], Price]:
    if not settings.together_api_key.get_secret_value():
        raise click.UsageError("--live needs TOGETHER_API_KEY.")
    try:
        rates = together_rates(settings)
    except FunzaError as error:
        raise click.ClickException(f"Together did not tell its prices: {error.detail}") from error
    return {("together", model): Price(_nano(put), _nano(got), _nano(put), source="Together, live", as_of=now().date())
            for model, (put, got) in rates.items()}


def _nano(usd: Decimal) -> int:
    return round(usd * NANO)


def _show(found: list[Finding]) -> None:
    if not found:
        click.echo("Nothing to look at.")
        return
    show_table("To look at", ("what", "provider", "model"), [
        (f"{'! ' if one.serious else ''}{one.kind}", one.provider, one.model) for one in found])
    for one in found:
        click.echo(f"{one.kind}: {' '.join(part for part in (one.provider, one.model) if part)}: {one.detail}")


def register(app: Flask) -> None:
    app.cli.add_command(prices)
