"""What ends by itself, and when: words, receipts, consents, escalations. Time is handed in, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from chatbot.database import migrate, new_id, now, open_engine
from chatbot.hybrid_ai_service import HybridAIService
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.privacy.conversations import Said, SealedConversations
from chatbot.privacy.tables import CONSENTS, RECEIPTS
from chatbot.retention import Kept, forget_old_records, forget_old_words
from chatbot.safety.escalation.tables import ESCALATIONS
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.replay_tables import REPLAYS
from chatbot.usage.replays import Claim, Replays, forget_expired
from chatbot.usage.report import usage_report
from chatbot.usage.upkeep import Upkeep
from tests.house import make_engine, make_settings
from tests.until import until

KEPT = Kept(words=30, receipts=100, escalations=200)
BEGAN = now()
CHAT = purpose_named("chat_cloud")


@pytest.fixture
def engine(database_url: str) -> Engine:
    engine = open_engine(database_url)
    migrate(engine)
    return engine


def after(days: float) -> datetime:
    return BEGAN + timedelta(days=days)


def receipt(engine: Engine, reason: str = "CLOUD_POLICY=allowed", at: datetime = BEGAN) -> None:
    with engine.begin() as connection:
        connection.execute(insert(RECEIPTS).values(
            attempt_id=new_id(), call_id=new_id(), at=at, provider="together", model="m", purpose="chat",
            reason=reason, sha256="0" * 64, size=2, redacted="{}", sealed=b"sealed words"))


def escalation(engine: Engine, state: str) -> None:
    with engine.begin() as connection:
        connection.execute(insert(ESCALATIONS).values(
            id=new_id(), at=BEGAN, tier="urgent", signs="[]", rules=0, stage="birth", language="en", surface="chat",
            conversation_id="01JD0000000000000000000001", principal="achieng", state=state, state_at=None, state_by="",
            note="called back", version=1))


def test_the_words_of_a_receipt_go_first_and_its_hash_and_time_stay(engine: Engine) -> None:
    receipt(engine)
    assert forget_old_records(engine, KEPT, after(29))["receipt_texts"] == 0
    assert forget_old_records(engine, KEPT, after(31))["receipt_texts"] == 1
    with engine.connect() as connection:
        (row,) = connection.execute(select(RECEIPTS))
    assert (row.sealed, row.sha256, row.at) == (None, "0" * 64, BEGAN)
    assert forget_old_records(engine, KEPT, after(101))["receipts"] == 1


def test_where_words_are_kept_in_memory_alone_those_of_a_receipt_go_after_a_day(engine: Engine) -> None:
    receipt(engine)
    kept = Kept(words=0, receipts=100, escalations=200)
    assert forget_old_records(engine, kept, after(0.9))["receipt_texts"] == 0
    assert forget_old_records(engine, kept, after(1.1))["receipt_texts"] == 1


def test_a_consent_is_kept_as_long_as_the_receipts_that_name_it(engine: Engine) -> None:
    consents, talk = Consents(engine), new_id()
    consents.give(CHAT, "achieng", talk, CHAT.version)
    given = consents.given("chat", "achieng", talk)
    assert given is not None
    consents.withdraw(CHAT, "achieng", talk)
    receipt(engine, f"consent {given.id} v{given.version}", at=now() + timedelta(seconds=60))  # a call under way
    for day in range(90, 110):
        forget_old_records(engine, KEPT, after(day))
        with engine.connect() as connection:
            proven = set(connection.scalars(select(CONSENTS.c.id)))
            named = {reason.split()[1] for reason in connection.scalars(select(RECEIPTS.c.reason))}
        assert named <= proven
    assert (named, proven) == (set(), set())


def test_a_consent_that_holds_is_never_forgotten(engine: Engine) -> None:
    consents, talk = Consents(engine), new_id()
    consents.give(CHAT, "achieng", talk, CHAT.version)
    assert forget_old_records(engine, KEPT, after(3_000))["consents"] == 0
    assert consents.given("chat", "achieng", talk) is not None


def test_an_escalation_that_was_seen_to_goes_and_an_open_one_stays_without_its_person(engine: Engine) -> None:
    for state in ("new", "seen", "handled", "closed"):
        escalation(engine, state)
    assert forget_old_records(engine, KEPT, after(199))["escalations"] == 0
    assert forget_old_records(engine, KEPT, after(201))["escalations"] == 2
    with engine.connect() as connection:
        left = {row.state: (row.principal, row.conversation_id, row.note, row.tier)
                for row in connection.execute(select(ESCALATIONS))}
    assert left == dict.fromkeys(("new", "seen"), ("", "", "", "urgent"))


def test_what_was_said_goes_after_its_days(engine: Engine) -> None:
    kept = SealedConversations(engine, "a secret key of this test")
    kept.keep("achieng", Said(new_id(), BEGAN, "words", "an answer"))
    assert forget_old_words(kept, KEPT, after(29)) == 0
    assert forget_old_words(kept, KEPT, after(31)) == 1
    assert kept.turns("achieng") == []


def test_a_kept_answer_for_a_client_that_asks_again_goes_after_a_day(engine: Engine) -> None:
    replays = Replays(engine, "a secret key of this test")
    assert isinstance(replays.claim(principal="achieng", route="POST /chat", key="k", asked=b"x"), Claim)
    with engine.begin() as connection:
        connection.execute(update(REPLAYS).values(expires_at=now() - timedelta(hours=1)))
    forget_expired(engine)
    with engine.connect() as connection:
        assert connection.execute(select(REPLAYS)).all() == []


def test_the_books_keep_their_sums_whatever_ends(engine: Engine) -> None:
    Ledger(engine).answer_from_cards(new_id(), ordinal=1, fell_back=False, opening=NewCall(
        "chat", "hybrid", conversation_id=new_id(), principal="achieng"))
    receipt(engine)
    escalation(engine, "closed")
    before = usage_report(engine, by="provider").total
    gone = forget_old_records(engine, KEPT, after(5_000))
    assert (gone["receipts"], gone["escalations"]) == (1, 1)
    assert usage_report(engine, by="provider").total == before
    assert before.calls == 1


# --- who does it, and when ---
def test_upkeep_ends_what_the_settings_say_is_over(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, receipt_days=1, escalation_days=1, secret_key="a test's secret")
    engine = make_engine(settings)
    receipt(engine, at=now() - timedelta(days=2))
    service = HybridAIService(settings, engine, {})
    try:
        service.upkeep.tidy_all()
        with engine.connect() as connection:
            assert connection.execute(select(RECEIPTS)).all() == []
    finally:
        service.close()


def test_work_of_each_tidying_is_done_again_and_again_and_that_of_an_hour_once(tmp_path: Path) -> None:
    engine = make_engine(make_settings(tmp_path))
    done: list[str] = []
    upkeep = Upkeep(engine, Ledger(engine), every=0.005, tidy_every=0.005)
    upkeep.also_tidy(lambda: done.append("often"))
    upkeep.also_tidy(lambda: done.append("rarely"), every=3_600)
    upkeep.start()
    until(lambda: done.count("often") >= 3)
    upkeep.stop()
    assert done.count("rarely") == 1
