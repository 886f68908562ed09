"""An order is checked before anything is searched or asked; free text becomes passages and is looked at for danger."""

from __future__ import annotations

import pytest

from chatbot.errors import InvalidInput, TooLong
from chatbot.knowledge.passages import SourcePassage
from chatbot.quizzes.making.order import MOST_TEXT, QuizOrder, checked, passages_of_text

SWAHILI = "Mama anapaswa kunyonyesha mtoto kwa miezi sita ya kwanza. Maziwa ya mama yanatosha."


@pytest.mark.parametrize(("values", "field"), [
    ({"stage": "teenage"}, "stage"), ({"count": 0}, "count"), ({"count": 21}, "count"), ({"options": 5}, "options"),
    ({"difficulty": "extreme"}, "difficulty"), ({"bloom": "create"}, "bloom"), ({"language": "fr"}, "language"),
    ({"strategy": "magic"}, "strategy"), ({"topic": "x" * 201}, "topic"), ({"text": "x" * (MOST_TEXT + 1)}, "text"),
    ({"text": "a", "passages": (SourcePassage("D", 1, "b"),)}, "text")])
def test_a_bad_order_names_the_field_at_fault_and_what_to_do(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(QuizOrder(**{"stage": "birth", **values}))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_text_that_is_too_long_is_told_to_come_as_a_document() -> None:
    with pytest.raises(TooLong, match="20000"):
        checked(QuizOrder("birth", text="x" * (MOST_TEXT + 1)))


def test_a_stage_is_known_by_its_other_names() -> None:
    assert checked(QuizOrder("prenatal")).stage == "antenatal"


def test_a_swahili_text_does_not_become_an_english_quiz() -> None:
    with pytest.raises(InvalidInput, match="Swahili") as caught:
        checked(QuizOrder("postnatal", text=SWAHILI, language="en"))
    assert caught.value.field == "language"
    assert checked(QuizOrder("postnatal", text=SWAHILI)).spoken == "sw"
    assert checked(QuizOrder("postnatal", text=SWAHILI, language="sw")).spoken == "sw"


def test_a_free_text_is_cited_by_how_it_begins() -> None:
    one, two = passages_of_text("Keep the cord\tclean and dry every day at home.\n\n  Use no ash. ")
    assert (one.text, two.text) == ("Keep the cord clean and dry every day at home.", "Use no ash.")
    assert one.title == two.title == "Keep the cord clean and dry every day…"
    assert (one.document_id, one.page) == ("", None)


def test_a_danger_sign_in_the_educators_own_words_is_found() -> None:
    assert checked(QuizOrder("antenatal", topic="I am pregnant and bleeding heavily")).triage.level == "emergency"
    assert checked(QuizOrder("antenatal", topic="nutrition")).triage.level == "none"
