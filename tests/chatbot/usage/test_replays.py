"""A request under an idempotency key runs once, and its answer can be read only by who has the key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import OperationalError

from chatbot.database import migrate, now, open_engine
from chatbot.usage.replay_tables import REPLAYS
from chatbot.usage.replays import Claim, InFlight, Kept, OtherRequest, Replays, forget_expired
from chatbot.usage.workers import worker_name

SECRET = "a secret"
ANSWER = Kept(200, {"Content-Type": "application/json"}, b'{"answer":"giraffe\\n"}\n\n')
SCOPE = {"principal": "p1", "route": "POST /chat", "key": "k1", "asked": b"POST /chat {}"}


@pytest.fixture
def engine(database_url: str) -> Engine:
    engine = open_engine(database_url)
    migrate(engine)
    return engine


@pytest.fixture
def replays(engine: Engine) -> Replays:
    return Replays(engine, SECRET)


def _claim(replays: Replays, **other: object) -> Claim:
    claim = replays.claim(**{**SCOPE, **other})  # type: ignore[arg-type]
    assert isinstance(claim, Claim)
    return claim


def test_the_first_request_runs_and_the_second_gets_its_answer(replays: Replays) -> None:
    replays.finish(_claim(replays), ANSWER)
    assert replays.claim(**SCOPE) == ANSWER  # type: ignore[arg-type]


def test_the_answer_survives_a_restart_with_the_same_secret(engine: Engine, replays: Replays) -> None:
    replays.finish(_claim(replays), ANSWER)
    assert Replays(engine, SECRET).claim(**SCOPE) == ANSWER  # type: ignore[arg-type]


def test_a_request_that_runs_is_not_run_again(replays: Replays) -> None:
    _claim(replays)
    assert replays.claim(**SCOPE) == InFlight()  # type: ignore[arg-type]


def test_another_request_under_the_key_is_told_so_running_or_done(replays: Replays) -> None:
    claim = _claim(replays)
    changed = {**SCOPE, "asked": b"POST /chat {1}"}
    assert replays.claim(**changed) == OtherRequest()  # type: ignore[arg-type]
    replays.finish(claim, ANSWER)
    assert replays.claim(**changed) == OtherRequest()  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [{"principal": "p2"}, {"route": "POST /other"}, {"key": "k2"}])
def test_a_key_belongs_to_one_principal_and_one_route(replays: Replays, other: dict[str, object]) -> None:
    replays.finish(_claim(replays), ANSWER)
    _claim(replays, **other)


def test_a_request_that_came_to_nothing_frees_its_key(replays: Replays) -> None:
    replays.finish(_claim(replays), None)
    _claim(replays)


def test_of_many_requests_at_once_one_runs(replays: Replays) -> None:
    ready = threading.Barrier(12)

    def ask(_: int) -> object:
        ready.wait()
        return replays.claim(**SCOPE)  # type: ignore[arg-type]

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(ask, range(12)))
    assert sorted(type(one).__name__ for one in outcomes) == ["Claim"] + ["InFlight"] * 11


def test_the_key_of_a_worker_that_died_is_free_once(engine: Engine, replays: Replays) -> None:
    _claim(replays)
    host, pid, _ = worker_name().rsplit(":", 2)
    _change(engine, worker=f"{host}:{pid}:1")
    _claim(replays)
    assert replays.claim(**SCOPE) == InFlight()  # type: ignore[arg-type]


def test_a_worker_on_another_host_keeps_its_key_as_long_as_a_call_can_last(engine: Engine, replays: Replays) -> None:
    _claim(replays)
    _change(engine, worker="elsewhere:1:1")
    assert replays.claim(**SCOPE) == InFlight()  # type: ignore[arg-type]
    _change(engine, started_at=now() - timedelta(minutes=31))
    _claim(replays)


def test_after_a_day_a_key_is_new_again(engine: Engine, replays: Replays) -> None:
    replays.finish(_claim(replays), ANSWER)
    _change(engine, expires_at=now() - timedelta(seconds=1))
    _claim(replays)


def test_expired_answers_are_deleted_and_the_others_kept(engine: Engine, replays: Replays) -> None:
    for key in ("old", "new"):
        replays.finish(_claim(replays, key=key), ANSWER)
    with engine.connect() as connection:
        first = connection.execute(select(REPLAYS.c.id)).scalars().first()
    with engine.begin() as connection:
        connection.execute(update(REPLAYS).where(REPLAYS.c.id == first).values(expires_at=now() - timedelta(1)))
    assert forget_expired(engine) == 1
    with engine.connect() as connection:
        assert len(connection.execute(select(REPLAYS)).all()) == 1


def test_the_database_alone_tells_neither_the_key_nor_the_words(engine: Engine, replays: Replays) -> None:
    replays.finish(_claim(replays, key="zebra-key", asked=b"lion-question"), ANSWER)
    with engine.connect() as connection:
        stored = repr(connection.execute(select(REPLAYS)).all())
    assert not any(word in stored for word in ("giraffe", "zebra", "lion"))


def test_an_answer_that_was_changed_by_hand_is_not_given(engine: Engine, replays: Replays) -> None:
    replays.finish(_claim(replays), ANSWER)
    _change(engine, sealed=b"something else")
    assert replays.claim(**SCOPE) == OtherRequest()  # type: ignore[arg-type]


def test_what_the_database_could_not_take_is_written_with_the_next_claim(engine: Engine, replays: Replays) -> None:
    claim = _claim(replays)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE replays RENAME TO gone")
    replays.finish(claim, ANSWER)
    with pytest.raises(Exception, match="replays") as failed:
        replays.claim(**SCOPE)  # type: ignore[arg-type]
    assert isinstance(failed.value, OperationalError) or engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO replays")
    assert replays.claim(**SCOPE) == ANSWER  # type: ignore[arg-type]


def _change(engine: Engine, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(update(REPLAYS).values(values))
