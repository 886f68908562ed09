"""The database keeps time zones and whole money, and is migrated once by whoever comes first."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, inspect, select
from sqlalchemy.exc import StatementError

from chatbot.database import NanoUsd, UtcDateTime, migrate, new_id, open_engine

ROW = Table("row", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcDateTime),
            Column("cost", NanoUsd))


def _round_trip(folder: Path, **values: object):  # type: ignore[no-untyped-def]
    engine = create_engine(f"sqlite:///{folder / 'x.db'}")
    ROW.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(ROW).values(id=1, **values))
        return connection.execute(select(ROW)).one()


def test_a_time_comes_back_in_utc_with_its_zone(tmp_path: Path) -> None:
    nairobi = datetime(2026, 11, 21, 15, 0, tzinfo=timezone(timedelta(hours=3)))
    row = _round_trip(tmp_path, at=nairobi)
    assert row.at == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert row.at.tzinfo is UTC


@pytest.mark.parametrize("values", [{"at": datetime(2026, 1, 1)}, {"cost": 0.1}, {"cost": True}])
def test_a_time_without_zone_and_money_that_is_not_whole_are_refused(tmp_path: Path, values: dict[str, object]) -> None:
    with pytest.raises(StatementError):
        _round_trip(tmp_path, **values)


def test_ids_are_ulids_that_sort_by_time() -> None:
    ids = [new_id() for _ in range(500)]
    assert len(set(ids)) == 500
    assert all(len(one) == 26 for one in ids)
    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)


MIGRATE = "import sys; from chatbot.database import *; migrate(open_engine(sys.argv[1]))"


def test_four_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    starts = [subprocess.Popen([sys.executable, "-c", MIGRATE, url], stderr=subprocess.PIPE) for _ in range(4)]
    assert [(start.communicate()[1], start.returncode) for start in starts] == [(b"", 0)] * 4
    assert set(inspect(open_engine(url)).get_table_names()) >= {"calls", "attempts", "alembic_version"}


def test_the_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from chatbot.database import MIGRATIONS

    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.check(config)  # raises when a table and its migrations differ


def test_sqlite_is_set_up_to_survive_a_power_cut(tmp_path: Path) -> None:
    with open_engine(f"sqlite:///{tmp_path / 'x.db'}").connect() as connection:
        read = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert read == ["persist", 2]
