"""The same on SQLite and on PostgreSQL: a key and a person from their making to their end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, inspect, update

from chatbot.accounts.keys import Keys
from chatbot.accounts.people import People
from chatbot.accounts.seal import Seal
from chatbot.accounts.tables import LATEST
from chatbot.database import migrate, open_engine
from tests.chatbot.accounts.conftest import NOON, Clock


@pytest.fixture
def engine(database_url: str) -> Engine:
    engine = open_engine(database_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(update(LATEST).values(seen_at=NOON - timedelta(days=1)))
    return engine


def test_a_key_lives_expires_and_does_not_revive(engine: Engine, seal: Seal, clock: Clock) -> None:
    keys, elsewhere = Keys(engine, seal, clock), Keys(engine, seal, clock)
    lasting = keys.create("lasting", "admin", expires_at=None)
    short = keys.create("short", "learner", expires_at=NOON + timedelta(hours=1))
    assert elsewhere.principal_of(short.secret) is not None
    clock.move(hours=2)
    assert elsewhere.principal_of(short.secret) is None
    clock.move(days=-1)
    assert keys.principal_of(short.secret) is None
    assert keys.principal_of(lasting.secret) is not None
    elsewhere.revoke(lasting.key.prefix)
    assert keys.principal_of(lasting.secret) is None
    assert {key.name: key.state for key in keys.all()} == {"lasting": "revoked", "short": "expired"}


def test_a_person_signs_in_and_out_and_gets_a_new_password(engine: Engine, seal: Seal, clock: Clock) -> None:
    people = People(engine, seal, clock)
    people.add("amina", "three quiet goats", "educator")
    token = people.sign_in("AMINA", "three quiet goats")
    assert token is not None
    principal = people.principal_of(token)
    assert principal is not None
    assert principal.role == "educator"
    people.set_password("amina", "another long password")
    assert people.principal_of(token) is None
    assert people.sign_in("amina", "three quiet goats") is None


def test_calls_know_who_asked(engine: Engine) -> None:
    assert "principal" in {column["name"] for column in inspect(engine).get_columns("calls")}
    assert "ix_calls_principal_day" in {index["name"] for index in inspect(engine).get_indexes("calls")}
