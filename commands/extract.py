"""`flask extract PATH`: the metadata of a document or of a whole folder, resumable, with its price before and after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chatbot.documents.extraction import Asked, Extraction, ExtractionOrder, order_for
from chatbot.documents.found import Found
from chatbot.documents.kinds import ENDINGS
from chatbot.documents.passages import Passage
from chatbot.documents.types import type_ids
from chatbot.documents.upload import read_upload
from chatbot.errors import FunzaError
from chatbot.safe_csv import plain
from commands.extraction_log import ExtractionLog
from commands.plainly import plainly
from commands.printing import usd

SECONDS = 3_600.0
"""That the models may take for one document; nobody waits at the other end of a request."""
MOST_SCHEMA_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    name: str
    """Below the folder, with `/`; of a single file its name."""
    sha256: str


@click.command("extract")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--type", "document_type", default="", metavar="NAME",
              help=f"What they are: {', '.join(type_ids())}; also by another name, such as 계약서.")
@click.option("--schema", "schema_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A file with a JSON Schema of your own.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("extractions.jsonl"),
              show_default=True, help="Results, one JSON line a file; a second run goes on from here.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Also write a table: value, page and quote of each field.")
@click.option("--strategy", type=click.Choice(["local", "cloud", "hybrid"]),
              help="Who is asked. Left out: as EXTRACTION_STRATEGY says.")
@click.option("--max-usd", type=click.FloatRange(0), help="Ask nobody when it could cost more, and stop when it does.")
@click.option("--dry-run", is_flag=True, help="Say how many documents there are and what they could cost; ask nobody.")
@with_appcontext
@plainly
def extract(*, path: Path, document_type: str, schema_file: Path | None, out: Path, csv_file: Path | None,
            strategy: Any, max_usd: float | None, dry_run: bool) -> None:
    """Read the metadata of PATH: a PDF, .docx, .txt or .md, or a folder of them and of folders.

    Each value is given with the page and the words that it stands in; what a document does not say is null. Where no
    model can be asked, the values are read by the labels before them (`Name: ...`), at no cost.
    """
    if bool(document_type) == (schema_file is not None):
        raise click.UsageError("Give --type or --schema, one of the two.")
    asked = Asked(_schema(schema_file), document_type, strategy=strategy, principal="local", seconds=SECONDS)
    fields = [one.name for one in order_for([Passage(None, "x")], asked).fields]
    try:
        log = ExtractionLog(out, _digest(asked))
    except ValueError as error:
        raise click.ClickException(f"{error}: name another --out.") from error
    every = list(_files(path))
    if not every:
        raise click.ClickException(f"There is no {', '.join(f'.{one}' for one in ENDINGS)} at {path}.")
    waiting = [one for one in every if not log.is_done(one.name, one.sha256)]
    limit = None if max_usd is None else Decimal(str(max_usd))
    _say_the_price(every, waiting, asked, limit)
    if dry_run:
        return
    spent = _read_all(waiting, asked, log, limit)
    if csv_file:
        log.write_csv(csv_file, fields)
    for name, why in log.failed([one.name for one in every]):
        click.echo(f"{name}: {why}", err=True)
    click.echo(f"Spent: {usd(spent, 6)}. Results: {out}" + (f", {csv_file}" if csv_file else ""))


def _files(path: Path) -> Iterator[_File]:
    """Every file of a kind that can be read, in the order of the alphabet; links within a folder are not followed."""
    inside = sorted(one for one in path.rglob("*") if not one.is_symlink()) if path.is_dir() else [path]
    for one in inside:
        if one.is_file() and one.suffix.lower().lstrip(".") in ENDINGS:
            name = one.relative_to(path).as_posix() if path.is_dir() else path.name
            yield _File(one, name, hashlib.sha256(one.read_bytes()).hexdigest())


def _schema(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    if path.stat().st_size > MOST_SCHEMA_BYTES:
        raise click.UsageError("The schema is too large.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise click.UsageError("The schema is not JSON.") from error
    if not isinstance(found, dict):
        raise click.UsageError("The schema must be a JSON object.")
    return found


def _digest(asked: Asked) -> str:
    """What is asked for, in short: results of different orders never share a file."""
    said = json.dumps([asked.schema, asked.document_type], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _say_the_price(every: list[_File], waiting: list[_File], asked: Asked, limit: Decimal | None) -> None:
    """Print what it may cost. Raises ClickException when that is more than the limit, or not known with a limit."""
    total: Decimal | None = Decimal(0)
    calls = unread = 0
    for one in waiting:
        order = _order(one, asked)
        if order is None:
            unread += 1
            continue
        cost, parts = current_app.extensions["funza"].service.estimate_extraction(order)
        total = None if cost is None or total is None else total + cost
        calls += parts
    click.echo(f"{len(every)} files: {len(every) - len(waiting)} done before, {len(waiting)} to read"
               + (f" ({unread} cannot be read)" if unread else "")
               + f", at most {calls} calls and {usd(total, 6)}.")
    if limit is not None and (total is None or total > limit):
        raise click.ClickException(f"That may be more than --max-usd {limit}: nobody was asked.")


def _read_all(waiting: list[_File], asked: Asked, log: ExtractionLog, limit: Decimal | None) -> Decimal | None:
    """Read what waits. Returns what it cost; None when a price is unknown."""
    spent: Decimal | None = Decimal(0)
    with _bar(len(waiting)) as advance:
        for one in waiting:
            line, cost = _result(one, asked)
            log.add(line)
            spent = None if cost is None or spent is None else spent + cost
            advance(f"{usd(spent, 4)} {one.name}")
            if limit is not None and spent is not None and spent > limit:
                raise click.ClickException(f"Stopped: {usd(spent, 6)} were spent. Run it again to go on.")
    return spent


def _result(one: _File, asked: Asked) -> tuple[dict[str, Any], Decimal | None]:
    try:
        order = order_for(read_upload(one.path.name, one.path.read_bytes()).lines, asked)
        found: Extraction = current_app.extensions["funza"].service.extract_metadata(order)
    except FunzaError as error:
        return {"file": one.name, "sha256": one.sha256, "error": f"{error.code}: {error.detail}"}, Decimal(0)
    return {"file": one.name, "sha256": one.sha256, "id": found.id, "document_type": found.document_type,
            "values": {name: _value(value) for name, value in found.values.items()}, "missing": list(found.missing),
            "provider": found.provider, "model": found.model, "call_ids": list(found.call_ids),
            "cost_usd": None if found.cost_usd is None else plain(found.cost_usd), "cost_state": found.cost_state,
            "notes": list(found.notes)}, found.cost_usd


def _value(one: Found) -> dict[str, Any]:
    evidence = {"page": one.evidence.page, "quote": one.evidence.quote} if one.evidence else None
    return {"value": one.value, "evidence": evidence, **({"reason": one.reason} if one.reason else {})}


def _order(one: _File, asked: Asked) -> ExtractionOrder | None:
    """None for a file that cannot be read; its line of results will say why."""
    try:
        return order_for(read_upload(one.path.name, one.path.read_bytes()).lines, asked)
    except FunzaError:
        return None


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    """A progress bar on stderr; yields a function that moves it by one file."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Reading", total=total)

        def advance(said: str) -> None:
            progress.update(task, advance=1, description=said[:60])

        yield advance


def register(app: Flask) -> None:
    app.cli.add_command(extract)
