"""What was said is kept sealed, for one subject, for as long as asked; or in memory alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from chatbot.database import now, open_engine
from chatbot.privacy.conversations import Conversations, InMemory, Said, SealedConversations, conversations
from tests.migrated import migrated_file
from tests.postgres import migrated_database

ONE, OTHER = "01JD0000000000000000000001", "01JD0000000000000000000002"
SECRET = "a secret key of this test"


@pytest.fixture
def engine(migrated_url: str) -> Engine:
    return open_engine(migrated_url)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Conversations:
    if request.param == "memory":
        return InMemory()
    return SealedConversations(open_engine(migrated_database(request, tmp_path)), SECRET)


def said(message: str, conversation: str = ONE, days_ago: float = 0) -> Said:
    return Said(conversation, now() - timedelta(days=days_ago), message, f"an answer to {message}", "curated")


def test_turns_come_back_in_order_to_their_subject_alone(kept: Conversations) -> None:
    for message in ("first", "second"):
        kept.keep("achieng", said(message))
    kept.keep("wanjiru", said("hers"))
    assert [turn.message for turn in kept.turns("achieng", ONE)] == ["first", "second"]
    assert [turn.answer for turn in kept.turns("wanjiru")] == ["an answer to hers"]
    assert kept.turns("nobody") == []


def test_the_latest_turns_are_those_of_one_conversation_since_a_moment_oldest_first(kept: Conversations) -> None:
    kept.keep("achieng", said("too old", days_ago=0.5))
    for message in ("first", "second", "third"):
        kept.keep("achieng", said(message))
    kept.keep("achieng", said("another talk", OTHER))
    kept.keep("wanjiru", said("hers"))
    since = now() - timedelta(hours=6)
    assert [turn.message for turn in kept.latest("achieng", ONE, 2, since)] == ["second", "third"]
    assert [turn.message for turn in kept.latest("achieng", ONE, 9, since)] == ["first", "second", "third"]
    assert kept.latest("nobody", ONE, 9, since) == []


def test_a_list_of_conversations_has_the_latest_first(kept: Conversations) -> None:
    kept.keep("achieng", said("old", ONE, days_ago=0.5))
    kept.keep("achieng", said("new", OTHER))
    kept.keep("achieng", said("newer", OTHER))
    assert [(one.conversation_id, one.turns) for one in kept.all_of("achieng")] == [(OTHER, 2), (ONE, 1)]


def test_one_conversation_can_be_forgotten_and_the_others_stay(kept: Conversations) -> None:
    kept.keep("achieng", said("gone", ONE))
    kept.keep("achieng", said("stays", OTHER))
    kept.keep("wanjiru", said("hers", ONE))
    assert kept.forget("achieng", ONE) == 1
    assert [turn.message for turn in kept.turns("achieng")] == ["stays"]
    assert [turn.message for turn in kept.turns("wanjiru")] == ["hers"]


def test_what_is_older_than_asked_is_forgotten(kept: Conversations) -> None:
    kept.keep("achieng", said("old", days_ago=0.9))
    kept.keep("achieng", said("new"))
    assert kept.forget_older(now() - timedelta(days=0.5)) == 1
    assert [turn.message for turn in kept.turns("achieng")] == ["new"]


def test_the_database_holds_no_word_of_it(tmp_path: Path) -> None:
    engine = open_engine(migrated_file(tmp_path / "kept.db"))
    SealedConversations(engine, SECRET).keep("achieng", said("nina mimba ya miezi saba"))
    engine.dispose()
    assert all(b"miezi saba" not in file.read_bytes() for file in tmp_path.iterdir())


def test_another_secret_key_reads_nothing_and_breaks_nothing(engine: Engine) -> None:
    SealedConversations(engine, SECRET).keep("achieng", said("words"))
    other = SealedConversations(engine, "another secret")
    assert other.turns("achieng") == []
    other.keep("achieng", said("cannot be sealed with her key"))
    assert len(SealedConversations(engine, SECRET).turns("achieng")) == 1


def test_forgetting_the_last_turn_destroys_the_key(engine: Engine) -> None:
    kept = SealedConversations(engine, SECRET)
    kept.keep("achieng", said("words"))
    kept.forget("achieng")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM subject_keys")) == 0


def test_a_turn_that_cannot_be_kept_is_no_failure(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE turns"))
    SealedConversations(engine, SECRET).keep("achieng", said("secret words"))
    shown = capsys.readouterr()
    assert "secret words" not in shown.out + shown.err


@pytest.mark.parametrize(("secret", "days", "kind"), [
    (SECRET, 30, SealedConversations), (SECRET, 0, InMemory), ("", 30, InMemory), ("  ", 30, InMemory)])
def test_the_settings_say_where_words_are_kept(tmp_path: Path, secret: str, days: int, kind: type) -> None:
    assert isinstance(conversations(open_engine(f"sqlite:///{tmp_path}/x.db"), secret, days), kind)


def test_memory_holds_a_bounded_number_of_turns() -> None:
    kept = InMemory()
    for number in range(2_010):
        kept.keep("achieng", said(f"number {number}"))
    assert len(kept.turns("achieng")) == 2_000
    assert kept.turns("achieng")[0].message == "number 10"
