"""Consent: to a text, for a purpose, by a subject; taken back at any time, and at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, update

from chatbot.database import migrate, new_id, open_engine
from chatbot.documents import extractor
from chatbot.errors import InvalidInput, LedgerUnavailable
from chatbot.images.alt import alt_text
from chatbot.images.lessons.recovery import FEATURES as PICTURES
from chatbot.privacy.consent import Consents, purpose_named, purposes
from chatbot.privacy.tables import CONSENTS

TEXTS = {
    ("chat_cloud", 1): "59253cf88322544bfd918f7041f2b682b7f3d6367a1de87fb4fba7f9f3bdf462",
    ("openai_cloud", 1): "cac0ec57d6e6025f99b44e8fd8ca14dcf8d402dda4fdd3ed6d8109a25f17e4c2",
    ("quiz_cloud", 1): "eb48d10d14707f4ca960c44e91bd5d35757fa866325ba47e89ebdc96bbf8dd4d",
    ("extraction_cloud", 1): "b7c694db4e1c41a04573f336b7959a275fa2df13532b495b7bd1574aa8de4ca2",
    ("alt_text_cloud", 1): "9d6316cfc101c8e3724abd639f17564a4fcbe9aad5280590535d04e0d816a67c",
    ("illustration_cloud", 1): "c90711d34a05e6329498330fc8c4e13683fbb99585d2c167f0b6d72e165f4f9d",
    ("escalation_words", 1): "61c1f9869e1fa1a4baa511f626cbc90f2eb9f5f346a3f3ad17aec0fe18af201c"}
"""What was shown under each version. A text that changes gets a new version and a new line; old lines stay."""
CHAT = purpose_named("chat_cloud")
TALK, OTHER = new_id(), new_id()


@pytest.fixture
def engine(database_url: str) -> Engine:
    engine = open_engine(database_url)
    migrate(engine)
    return engine


@pytest.fixture
def consents(engine: Engine) -> Consents:
    return Consents(engine)


def test_a_text_that_changes_gets_a_new_version() -> None:
    assert {(one.name, one.version): one.sha256 for one in purposes().values()}.items() <= TEXTS.items()


def test_nobody_has_consented_before_saying_so(consents: Consents) -> None:
    assert consents.given("chat", "amina", TALK) is None
    assert consents.state(CHAT, "amina", TALK).state == "not_given"


def test_a_yes_holds_for_its_conversation_its_principal_and_its_purpose_alone(consents: Consents) -> None:
    consents.give(CHAT, "amina", TALK, 1)
    assert consents.given("chat", "amina", TALK) is not None
    assert consents.given("chat", "amina", OTHER) is None
    assert consents.given("chat", "wanjiku", TALK) is None
    assert consents.given("openai", "amina", TALK) is None
    assert consents.given("a-feature-without-a-text", "amina", TALK) is None


def test_every_feature_that_a_cloud_may_serve_can_be_consented_to(consents: Consents) -> None:
    for purpose in purposes().values():
        consents.give(purpose, "amina", TALK if purpose.scope == "conversation" else "", purpose.version)
    for feature in ("chat", "openai", "quiz", extractor.FEATURE, alt_text.FEATURE, *PICTURES):
        assert consents.given(feature, "amina", TALK) is not None, feature
    assert consents.given("escalation_words", "amina", TALK) is None


def test_a_withdrawal_holds_at_once_in_every_worker(consents: Consents, engine: Engine) -> None:
    another_worker = Consents(create_engine(engine.url))
    consents.give(CHAT, "amina", TALK, 1)
    consents.give(CHAT, "amina", TALK, 1)
    assert another_worker.given("chat", "amina", TALK) is not None
    another_worker.withdraw(CHAT, "amina", TALK)
    assert consents.given("chat", "amina", TALK) is None
    state = consents.state(CHAT, "amina", TALK)
    assert state.state == "withdrawn"
    assert state.given_at is not None
    assert state.withdrawn_at is not None
    assert state.given_at <= state.withdrawn_at


def test_who_took_it_back_may_give_it_again(consents: Consents) -> None:
    for _ in range(2):
        consents.give(CHAT, "amina", TALK, 1)
        consents.withdraw(CHAT, "amina", TALK)
    consents.give(CHAT, "amina", TALK, 1)
    assert consents.given("chat", "amina", TALK) is not None


def test_a_yes_to_an_older_text_holds_no_more(consents: Consents, engine: Engine) -> None:
    consents.give(CHAT, "amina", TALK, 1)
    with engine.begin() as connection:
        connection.execute(update(CONSENTS).values(version=0))
    assert consents.given("chat", "amina", TALK) is None
    assert consents.state(CHAT, "amina", TALK).state == "outdated"


def test_only_the_present_text_can_be_agreed_to(consents: Consents) -> None:
    with pytest.raises(InvalidInput) as caught:
        consents.give(CHAT, "amina", TALK, 2)
    assert caught.value.field == "version"


def test_a_chat_consents_only_with_a_conversation(consents: Consents) -> None:
    for talk in ("", "not-an-id", "x" * 26, "\0"):
        with pytest.raises(InvalidInput) as caught:
            consents.give(CHAT, "amina", talk, 1)
        assert caught.value.field == "conversation_id"
        assert consents.given("chat", "amina", talk) is None


def test_a_key_consents_once_for_all_its_programs(consents: Consents) -> None:
    consents.give(purpose_named("openai_cloud"), "a-key", "", 1)
    assert consents.given("openai", "a-key", "") is not None
    assert consents.given("openai", "a-key", TALK) is not None
    assert consents.given("openai", "another-key", "") is None


def test_while_the_database_does_not_answer_nobody_has_consented(tmp_path: Path) -> None:
    broken = Consents(create_engine(f"sqlite:///{tmp_path}/nowhere/funza.db"))
    assert broken.given("chat", "amina", TALK) is None
    with pytest.raises(LedgerUnavailable):
        broken.state(CHAT, "amina", TALK)
    with pytest.raises(LedgerUnavailable):
        broken.give(CHAT, "amina", TALK, 1)
