"""One question through the chat: danger signs first, only what the cards support, an honest no when they do not say."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chatbot.chat.answer import Chat
from chatbot.chat.reply import ChatEvent, Done, TextDelta, TriageFound
from chatbot.errors import InvalidInput, TooLong, Unreachable
from chatbot.knowledge.search import card_search
from tests.house import attempts, call_rows, make_calls
from tests.scripted import Scripted, answer

WHY_IRON = "Why are iron and folic acid tablets given in pregnancy?"
SEARCH = card_search()
INVENTED = answer("Iron cures malaria. Take nine tablets at once.")


def _card_text(question: str = WHY_IRON, language: str = "en") -> str:
    return SEARCH.find(question, language, "antenatal")[0].card.wording(language).text  # type: ignore[arg-type]


def _chat(folder: Path, *providers: Scripted, **values: object) -> Chat:
    return Chat(make_calls(folder, *providers, **values), SEARCH)


def _shown(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(("message", "language"), [
    ("I am pregnant and bleeding heavily", "en"),
    ("Nina mimba na ninatokwa na damu nyingi", "sw"),
    ("my baby is having fits", "en"),
])
def test_an_emergency_is_answered_at_once_in_the_womans_language_and_no_model_is_asked(
        tmp_path: Path, message: str, language: str) -> None:
    provider = Scripted("together", answer("Pregnancy is a beautiful journey."))
    chat = _chat(tmp_path, provider)
    began = time.monotonic()
    reply = chat.answer(message)
    assert time.monotonic() - began < 10
    assert (reply.triage.level, reply.language, reply.provenance) == ("emergency", language, "curated")
    assert reply.triage.signs
    assert ("facility" in reply.answer or "hospital" in reply.answer) if language == "en" else "kituo" in reply.answer
    assert "beautiful journey" not in reply.answer
    assert reply.citations[0].url.startswith("https://")
    assert provider.asked == []


def test_an_emergency_in_a_stream_is_its_first_event_and_its_whole_answer(tmp_path: Path) -> None:
    events = list(_chat(tmp_path, Scripted("together", [30.0])).stream("I am pregnant and bleeding heavily"))
    assert isinstance(events[0], TriageFound)
    assert events[0].triage.level == "emergency"
    done = events[-1]
    assert isinstance(done, Done)
    assert _shown(events).strip() == done.reply.answer


def test_what_a_model_says_in_the_cards_words_is_shown_with_its_sources(tmp_path: Path) -> None:
    first = _card_text().split(". ")[0] + "."
    reply = _chat(tmp_path, Scripted("together", answer(first))).answer(WHY_IRON)
    assert (reply.answer, reply.provider, reply.provenance, reply.fell_back) == (first, "together", "cloud", False)
    assert all(one.url.startswith("https://") and one.quote and one.review for one in reply.citations)


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_model_makes_up_is_never_shown_and_the_card_answers(tmp_path: Path, stream: bool) -> None:
    chat = _chat(tmp_path, Scripted("together", INVENTED))
    if stream:
        events = list(chat.stream(WHY_IRON))
        done = events[-1]
        assert isinstance(done, Done)
        reply, shown = done.reply, _shown(events)
    else:
        reply = chat.answer(WHY_IRON)
        shown = reply.answer
    assert _card_text() in shown
    assert "malaria" not in shown
    assert (reply.provider, reply.fell_back) == ("curated", True)


def test_the_next_provider_is_asked_when_the_first_makes_things_up(tmp_path: Path) -> None:
    good = _card_text().split(". ")[0] + "."
    reply = _chat(tmp_path, Scripted("together", INVENTED), Scripted("openai", answer(good))).answer(WHY_IRON)
    assert (reply.provider, reply.answer) == ("openai", good)


def test_with_every_provider_down_the_cards_answer_with_a_citation(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", [Unreachable("refused")]),
                       Scripted("local", INVENTED, cloud=False, last_resort=True))
    reply = Chat(calls, SEARCH).answer(WHY_IRON)
    assert (reply.provenance, reply.fell_back) == ("curated", True)
    assert reply.citations
    assert [(row.provider, row.state, row.failure) for row in attempts(calls)] == [
        ("together", "released", "connect"), ("local", "settled", "unsupported"), ("curated", "settled", "")]


def test_a_swahili_question_is_answered_in_swahili(tmp_path: Path) -> None:
    question = "Kwa nini vidonge vya madini ya chuma hutolewa wakati wa ujauzito?"
    reply = _chat(tmp_path).answer(question)
    assert reply.language == "sw"
    assert _card_text(question, "sw") in reply.answer
    assert {one.review for one in reply.citations} == {"awaiting native review"}


def test_a_question_without_a_stage_is_given_that_of_its_best_card(tmp_path: Path) -> None:
    assert _chat(tmp_path).answer("How long should I breastfeed my baby with milk only?").stage == "postnatal"
    assert _chat(tmp_path).answer("How long should I breastfeed my baby?", stage="delivery").stage == "birth"


@pytest.mark.parametrize(("message", "stage"), [
    ("I am pregnant and bleeding heavily", "antenatal"), ("my newborn is not feeding at all", "postnatal")])
def test_a_danger_sign_without_a_stage_is_given_one_that_it_concerns(tmp_path: Path, message: str, stage: str) -> None:
    assert _chat(tmp_path).answer(message).stage == stage


def test_what_is_not_in_the_sources_is_said_so_and_no_model_is_asked(tmp_path: Path) -> None:
    provider = Scripted("together", answer("Arsenal won."))
    reply = _chat(tmp_path, provider).answer("Who won the football match yesterday?")
    assert "not in my sources" in reply.answer
    assert (reply.citations, provider.asked) == ((), [])


def test_a_lesser_sign_puts_its_advice_before_the_answer(tmp_path: Path) -> None:
    reply = _chat(tmp_path).answer("I have pain when passing urine, why are iron tablets given?")
    assert reply.triage.level in ("soon", "urgent")
    assert reply.answer.index(reply.citations[-1].quote[:30]) > 0


def test_the_deployers_numbers_are_shown_with_their_date_and_none_is_built_in(tmp_path: Path) -> None:
    plain = _chat(tmp_path).answer("I am pregnant and bleeding heavily").answer
    assert not any(letter.isdigit() for letter in plain)
    told = _chat(tmp_path, emergency_numbers="Clinic=CALL-US", emergency_numbers_verified_on="2026-11-01")
    assert "CALL-US" in told.answer("I am pregnant and bleeding heavily").answer


@pytest.mark.parametrize(("asked", "field"), [
    ({"message": "  "}, "message"), ({"language": "fr"}, "language"), ({"stage": "teenage"}, "stage"),
    ({"strategy": "magic"}, "strategy"), ({"conversation_id": "1; DROP TABLE calls"}, "conversation_id")])
def test_a_bad_argument_is_named_and_nothing_is_written(tmp_path: Path, asked: dict[str, str], field: str) -> None:
    calls = make_calls(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        Chat(calls, SEARCH).answer(**{"message": WHY_IRON, **asked})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert call_rows(calls) == []


def test_a_message_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLong):
        _chat(tmp_path, max_message_chars=100).answer("iron " * 50)


def test_the_ledger_knows_the_stage_language_and_level_but_no_word(tmp_path: Path) -> None:
    calls = make_calls(tmp_path)
    reply = Chat(calls, SEARCH).answer("I am pregnant and bleeding heavily", stage="prenatal")
    (row,) = call_rows(calls)
    assert (row.stage, row.language, row.triage_level, row.conversation_id) == (
        "antenatal", "en", "emergency", reply.conversation_id)
    assert b"bleeding" not in (tmp_path / "funza.db").read_bytes()
