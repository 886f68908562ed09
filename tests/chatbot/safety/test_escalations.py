"""Escalations: every grave message gets a record, no record holds its words, and a person's clock runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine, create_engine, text, update

from chatbot.database import migrate, new_id, now, open_engine
from chatbot.errors import InvalidInput, NotFound, RecordsUnavailable, VersionConflict, WrongState
from chatbot.hybrid_ai_service import HybridAIService
from chatbot.privacy.consent import Consents, purpose_named
from chatbot.privacy.conversations import Said, SealedConversations
from chatbot.providers.interface import Message
from chatbot.safety.escalation.escalating import FOUND, OLDEST, SIGNS, Escalating
from chatbot.safety.escalation.escalations import Queue, words_of
from chatbot.safety.escalation.tables import ESCALATIONS
from chatbot.safety.levels import Triage
from chatbot.usage.ledger import NewCall
from tests.house import make_engine, make_settings
from tests.until import until

MINUTES = {"emergency": 15, "urgent": 120}
HER, NURSE, OTHER = "01JD00000000000000000AKNY1", "01JD0000000000000000NVRSE1", "01JD0000000000000000NVRSE2"
BLEEDING = Triage("emergency", ("bleeding-in-pregnancy", "fainting"))
HEADACHE = Triage("urgent", ("headache",))
CALL = NewCall("chat", "hybrid", stage="antenatal", language="en", conversation_id="01JD0000000000000000000001",
               principal=HER)
GRAVE = "I am bleeding heavily and feel faint, 30 weeks"


@pytest.fixture
def engine(database_url: str) -> Engine:
    made = open_engine(database_url)
    migrate(made)
    return made


@pytest.fixture
def escalating(engine: Engine) -> Escalating:
    return Escalating(engine, MINUTES, every=0.05, look_every=0.05)


@pytest.fixture
def queue(engine: Engine) -> Queue:
    return Queue(engine, MINUTES)


def noted(escalating: Escalating, *found: Triage, call: NewCall = CALL) -> None:
    for one in found:
        escalating.note(one, call)
        time.sleep(0.002)  # ids are sorted by the millisecond
    assert escalating.write_waiting() == len(found)


def put_back(engine: Engine, id_: str, minutes: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(ESCALATIONS).where(ESCALATIONS.c.id == id_).values(
            at=now() - timedelta(minutes=minutes)))


# --- the record ---
def test_a_record_says_which_sign_when_and_where_and_holds_no_words(escalating: Escalating, queue: Queue) -> None:
    noted(escalating, BLEEDING)
    one = queue.find()[0]
    assert (one.tier, one.signs, one.stage, one.language, one.surface) == (
        "emergency", BLEEDING.signs, "antenatal", "en", "chat")
    assert (one.conversation_id, one.principal, one.state, one.version) == (CALL.conversation_id, HER, "new", 1)
    assert (one.minutes, one.overdue, one.rules) == (0, False, 0)


@pytest.mark.parametrize("found", [Triage(), Triage("soon", ("itching",))])
def test_what_is_not_grave_makes_no_record(escalating: Escalating, queue: Queue, found: Triage) -> None:
    escalating.note(found, CALL)
    assert escalating.waiting == 0


def test_counters_count_by_tier_and_by_sign(escalating: Escalating) -> None:
    before = FOUND.labels("emergency")._value.get(), SIGNS.labels("emergency", "fainting")._value.get()
    escalating.note(BLEEDING, CALL)
    assert (FOUND.labels("emergency")._value.get(), SIGNS.labels("emergency", "fainting")._value.get()) == (
        before[0] + 1, before[1] + 1)


def test_noting_takes_no_time_even_when_the_database_hangs(escalating: Escalating) -> None:
    began = time.perf_counter()
    for _ in range(1_000):
        escalating.note(BLEEDING, CALL)
    assert time.perf_counter() - began < 10
    assert escalating.waiting == 1_000


def test_while_the_database_is_away_a_record_waits_a_log_line_says_so_and_it_is_written_later(
        escalating: Escalating, engine: Engine, queue: Queue) -> None:
    escalating._engine = create_engine("sqlite:////no/such/folder/x.db")
    with structlog.testing.capture_logs() as lines:
        escalating.note(BLEEDING, CALL)
        assert escalating.write_waiting() == 0
        assert escalating.write_waiting() == 0
    waits = [line for line in lines if line["event"] == "escalation_waits"]
    assert len(waits) == 1
    assert waits[0]["conversation_id"] == CALL.conversation_id
    assert waits[0]["tier"] == "emergency"
    assert escalating.waiting == 1
    escalating._engine = engine
    escalating.start()
    until(lambda: len(queue.find()) == 1)
    escalating.stop()
    assert escalating.waiting == 0


def test_a_record_that_was_written_although_the_answer_got_lost_is_not_written_twice(
        escalating: Escalating, queue: Queue) -> None:
    escalating.note(BLEEDING, CALL)
    waiting = escalating._waiting[0]
    escalating.write_waiting()
    escalating._waiting.append(waiting)
    escalating.write_waiting()
    assert len(queue.find("all")) == 1


def test_the_oldest_open_record_is_measured_and_an_overdue_one_raises_an_alert(
        escalating: Escalating, engine: Engine, queue: Queue) -> None:
    noted(escalating, BLEEDING)
    put_back(engine, queue.find()[0].id, 30)
    escalating.look()
    assert 29 * 60 < OLDEST.labels("emergency")._value.get() < 31 * 60
    assert OLDEST.labels("urgent")._value.get() == 0
    queue.change(queue.find()[0].id, "handled", "called back", 1, NURSE)
    escalating.look()
    assert OLDEST.labels("emergency")._value.get() == 0


# --- the queue ---
def test_emergencies_come_first_then_who_waited_longest(escalating: Escalating, engine: Engine, queue: Queue) -> None:
    noted(escalating, HEADACHE, BLEEDING, BLEEDING)
    first = queue.find("all")
    put_back(engine, first[0].id, 200)
    put_back(engine, first[2].id, 16)
    shown = queue.gravest_first("open", None)
    assert [one.id for one in shown] == [first[2].id, first[1].id, first[0].id]
    assert [one.overdue for one in shown] == [True, False, True]
    assert {one.id for one in queue.gravest_first("overdue", None)} == {first[0].id, first[2].id}
    assert queue.counts() == {"open": 3, "overdue": 2, "new": 3, "seen": 0, "handled": 0, "closed": 0, "all": 3}
    assert [one.tier for one in queue.find("open", "urgent")] == ["urgent"]


def test_a_record_goes_from_new_to_closed_and_its_clock_stands_still_when_it_is_handled(
        escalating: Escalating, engine: Engine, queue: Queue) -> None:
    noted(escalating, BLEEDING)
    id_ = queue.find()[0].id
    put_back(engine, id_, 40)
    seen = queue.change(id_, "seen", "", 1, NURSE)
    assert (seen.state, seen.state_by, seen.version, seen.overdue) == ("seen", NURSE, 2, True)
    handled = queue.change(id_, "handled", "Went with her to the ward", 2, NURSE)
    assert (handled.minutes, handled.overdue, handled.note) == (40, False, "Went with her to the ward")
    assert queue.find() == []
    assert queue.change(id_, "closed", handled.note, 3, OTHER).state_by == OTHER
    with pytest.raises(WrongState):
        queue.change(id_, "new", "", 4, NURSE)


def test_two_nurses_cannot_overwrite_each_other(escalating: Escalating, queue: Queue) -> None:
    noted(escalating, BLEEDING)
    id_ = queue.find()[0].id
    queue.change(id_, "seen", "", 1, OTHER)
    with pytest.raises(VersionConflict, match=OTHER):
        queue.change(id_, "handled", "", 1, NURSE)
    with pytest.raises(NotFound):
        queue.change(new_id(), "seen", "", 1, NURSE)
    with pytest.raises(InvalidInput):
        queue.change(id_, "seen", "x" * 501, 2, NURSE)


def test_identifiers_are_taken_out_of_a_note(escalating: Escalating, queue: Queue) -> None:
    noted(escalating, BLEEDING)
    number = "0712" + " 345 " + "678"
    changed = queue.change(queue.find()[0].id, "handled", f"Called her on {number}, she went", 1, NURSE)
    assert number not in changed.note
    assert "345" not in changed.note
    assert "she went" in changed.note


def test_the_queue_with_no_database_says_so(tmp_path: Path) -> None:
    away = Queue(create_engine(f"sqlite:///{tmp_path}/no/such/folder/x.db"), MINUTES)
    for asked in (away.find, away.counts, lambda: away.change("x", "seen", "", 1, NURSE)):
        with pytest.raises(RecordsUnavailable):
            asked()


# --- her words ---
def test_words_are_read_only_while_she_allows_it_and_as_long_as_they_are_kept(
        escalating: Escalating, engine: Engine, queue: Queue) -> None:
    kept, consents, purpose = SealedConversations(engine, "a test's key"), Consents(engine), purpose_named(
        "escalation_words")
    conversation = CALL.conversation_id
    kept.keep(HER, Said(conversation, now(), "an earlier question", "an answer"))
    noted(escalating, BLEEDING)
    kept.keep(HER, Said(conversation, now(), GRAVE, "go now"))
    kept.keep(HER, Said(conversation, now(), "a later question", "an answer"))
    one = queue.find()[0]
    assert words_of(one, consents, kept, NURSE) is None
    consents.give(purpose, HER, conversation, purpose.version)
    with structlog.testing.capture_logs() as lines:
        assert words_of(one, consents, kept, NURSE) == GRAVE
    assert [(line["event"], line["by"]) for line in lines] == [("escalation_words_read", NURSE)]
    assert GRAVE not in json.dumps(lines)
    consents.withdraw(purpose, HER, conversation)
    assert words_of(one, consents, kept, NURSE) is None
    consents.give(purpose, HER, conversation, purpose.version)
    kept.forget(HER, conversation)
    assert words_of(one, consents, kept, NURSE) is None


def test_somebody_elses_consent_for_the_same_conversation_opens_nothing(
        escalating: Escalating, engine: Engine, queue: Queue) -> None:
    kept, consents, purpose = SealedConversations(engine, "a test's key"), Consents(engine), purpose_named(
        "escalation_words")
    noted(escalating, BLEEDING)
    kept.keep(HER, Said(CALL.conversation_id, now(), GRAVE, "go now"))
    consents.give(purpose, OTHER, CALL.conversation_id, purpose.version)
    assert words_of(queue.find()[0], consents, kept, NURSE) is None


# --- every surface ---
@pytest.fixture
def service(tmp_path: Path) -> Iterator[HybridAIService]:
    settings = make_settings(tmp_path)
    made = HybridAIService(settings, make_engine(settings))
    yield made
    made.close()


def _whole_stream(service: HybridAIService) -> None:
    list(service.stream_chat_response(GRAVE, principal=HER))


def _broken_stream(service: HybridAIService) -> None:
    events = service.stream_chat_response(GRAVE, principal=HER)
    next(events)
    events.close()


SURFACES: dict[str, Any] = {
    "an answer": lambda service: service.generate_chat_response(GRAVE, principal=HER),
    "a stream": _whole_stream, "a stream that she left after its first event": _broken_stream,
    "a completion that no model answered": lambda service: service.complete((Message("user", GRAVE),), principal=HER),
    "a completion in a stream": lambda service: list(service.stream_completion((Message("user", GRAVE),),
                                                                               principal=HER))}


@pytest.mark.parametrize("ask", SURFACES.values(), ids=SURFACES.keys())
def test_every_surface_makes_exactly_one_record_without_words(service: HybridAIService, ask: Any) -> None:
    queue = Queue(service.engine, MINUTES)
    ask(service)
    until(lambda: len(queue.find()) == 1)
    time.sleep(0.05)
    found = queue.find()
    assert [(one.tier, one.principal) for one in found] == [("emergency", HER)]
    with service.engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM escalations")).one()
    assert not {"bleeding heavily", "faint, 30"} & {str(value)[:16] for value in row}
    assert "heavily" not in repr(row)


def test_an_estimate_and_a_routine_question_make_no_record(service: HybridAIService) -> None:
    service.estimate_chat(GRAVE)
    service.generate_chat_response("Why are iron and folic acid tablets given?", principal=HER)
    assert service.escalating.waiting == 0
    assert Queue(service.engine, MINUTES).find("all") == []


def test_a_record_that_cannot_be_written_breaks_no_answer(service: HybridAIService) -> None:
    service.escalating._engine = create_engine("sqlite:////no/such/folder/x.db")
    reply = service.generate_chat_response(GRAVE, principal=HER)
    assert reply.triage.level == "emergency"
    assert reply.answer
