"""English or Swahili, on the messages people send and on the cards themselves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chatbot.knowledge.cards import Language, all_cards
from chatbot.knowledge.language import detect_language
from tests.effort import effort

QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))
LANGUAGES: tuple[Language, ...] = ("en", "sw")


@pytest.mark.parametrize("message", ["bleeding", "my head hurts", "HIV and pregnancy", "Hello", "is it safe"])
def test_a_short_english_message_is_english(message: str) -> None:
    assert detect_language(message) == "en"


@pytest.mark.parametrize("message", ["damu nyingi", "kichwa kinauma", "mimba", "Habari", "naumwa tumbo"])
def test_a_short_swahili_message_is_swahili(message: str) -> None:
    assert detect_language(message) == "sw"


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("Nina headache kali na miguu imevimba", "sw"),
        ("mtoto wangu ako na fever tangu jana", "sw"),
        ("can I take panadol for maumivu ya kichwa when I am pregnant", "en"),
        ("my mama says I should not eat eggs", "en"),
    ],
)
def test_a_mixed_message_goes_to_the_language_of_most_words(message: str, language: Language) -> None:
    assert detect_language(message) == language


@pytest.mark.parametrize("message", ["", "???", "123", "malaria", "HIV", "😀"])
def test_a_message_that_tells_nothing_is_english(message: str) -> None:
    assert detect_language(message) == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cards_are_recognised(language: Language) -> None:
    texts = [text for card in all_cards() for text in (card.wording(language).question, card.wording(language).text)]
    wrong = [text for text in texts if detect_language(text) != language]
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_every_question_is_recognised(language: Language) -> None:
    asked = [question for group in QUESTIONS.values() for question in group.get(language, ())]
    questions = asked + [question for group in QUESTIONS.values() for question in group["outside"][language]]
    wrong = [question for question in questions if detect_language(question) != language]
    assert len(wrong) <= 0.03 * len(questions), wrong


def test_a_long_message_does_not_hang_the_detection() -> None:
    message = "Nina mimba ya miezi sita and my feet are swollen " * 20
    assert effort(lambda: detect_language(message)) < 0.1
