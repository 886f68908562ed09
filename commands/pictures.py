"""`flask pictures`: the library on the command line, and its files that no picture has any more."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from chatbot.accounts.principal import LOCAL
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.images.lessons.jobs import Jobs
from chatbot.images.lessons.library import Library
from commands.plainly import plainly
from commands.printing import output_options, show_csv, show_json, show_table

HEADER = ("id", "created_at", "title", "alt_state", "provider", "model", "size", "sha256")
MOST = 1_000
pictures = AppGroup("pictures", help="Pictures that were drawn for lessons.")


@pictures.command("list")
@click.option("--words", default="", help="Only those that have these words.")
@output_options
@with_appcontext
@plainly
def list_pictures(words: str, *, as_json: bool, as_csv: bool) -> None:
    """List pictures, the newest first."""
    rows = [[getattr(one, name) for name in HEADER] for one in _desk().library.search(words, limit=MOST)]
    if as_json:
        show_json([dict(zip(HEADER, row, strict=True)) for row in rows])
    elif as_csv:
        show_csv(HEADER, rows)
    else:
        show_table("Pictures", HEADER[:6], [[str(cell) for cell in row[:6]] for row in rows])


@pictures.command("delete")
@click.argument("picture_id")
@with_appcontext
@plainly
def delete(picture_id: str) -> None:
    """Delete a picture, with its bytes."""
    _desk().library.delete(picture_id, LOCAL)


@pictures.command("tidy")
@click.option("--dry-run", is_flag=True, help="Say which files would go; remove none.")
@with_appcontext
@plainly
def tidy(*, dry_run: bool) -> None:
    """Remove files that belong to no picture: what a crash broke off, or what a restored database does not know.

    While pictures are under way nothing is removed, since their files come before their rows.
    """
    desk = _desk()
    unused = _unused(desk.library, desk.jobs)
    size = sum(desk.library.files.size(name) for name in unused)
    for name in unused:
        click.echo(name)
        if not dry_run:
            desk.library.files.discard(name)
    click.echo(f"{len(unused)} files, {size:,} bytes{' would go' if dry_run else ' removed'}.")


def _unused(library: Library, jobs: Jobs) -> list[str]:
    """Raises ClickException while a job is open."""
    if count := jobs.count_open():
        raise click.ClickException(f"{count} pictures are under way. Wait until they are done.")
    known = library.known_files()
    return [name for name in library.files.all() if name.partition(".")[0] not in known or name.endswith(".part")]


def _desk() -> Illustrations:
    found: Illustrations = current_app.extensions["funza"].service.illustrations
    return found


def register(app: Flask) -> None:
    """Give `app` these commands."""
    app.cli.add_command(pictures)
