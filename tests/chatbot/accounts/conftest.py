"""Keys and people on a migrated database of their own, and a clock that a test can move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from chatbot.accounts.keys import Keys
from chatbot.accounts.people import People
from chatbot.accounts.seal import Seal
from chatbot.accounts.tables import LATEST
from chatbot.database import migrate, open_engine

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """What the system clock says."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'funza.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(update(LATEST).values(seen_at=NOON - timedelta(days=1)))
    return engine


@pytest.fixture
def seal() -> Seal:
    return Seal("a test's secret key")


@pytest.fixture
def keys(engine: Engine, seal: Seal, clock: Clock) -> Keys:
    return Keys(engine, seal, clock)


@pytest.fixture
def people(engine: Engine, seal: Seal, clock: Clock) -> People:
    return People(engine, seal, clock)
