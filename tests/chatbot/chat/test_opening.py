"""A message that asks nothing yet is asked back; whatever names a complaint, a thing or a wish is a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.chat.answer import Chat
from chatbot.chat.opening import asks_nothing
from chatbot.chat.texts import ASK_BACK
from chatbot.knowledge.cards import all_cards
from chatbot.knowledge.search import card_search
from chatbot.stages import all_stages
from tests.house import make_calls
from tests.scripted import Scripted, answer

SEARCH = card_search()
NOTHING = ["hi", "hello doctor", "good morning", "thank you so much", "asante sana daktari", "I am 30 weeks",
           "am 30 wks pregnant", "i am pregnant, first time mum", "nina mimba ya miezi 5", "niko na mimba wiki 20",
           "my baby is 2 weeks old", "habari, nina mtoto wa wiki mbili", "i gave birth 3 days ago",
           "need help i am pregnant"]
QUESTIONS = ["am i pregnant", "i am pregnant?", "is my baby ok", "first trimester", "newborn", "i have a headache",
             "je nina mimba", "i want to know my due date", "i am 30 weeks and my feet swell", "nina mimba na homa",
             "hello, why are iron tablets given", "hakuna damu"]


@pytest.mark.parametrize("message", NOTHING)
def test_a_greeting_or_who_she_is_asks_nothing(message: str) -> None:
    assert asks_nothing(message)


@pytest.mark.parametrize("message", QUESTIONS)
def test_a_complaint_a_thing_or_a_wish_is_a_question(message: str) -> None:
    assert not asks_nothing(message)


def test_no_question_of_the_cards_or_the_stages_asks_nothing() -> None:
    asked = [text for card in all_cards() for one in (card.en, card.sw) for text in (one.title, one.question)]
    asked += [text for stage in all_stages() for one in stage.questions for text in (one.en, one.sw)]
    assert [text for text in asked if asks_nothing(text)] == []


@pytest.mark.parametrize(("message", "language", "stage"), [
    ("I am 30 weeks", "en", "antenatal"), ("i gave birth 3 days ago", "en", "postnatal"),
    ("nina mimba ya miezi 5", "sw", "antenatal")])
def test_it_is_asked_back_with_questions_of_its_stage_and_no_model_is_asked(
        tmp_path: Path, message: str, language: str, stage: str) -> None:
    model = Scripted("together", answer("Walk for 150 minutes a week."))
    reply = Chat(make_calls(tmp_path, model), SEARCH).answer(message)
    assert reply.answer.startswith(ASK_BACK[language])  # type: ignore[index]
    examples = next(one for one in all_stages() if one.id == stage).questions
    assert all((one.sw if language == "sw" else one.en) in reply.answer for one in examples)
    assert (reply.citations, reply.stage, reply.triage.level, model.asked) == ((), stage, "none", [])


def test_a_danger_sign_comes_first_all_the_same(tmp_path: Path) -> None:
    reply = Chat(make_calls(tmp_path), SEARCH).answer("hello doctor, i am 30 weeks and bleeding")
    assert reply.triage.level == "emergency"
