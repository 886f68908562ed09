"""`flask models`: the weights on this machine. What is there, fetch, check and remove them, and list them for a bucket.

Exit codes: 0 done · 1 it failed, and said why · 2 wrong options · 4 login or licence needed · 5 source out of reach
· 6 this machine cannot run it · 7 refused (no hash, code in config, a place that is not allowed) · 78 wrong setting
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from chatbot.errors import NotReady
from chatbot.local_model import cache
from chatbot.local_model.catalogue import CATALOGUE, Model
from chatbot.local_model.choice import candidates, in_each_form, named, to_fetch, what_runs_here
from chatbot.local_model.fetching import fetch, in_use
from chatbot.local_model.hardware import look
from chatbot.local_model.setup_report import Report, download_bar, size
from chatbot.local_model.sources.failures import LoginNeeded, Refused, SourceUnreachable
from chatbot.local_model.sources.manifest import write_manifest
from chatbot.local_model.weights import discard_marker, find, recheck_folder
from commands.printing import show_json, show_table
from config import Settings

FAILED, LOGIN, UNREACHABLE, CANNOT, REFUSED = 1, 4, 5, 6, 7
models = AppGroup("models", help="The weights on this machine.")
as_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@models.command("list")
@as_json_option
@with_appcontext
def list_models(*, as_json: bool) -> None:
    """List what is here, and what could be: size, last use, and why a model cannot run."""
    settings = _settings()
    rows = [*_here(settings), *_could_be(settings)]
    if as_json:
        show_json({"model_dir": str(settings.model_dir), "cache_gb": settings.model_cache_gb,
                   "bytes": cache.taken(settings.model_dir), "models": rows})
        return
    show_table(f"Weights in {settings.model_dir}", ("model", "state", "size", "last used"), [
        (row["model"], row["state"], size(row["bytes"]) if row["bytes"] else "?", (row["last_used"] or "")[:16])
        for row in rows])
    for row in rows:
        if row["why_not"]:
            click.echo(f"{row['model']}: {row['why_not']}.")


@models.command("pull")
@click.argument("name", default="", metavar="[ID]")
@as_json_option
@with_appcontext
def pull(*, name: str, as_json: bool) -> None:
    """Download and verify the weights of ID, or of what this machine would answer with. Goes on where it stopped."""
    settings = _settings()
    with _ending(as_json) as told:
        model = _to_pull(name, settings)
        told["model"] = model.id
        with download_bar(Report(as_json=as_json)) as progress:
            told["weights"] = str(fetch(model, settings, progress))
        _say(as_json, f"{model.id} is here, its hashes checked: {told['weights']}")


@models.command("verify")
@click.argument("name", default="", metavar="[ID]")
@as_json_option
@with_appcontext
def verify(*, name: str, as_json: bool) -> None:
    """Read every byte of all weights (or of ID) again. Damaged ones are never loaded; `pull` fetches them anew."""
    settings = _settings()
    with _ending(as_json) as told:
        told["models"] = []
        for entry in _matching(name, settings, "verified"):
            with download_bar(Report(as_json=as_json)) as progress:
                whole = recheck_folder(entry.folder, progress)
            if not whole:
                discard_marker(entry.folder)
            told["models"].append({"model": entry.source, "whole": whole})
            _say(as_json, f"{entry.source}: {'whole' if whole else 'DAMAGED, and set aside'}")
        if not all(one["whole"] for one in told["models"]):
            raise NotReady("Some weights are damaged.", remedy="Run `flask models pull` for them.")


@models.command("evict")
@click.argument("name", default="", metavar="[ID]")
@click.option("--to", "to_gb", type=click.FloatRange(0), metavar="GB", help="Until at most so much is left; what was "
              "used longest ago goes first. Never what is loaded, or would be next.")
@as_json_option
@with_appcontext
def evict(*, name: str, to_gb: float | None, as_json: bool) -> None:
    """Remove downloaded weights. Files that no download of ours wrote stay."""
    if bool(name) == (to_gb is not None):
        raise click.UsageError("Name an ID, or --to GB.")
    settings = _settings()
    with _ending(as_json) as told:
        if to_gb is None:
            gone = _matching(name, settings)
            for entry in gone:
                cache.evict(entry)
        else:
            gone = cache.shrink(settings.model_dir, int(to_gb * 1e9), in_use(settings))
        left = cache.taken(settings.model_dir)
        told.update(evicted=[entry.source for entry in gone], bytes=sum(entry.size for entry in gone), left=left)
        _say(as_json, f"{size(told['bytes'])} removed, {size(left)} left.")
        if to_gb is not None and left > to_gb * 1e9:
            raise NotReady(f"{size(left)} are loaded, or would be next.",
                           remedy="Stop the server, or evict it by name.")


@models.command("manifest")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_json_option
def manifest(*, folder: Path, as_json: bool) -> None:
    """Write FOLDER/manifest.json: upload the folder to a bucket or web server, and pin it by the hash printed."""
    with _ending(as_json) as told:
        with download_bar(Report(as_json=as_json)) as progress:
            told["sha256"] = write_manifest(folder, progress)
        _say(as_json, f"{folder / 'manifest.json'}\n#sha256={told['sha256']}")


def _here(settings: Settings) -> list[dict[str, Any]]:
    return [_row(_id_of(entry.source), "loaded" if entry.in_use else entry.state, entry.size, entry.last_used)
            for entry in reversed(cache.entries(settings.model_dir))]


def _could_be(settings: Settings) -> list[dict[str, Any]]:
    try:
        wanted = candidates(settings) if settings.local_model else ()
    except NotReady as error:
        return [_row(settings.local_model, "refused", 0, None, error.detail)]
    options = what_runs_here(look(settings.model_dir), tuple(dict.fromkeys((*wanted, *CATALOGUE))))
    return [_row(option.model.id, "cannot run here" if option.why_not else "can be fetched", option.model.download,
                 None, option.why_not)
            for option in options if not find(option.model, settings.model_dir)]


def _row(model: str, state: str, count: int, used: float | None, why_not: str = "") -> dict[str, Any]:
    day = datetime.fromtimestamp(used, UTC).isoformat(timespec="seconds") if used is not None else None
    return {"model": model, "state": state, "bytes": count, "last_used": day, "why_not": why_not}


def _id_of(source: str) -> str:
    return next((row.id for row in CATALOGUE if row.repository == source), source)


def _to_pull(name: str, settings: Settings) -> Model:
    """The form of `name` (or of what the settings want) that this machine runs; else the one it was named as."""
    if not name:
        fitting = to_fetch(settings, look(settings.model_dir))
        if not fitting:
            raise CannotRun("No model of the settings can run on this machine.", remedy="See `flask models list`.")
        return fitting[0]
    forms = in_each_form(named(name))
    return next((option.model for option in what_runs_here(look(settings.model_dir), forms) if not option.why_not),
                forms[0])


def _matching(name: str, settings: Settings, state: str = "") -> list[cache.Entry]:
    """Entries of this id, hub id, address or folder name; all without a name. Raises NotReady when none is here."""
    every = [entry for entry in cache.entries(settings.model_dir) if state in ("", entry.state)]
    found = [entry for entry in every if not name or name in (
        entry.source, _id_of(entry.source), entry.source.rsplit("/", 1)[-1].removesuffix(".gguf"), entry.folder.name)]
    if name and not found:
        raise NotReady(f"No weights of {name} are here.", remedy="See `flask models list`.")
    return found


class CannotRun(NotReady):
    """No room for it on this machine."""


@contextmanager
def _ending(as_json: bool) -> Iterator[dict[str, Any]]:
    """Collects what to tell a program; a failure is one line on stderr and an exit code, without a traceback."""
    told: dict[str, Any] = {}
    code = 0
    try:
        yield told
    except NotReady as error:
        code = _code(error)
        told["error"] = {"detail": error.detail, "remedy": error.remedy}
        if not as_json:
            click.echo(f"Error: {error.detail} {error.remedy or ''}".rstrip(), err=True)
    if as_json:
        show_json({"exit_code": code, **told})
    if code:
        sys.exit(code)


def _code(error: NotReady) -> int:
    kinds = ((LoginNeeded, LOGIN), (SourceUnreachable, UNREACHABLE), (CannotRun, CANNOT), (Refused, REFUSED))
    return next((code for kind, code in kinds if isinstance(error, kind)), FAILED)


def _say(as_json: bool, text: str) -> None:
    if not as_json:
        click.echo(text)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["funza"].settings
    return settings


def register(app: Flask) -> None:
    app.cli.add_command(models)
