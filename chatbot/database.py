"""The database: Flask-SQLAlchemy's `db`, the column types every table uses, safe SQLite, migrations under a lock.

SQLite runs with `journal_mode=PERSIST, synchronous=FULL` and `BEGIN IMMEDIATE`: this Python's SQLite (3.40) has a
corruption race in WAL mode with several connections (sqlite.org/wal.html, "the WAL-reset bug", mended in 3.51.3), and
a deferred transaction that upgrades answers "database is locked" at once instead of waiting.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

MIGRATIONS = Path(__file__).parent.parent / "migrations"
NANO = 1_000_000_000
"""Nano-dollars in a dollar: money is kept as whole nano-dollars."""


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={
        "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s"})


db = SQLAlchemy(model_class=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, always aware and in UTC (SQLite forgets the zone; naive values are refused)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class NanoUsd(TypeDecorator[int]):
    """Money as whole nano-US-dollars. A float is refused: money is never rounded by accident."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        if value is not None and type(value) is not int:
            raise ValueError(f"money must be a whole number of nano-dollars, not {type(value).__name__}")
        return value


def usd(nano: int) -> Decimal:
    """Nano-dollars as dollars, exact."""
    return Decimal(nano) / NANO


def new_id() -> str:
    """A ULID: 26 characters, sortable by time of making (github.com/ulid/spec), random in its last 80 bits."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(125, -5, -5))


def now() -> datetime:
    return datetime.now(UTC)


def engine_options(url: str) -> dict[str, Any]:
    """Options for `create_engine`: never wait longer than 2 s for a connection, 5 s for a lock.

    PostgreSQL: a connection that a restart or a failover broke is noticed before it is used (`pool_pre_ping`), and a
    server that went away without a word within 10 s. 16 connections a worker: count them against its max_connections.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 5, "check_same_thread": False}}
    return {"pool_timeout": 2, "pool_pre_ping": True, "pool_size": 8, "max_overflow": 8, "connect_args": {
        "connect_timeout": 2, "tcp_user_timeout": 10_000, "application_name": "funza"}}


def prepare_folder(url: str) -> str:
    """Make the folder of a SQLite file and return the URL with an absolute path."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return url
    path = Path(parsed.database).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return parsed.set(database=str(path)).render_as_string(hide_password=False)


def open_engine(url: str) -> Engine:
    """An engine for code that runs without a Flask app (the scripts, `get_hybrid_service`)."""
    return create_engine(prepare_folder(url), **engine_options(url))


@event.listens_for(Engine, "connect")
def _make_sqlite_safe(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None  # we begin transactions ourselves, below
        connection.execute("PRAGMA journal_mode=PERSIST")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")


@event.listens_for(Engine, "connect")
def _make_postgresql_patient(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("psycopg"):
        connection.execute("SET lock_timeout = '5s'")  # not in the URL's options: pgbouncer refuses those
        connection.commit()


@event.listens_for(Engine, "begin")
def _begin_immediate(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


_migrating = threading.Lock()  # Alembic's context is a process-wide global


@contextmanager
def _migration_lock(engine: Engine) -> Iterator[None]:
    """One process migrates, the others wait (a file lock beside SQLite, an advisory lock in PostgreSQL)."""
    from filelock import FileLock

    if engine.dialect.name == "sqlite":
        if not engine.url.database or engine.url.database == ":memory:":
            yield
            return
        with FileLock(f"{engine.url.database}.migrate.lock", timeout=60):
            yield
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")  # the first of many slow starters takes its time
        connection.exec_driver_sql("SELECT pg_advisory_lock(726182)")
        try:
            yield
        finally:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(726182)")


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest migration; safe to call from several processes at once."""
    from alembic import command
    from alembic.config import Config

    with _migrating, _migration_lock(engine):
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["engine"] = engine
        command.upgrade(config, "head")
