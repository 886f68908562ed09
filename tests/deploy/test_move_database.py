"""A ledger moves from SQLite to PostgreSQL whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, select

from chatbot.usage.report import usage_report
from chatbot.usage.tables import CALLS
from deploy.move_database import Unmovable, move
from tests.chatbot.usage.test_day_totals import fill
from tests.house import make_engine, make_settings
from tests.postgres import Cluster


@pytest.fixture
def old(tmp_path: Path) -> Engine:
    engine = make_engine(make_settings(tmp_path))
    fill(engine)
    usage_report(engine)  # folds days: their sums move as well
    return engine


def test_every_row_arrives_and_the_reports_agree(old: Engine, postgres: Cluster) -> None:
    new = create_engine(postgres.new_database())
    moved = move(old, new)
    assert moved["calls"] == 180
    assert moved["attempts"] > 180
    assert moved["day_totals"] > 0
    assert usage_report(new, by="model") == usage_report(old, by="model")
    with old.connect() as one, new.connect() as two:
        query = select(CALLS.c.id, CALLS.c.started_at).order_by(CALLS.c.id)
        assert one.execute(query).all() == two.execute(query).all(), "times keep their moment"
    with pytest.raises(Unmovable, match="not empty"):
        move(old, new)
    new.dispose()


def test_a_target_with_rows_is_left_as_it_is(old: Engine, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    new = make_engine(make_settings(tmp_path / "other"))
    with old.connect() as connection:
        row = dict(connection.execute(select(CALLS).limit(1)).mappings().one())
    with new.begin() as connection:
        connection.execute(insert(CALLS), [row])
    with pytest.raises(Unmovable, match="calls"):
        move(old, new)
    with new.connect() as connection:
        assert len(connection.execute(select(CALLS.c.id)).all()) == 1
