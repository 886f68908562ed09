"""`flask people`: those who sign in on the pages. This is the only place where a password can be set."""

from __future__ import annotations

import secrets
from datetime import datetime

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from chatbot.accounts.principal import ROLES, Role
from commands.plainly import plainly
from commands.printing import show_json, show_table
from routes.auth import people as people_here

people = AppGroup("people", help="Those who sign in on the pages.")
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
generate = click.option("--generate", is_flag=True, help="Make up a password and show it once, instead of asking.")


@people.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="learner", show_default=True)
@generate
@as_json
@with_appcontext
@plainly
def add(*, name: str, role: Role, generate: bool, as_json: bool) -> None:
    """Make an account for NAME (a user name or an e-mail address)."""
    password = _password(generate)
    account = people_here().add(name, password, role)
    if as_json:
        show_json({"id": account.id, "name": account.name, "role": role} | ({"password": password} if generate else {}))
    else:
        click.echo(f"{account.name} may sign in now, as {role}." + _shown(password, generate))


@people.command("password")
@click.argument("name")
@generate
@as_json
@with_appcontext
@plainly
def password(*, name: str, generate: bool, as_json: bool) -> None:
    """Set another password for NAME, and sign her out everywhere."""
    chosen = _password(generate)
    people_here().set_password(name, chosen)
    if as_json:
        show_json({"name": name} | ({"password": chosen} if generate else {}))
    else:
        click.echo(f"{name} has a new password." + _shown(chosen, generate))


@people.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@with_appcontext
@plainly
def role(*, name: str, role: Role) -> None:
    """Give NAME another role, and sign her out everywhere."""
    people_here().set_role(name, role)
    click.echo(f"{name} has the role {role}.")


@people.command("disable")
@click.argument("name")
@with_appcontext
@plainly
def disable(*, name: str) -> None:
    """Let NAME in no more, from the next request on."""
    people_here().disable(name)
    click.echo(f"{name} may not sign in any more.")


@people.command("list")
@as_json
@with_appcontext
@plainly
def list_people(*, as_json: bool) -> None:
    """Show everyone who has an account."""
    found = people_here().all()
    if as_json:
        show_json(found)
        return
    show_table("People", ("name", "role", "state", "signed in"), [
        (one.name, one.role, "disabled" if one.disabled_at else "active", _day(one.last_login_at)) for one in found])


def register(app: Flask) -> None:
    """Give `app` the group."""
    app.cli.add_command(people)


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(15)
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _shown(password: str, generate: bool) -> str:
    return f"\n{password}\nKeep it now: it cannot be shown again." if generate else ""


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d}"
