"""A database that is in use keeps every row when the schema moves on."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from chatbot.database import MIGRATIONS, migrate, open_engine

TARGETS = {
    "sqlite": """SELECT "table" FROM pragma_foreign_key_list('attempts')""",
    "postgresql": "SELECT confrelid::regclass::text FROM pg_constraint"
                  " WHERE conrelid = 'attempts'::regclass AND contype = 'f'"}
"""What each try's foreign key names."""
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def old(database_url: str) -> Engine:
    """A database of the first release, with a call and its two tries."""
    engine = open_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "0004")
    with engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO calls (id, started_at, day, feature, stage, language, strategy, conversation_id, principal,"
            " triage_level, state, error_code, provider, model, fell_back, finish_reason, prompt_tokens,"
            " completion_tokens, cost_nano_usd, cost_state, latency_ms, worker) VALUES ('C1', :at, :day, 'chat', '',"
            " 'en', 'hybrid', '', '', 'none', 'answered', '', 'openai', 'm', :yes, 'stop', 10, 20, 700, 'exact', 90,"
            " 'w')"), {"at": AT, "day": date(2026, 11, 1), "yes": True})
        for ordinal, state in enumerate(("released", "settled"), 1):
            connection.execute(text(
                "INSERT INTO attempts (id, call_id, ordinal, day, provider, model, state, failure, prompt_tokens,"
                " completion_tokens, cached_tokens, reasoning_tokens, usage_source, cost_nano_usd, cost_state,"
                " price_source, started_at, latency_ms, worker, upstream_id) VALUES (:id, 'C1', :ordinal, :day,"
                " 'openai', 'm', :state, '', 10, 20, 0, 0, 'provider', 350, 'exact', '', :at, 40, 'w', '')"),
                {"id": f"A{ordinal}", "ordinal": ordinal, "day": date(2026, 11, 1), "state": state, "at": AT})
    return engine


def test_calls_and_their_tries_survive_every_later_migration(old: Engine) -> None:
    migrate(old)
    with old.connect() as connection:
        assert connection.execute(text("SELECT id, state, cost_nano_usd FROM calls")).all() == [("C1", "answered", 700)]
        assert connection.execute(text("SELECT id, call_id, state FROM attempts ORDER BY id")).all() == [
            ("A1", "C1", "released"), ("A2", "C1", "settled")]


def test_after_it_a_try_still_needs_its_call(old: Engine) -> None:
    migrate(old)
    with old.connect() as connection:
        if old.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        targets = set(connection.scalars(text(TARGETS[old.dialect.name])))
        assert targets == {"calls"}
