"""`flask keys`: API keys for programs. A key is shown once, when it is made; afterwards only its prefix is."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from chatbot.accounts.keys import LIFETIME, Key
from chatbot.accounts.principal import A_MINUTE, ROLES, Role
from chatbot.database import now
from commands.plainly import plainly
from commands.printing import show_json, show_table
from routes.auth import keys as keys_here

DAYS = re.compile(r"([1-9][0-9]{0,4})d")
keys = AppGroup("keys", help="API keys for programs.")
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


class Moment(click.ParamType[datetime | None]):
    """`90d` from now, a day (its first moment, UTC) as YYYY-MM-DD, or `never`."""

    name = "90d|YYYY-MM-DD|never"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime | None:
        if value == "never" or value is None or isinstance(value, datetime):
            return value if isinstance(value, datetime) else None
        if days := DAYS.fullmatch(str(value)):
            return now() + timedelta(days=int(days[1]))
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value} is not {self.name}.", param, ctx)


@keys.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="learner", show_default=True)
@click.option("--expires", type=Moment(), default=f"{LIFETIME.days}d", show_default=True)
@click.option("--valid-from", type=Moment(), help="Not before this day.")
@click.option("--per-minute", type=click.IntRange(1, 1_000_000), default=A_MINUTE, show_default=True,
              help="Requests a minute that may ask a model.")
@as_json
@with_appcontext
@plainly
def create(*, name: str, role: Role, expires: datetime | None, valid_from: datetime | None, per_minute: int,
           as_json: bool) -> None:
    """Make a key for NAME (what it is for), and show it this once."""
    made = keys_here().create(name, role, expires_at=expires, valid_from=valid_from, per_minute=per_minute)
    if as_json:
        show_json({"secret": made.secret, **asdict(made.key)})
        return
    click.echo(made.secret)
    click.echo(f"A key for the role {role}, until {_day(expires)}. Keep it now: it cannot be shown again.", err=True)


@keys.command("list")
@as_json
@with_appcontext
@plainly
def list_keys(*, as_json: bool) -> None:
    """Show every key by its prefix."""
    found = keys_here().all()
    if as_json:
        show_json(found)
        return
    show_table("API keys", ("name", "prefix", "role", "state", "a minute", "expires", "last used"),
               [_cells(key) for key in found])


@keys.command("revoke")
@click.argument("prefix")
@as_json
@with_appcontext
@plainly
def revoke(*, prefix: str, as_json: bool) -> None:
    """End the key with this PREFIX (or id) for good, from the next request on."""
    key = keys_here().revoke(prefix)
    if as_json:
        show_json(key)
    else:
        click.echo(f"{key.name} ({key.prefix}) is revoked.")


@keys.command("trust-clock")
@with_appcontext
@plainly
def trust_clock() -> None:
    """Take this machine's time as it is, after its clock ran ahead by mistake and was mended.

    Until then, what had expired by the wrong time stays expired, and keys that end before it cannot be made.
    """
    click.echo(f"Expiry is judged by this machine's clock again: {keys_here().trust_clock():%Y-%m-%d %H:%M} UTC.")


def register(app: Flask) -> None:
    """Give `app` the group."""
    app.cli.add_command(keys)


def _cells(key: Key) -> tuple[str, ...]:
    return (key.name, key.prefix, key.role, key.state, str(key.per_minute), _day(key.expires_at),
            _day(key.last_used_at))


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d}"
