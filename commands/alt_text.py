"""`flask alt-text PATH`: alt texts for the pictures of a folder, or for those of a .docx or .pptx that have none.

It says what it would cost before it asks anybody, and what it cost afterwards. Broken off, it goes on where it was.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chatbot.errors import FunzaError, InvalidInput
from chatbot.hybrid_ai_service import HybridAIService
from chatbot.images.alt.alt_text import AltTextOrder
from chatbot.images.alt.batch import Result, Source, Work, describe, note, read_journal, source_at
from chatbot.images.alt.draft import Wanted
from chatbot.images.faces import People, may_leave
from chatbot.images.picture import read_picture
from chatbot.knowledge.cards import Language
from commands.plainly import plainly
from commands.printing import usd


@click.command("alt-text")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--language", type=click.Choice(["en", "sw"]), default="en", show_default=True)
@click.option("--context", default="", help="What the pictures are for; who and what they show, if that may be said.")
@click.option("--people", type=click.Choice(["none", "some", "unknown"]), default="unknown", show_default=True,
              help="none: no real person can be seen on any of them, so they may go to a cloud.")
@click.option("--dry-run", is_flag=True, help="Say how many pictures there are and what they would cost; ask nobody.")
@click.option("--replace", is_flag=True, help="In a .docx or .pptx, also replace the alt texts that are there.")
@click.option("--yes", is_flag=True, help="Do not ask before it costs.")
@with_appcontext
@plainly
def alt_text(path: Path, language: Language, context: str, people: People, *, dry_run: bool, replace: bool,
             yes: bool) -> None:
    """Write alt texts for the pictures at PATH: a folder, or a .docx or .pptx (whose copy then has them).

    Exit code 1: some pictures have none yet.
    """
    service: HybridAIService = current_app.extensions["funza"].service
    source, wanted = source_at(path, replace=replace), Wanted(language, context, people)
    known = read_journal(source.journal)
    todo = _once(source.work(), wanted, known)
    click.echo(f"Pictures to describe: {len(todo)}; in {source.journal.name} already: {len(known)}.")
    if todo:
        _say_cost(service, todo, wanted)
    if dry_run:
        return
    if todo and not yes:
        click.confirm("Go on?", abort=True)
    stopped = _describe_all(service, source, todo, wanted, known)
    _report(source, wanted, known, {work.key(wanted) for work in todo})
    if stopped:
        click.echo(f"Stopped: {stopped} Run it again to go on.", err=True)
    sys.exit(1 if stopped or any(result.why_not for result in known.values()) else 0)


def _once(pictures: Iterable[Work], wanted: Wanted, known: dict[str, Result]) -> list[Work]:
    """Each picture that has no result yet, once."""
    by_key = {work.key(wanted): work for work in pictures}
    return [work for key, work in by_key.items() if key not in known]


def _say_cost(service: HybridAIService, todo: list[Work], wanted: Wanted) -> None:
    """The price of all, at that of the first picture that can be taken."""
    for work in todo:
        try:
            picture = read_picture(work.data, may_leave=may_leave(wanted.people))
        except InvalidInput:
            continue
        found = service.estimate_alt_text(AltTextOrder(picture, wanted), len(todo)).candidates
        for candidate in found[:1]:
            click.echo(f"{candidate.provider}/{candidate.model} would write them for {usd(candidate.cost_low_usd, 4)} "
                       f"to {usd(candidate.cost_high_usd, 4)}.")
        return


def _describe_all(service: HybridAIService, source: Source, todo: list[Work], wanted: Wanted,
                  known: dict[str, Result]) -> str:
    """Describe one after the other, each noted at once; the reason when it had to stop."""
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                  console=Console(stderr=True)) as progress:
        bar = progress.add_task("alt texts", total=len(todo))
        for work in todo:
            try:
                result = describe(work, wanted, service.write_alt_text)
            except FunzaError as error:
                return " ".join(filter(None, (error.detail, error.remedy)))
            note(result, source.journal)
            known[result.key] = result
            progress.advance(bar)
    return ""


def _report(source: Source, wanted: Wanted, known: dict[str, Result], now: set[str]) -> None:
    results = [known[key] for key in known]
    for result in results:
        if result.why_not:
            click.echo(f"{result.where}: {result.why_not}")
        elif result.decorative:
            click.echo(f"{result.where}: decorative{source.decorative}.")
    written = source.finish(known, wanted)
    costs = [Decimal(known[key].cost_usd or 0) for key in now if key in known and known[key].call_id]
    unknown = any(known[key].call_id and known[key].cost_usd is None for key in now if key in known)
    click.echo(f"With alt text now: {sum(bool(result.alt_text) for result in results)}; decorative: "
               f"{sum(result.decorative for result in results)}. This run cost "
               f"{usd(None if unknown else sum(costs, Decimal(0)), 4)}."
               + (f" See {written}." if written else ""))


def register(app: Flask) -> None:
    app.cli.add_command(alt_text)
