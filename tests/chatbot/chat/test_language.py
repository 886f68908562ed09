"""The answer speaks the question's language; a mixed message is answered in the language of most of its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.chat.answer import Chat
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.search import card_search
from tests.house import make_calls
from tests.scripted import Scripted, answer

SEARCH = card_search()
SWAHILI_QUESTION = "Kwa nini vidonge vya madini ya chuma hutolewa wakati wa ujauzito?"
ASKED = [("en", "Why are iron tablets given in pregnancy?"), ("sw", SWAHILI_QUESTION),
         ("sw", "breast moja ni nyekundu na inauma nikinyonyesha"), ("sw", "cord ya mtoto niweke nini"),
         ("en", "can I take panadol for maumivu ya kichwa when I am pregnant"),
         ("en", "who won the football"), ("sw", "nani alishinda mpira jana"),
         ("en", "how to abort at home"), ("sw", "nataka kutoa mimba"),
         ("en", "I am pregnant and bleeding heavily"), ("sw", "Nina mimba na ninatokwa na damu nyingi")]


@pytest.mark.parametrize(("language", "message"), ASKED)
def test_whatever_the_answer_is_it_speaks_the_questions_language(tmp_path: Path, language: str, message: str) -> None:
    reply = Chat(make_calls(tmp_path), SEARCH).answer(message)
    assert reply.language == language
    assert detect_language(reply.answer) == language


@pytest.mark.parametrize(("language", "message"), ASKED[:2])
def test_a_client_may_choose_the_language(tmp_path: Path, language: str, message: str) -> None:
    other = "sw" if language == "en" else "en"
    reply = Chat(make_calls(tmp_path), SEARCH).answer(message, language=other)
    assert (reply.language, detect_language(reply.answer)) == (other, other)


def test_a_model_that_answers_in_the_other_language_is_not_shown(tmp_path: Path) -> None:
    english = "Iron and folic acid tablets are given to prevent anaemia, which means weak blood."
    provider = Scripted("together", answer(english))
    reply = Chat(make_calls(tmp_path, provider), SEARCH).answer(SWAHILI_QUESTION)
    assert provider.asked
    assert (reply.provenance, detect_language(reply.answer)) == ("curated", "sw")
