"""How a command shows its rows: a table for people, JSON and CSV for programs. Unknown is said, never a zero."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatbot.safe_csv import Cell, csv_text, plain

UNKNOWN = "unknown"
Command = Callable[..., Any]


def output_options(command: Command) -> Command:
    """`--json` and `--csv`."""
    command = click.option("--csv", "as_csv", is_flag=True, help="Write CSV; no cell can run as a formula.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Write JSON; unknown is null.")(command)


def show_json(value: Any) -> None:
    """Write a dataclass (or a list of them) as JSON: money as exact text, days as ISO dates."""
    click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def show_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    click.echo(csv_text(header, rows), nl=False)


def show_table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as the terminal: the first column is text and may wrap, the others are numbers and do not."""
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(header):
        table.add_column(Text(name), justify="right" if place else "left", no_wrap=place > 0)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def usd(amount: Decimal | None, places: int = 2) -> str:
    """An amount for people: `$12.34`, `-$0.50`, or `unknown`."""
    if amount is None:
        return UNKNOWN
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.{places}f}"


def number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if hasattr(value, "model_dump"):
        return _plain(value.model_dump())
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value
