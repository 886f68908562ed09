"""Moves a ledger from one database to another: `python -m deploy.move_database FROM TO`, both SQLAlchemy URLs.

Made for SQLite -> PostgreSQL. Stop the server first. The target is brought to the newest schema and must be empty; all
rows go over in one transaction, and before it is committed each table's rows are counted and the ledger's money and
tokens summed on both sides. The source is only read. Exit code 1, and nothing is written, when anything differs.
"""

# ruff: noqa: T201 - a script
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

import run  # noqa: F401 - importing the app makes every table known
from chatbot.database import db, migrate, open_engine
from chatbot.usage.tables import ATTEMPTS

AT_ONCE = 5_000
"""Rows in one INSERT."""
SEEDED = frozenset({"latest_moment"})
"""Tables in which a migration itself writes a row."""


class Unmovable(Exception):
    """The move would not be whole; the text says why."""


def move(source: Engine, target: Engine) -> dict[str, int]:
    """Copy every row. Returns the rows of each table. Raises Unmovable, SQLAlchemyError: no row was written then."""
    migrate(target)
    migrate(source)
    tables = _all_tables(target)
    moved: dict[str, int] = {}
    with source.execution_options(read_only=True).connect() as old, target.begin() as new:
        for table in tables:
            if table.name in SEEDED:
                new.execute(delete(table))
            elif _count(new, table):
                raise Unmovable(f"{table.name} of the target is not empty.")
            for rows in _batches(old, table):
                new.execute(insert(table), [dict(row) for row in rows])
            moved[table.name] = _count(new, table)
            if moved[table.name] != _count(old, table):
                raise Unmovable(f"{table.name}: not every row arrived.")
        if _sums(old) != _sums(new):
            raise Unmovable("The sums of the ledger differ.")
    return moved


def _all_tables(target: Engine) -> list[Table]:
    """Every table, those that others point to first."""
    known = db.metadata.sorted_tables
    unknown = set(inspect(target).get_table_names()) - {table.name for table in known} - {"alembic_version"}
    if unknown:
        raise Unmovable(f"The target has tables that are not ours: {', '.join(sorted(unknown))}.")
    return known


def _batches(old: Connection, table: Table) -> Iterator[list[Mapping[str, Any]]]:
    rows = old.execution_options(stream_results=True).execute(select(table)).mappings()
    while batch := rows.fetchmany(AT_ONCE):
        yield [dict(row) for row in batch]


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _sums(connection: Connection) -> tuple[int, ...]:
    columns = (ATTEMPTS.c.cost_nano_usd, ATTEMPTS.c.prompt_tokens, ATTEMPTS.c.completion_tokens)
    return tuple(int(value or 0) for value in connection.execute(select(*map(func.sum, columns))).one())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    options = parser.parse_args()
    try:
        moved = move(open_engine(options.source), open_engine(options.target))
    except (Unmovable, SQLAlchemyError) as error:
        said = str(error) if isinstance(error, Unmovable) else type(error).__name__
        print(f"nothing was moved: {said}", file=sys.stderr)
        return 1
    for name, rows in moved.items():
        print(f"{name:<24} {rows:>9} rows")
    print("moved; counts and sums are the same on both sides")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
