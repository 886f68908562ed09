"""`flask budgets`: what a key, a person or the whole installation may cost in a day or a month."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import Engine

from chatbot.accounts.naming import principal_id
from chatbot.errors import FunzaError
from chatbot.usage.budget_limits import BudgetState, list_budgets, remove_budget, set_budget
from chatbot.usage.budgets import WINDOWS
from commands.printing import output_options, show_csv, show_json, show_table, usd

HEADER = ("principal", "window", "limit_usd", "spent_usd", "reserved_usd", "starts_on", "ends_on")
budgets = AppGroup("budgets", help="What a key, a person or the whole installation may cost in a UTC day or month.")
whose = click.option("--key", default="", help="Prefix of a key, or name of a person; left out: the installation.")
window = click.option("--window", type=click.Choice(WINDOWS), default="day", show_default=True)


@budgets.command("set")
@click.argument("limit_usd")
@whose
@window
@with_appcontext
def set_limit(limit_usd: str, key: str, window: str) -> None:
    """Set or change a limit in US dollars; 0 allows nothing that costs. It holds from the next call on."""
    try:
        state = set_budget(_engine(), principal_id(_engine(), key), window, limit_usd)
    except FunzaError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{_whose(state)}: {usd(state.limit_usd, 9)} a {state.window}, {usd(state.spent_usd, 9)} of it spent.")


@budgets.command("remove")
@whose
@window
@with_appcontext
def remove_limit(key: str, window: str) -> None:
    """Take a limit away."""
    try:
        remove_budget(_engine(), principal_id(_engine(), key), window)
    except FunzaError as error:
        raise click.ClickException(error.detail) from error


@budgets.command("list")
@output_options
@with_appcontext
def list_limits(*, as_json: bool, as_csv: bool) -> None:
    """List every limit and how far it is used now."""
    found = list_budgets(_engine())
    if as_json:
        show_json(found)
    elif as_csv:
        show_csv(HEADER, [[getattr(one, name) for name in HEADER] for one in found])
    else:
        show_table("Budgets", ("whose", "window", "limit", "spent", "under way", "until (UTC)"), [
            (_whose(one), one.window, usd(one.limit_usd, 4), usd(one.spent_usd, 4), usd(one.reserved_usd, 4),
             one.ends_on.isoformat()) for one in found])


def _engine() -> Engine:
    engine: Engine = current_app.extensions["funza"].service.engine
    return engine


def _whose(state: BudgetState) -> str:
    return state.principal or "installation"


def register(app: Flask) -> None:
    app.cli.add_command(budgets)
