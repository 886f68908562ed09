"""Paragraphs and passages: furniture and headings are out, words are mended, and nothing else is lost or changed."""

from __future__ import annotations

import pytest

from chatbot.documents.furniture import Page
from chatbot.documents.layout import Block, blocks_of
from chatbot.documents.passages import MOST, passages_of, size_of
from tests.chatbot.documents.good_files import IRON, KOREAN

SENTENCE = "Iron and folic acid tablets are given to every mother each day."
LINE = "This is a full line of the page which goes on and on to the end of"


def texts(*lines: str, number: int | None = 1) -> list[str]:
    return [block.text for block in blocks_of([Page(number, lines)]) if not block.heading]


def headings(*lines: str) -> list[str]:
    return [block.text for block in blocks_of([Page(1, lines)]) if block.heading]


def test_lines_of_a_paragraph_are_joined() -> None:
    assert texts(LINE, "the paragraph.") == [f"{LINE} the paragraph."]


@pytest.mark.parametrize(("lines", "text"), [
    (("Mothers need vacci-", "nation against tetanus."), "Mothers need vaccination against tetanus."),
    (("Eat iron-rich food, and more iron-", "rich food."), "Eat iron-rich food, and more iron-rich food."),
    (("Wote wanahitaji chan-", "jo ya pepopunda."), "Wote wanahitaji chanjo ya pepopunda."),
    (("A visit in weeks 12 -", "16 is good."), "A visit in weeks 12 - 16 is good."),
    (("Ng'ombe wa mama wa-", "naishi hapa."), "Ng'ombe wa mama wanaishi hapa.")])
def test_a_word_cut_at_the_end_of_a_line_is_mended(lines: tuple[str, ...], text: str) -> None:
    assert texts(*lines) == [text]


@pytest.mark.parametrize("lines", [("Danger signs", "", f"{LINE} it."), ("2.1 Danger signs", f"{LINE} it.", "More."),
                                   ("CHAPTER THREE", "", f"{LINE} it."), ("Dalili za hatari", "", f"{LINE} it.")])
def test_a_heading_is_no_part_of_the_text(lines: tuple[str, ...]) -> None:
    assert headings(*lines) == [lines[0]]
    assert lines[0] not in " ".join(texts(*lines))


@pytest.mark.parametrize("lines", [
    ("Take one tablet each day.", f"{LINE} it."), ("Danger signs are:", f"{LINE} it."),
    (LINE, "Kenya and of Uganda and", "Tanzania."), ("• Severe headache", "• Blurred vision", f"{LINE} it."),
    (f"{LINE} it,", "Visit one", "Visit two")])
def test_what_is_no_heading_stays(lines: tuple[str, ...]) -> None:
    assert headings(*lines) == []
    assert " ".join(texts(*lines)) == " ".join(lines)


def test_a_document_of_short_lines_loses_nothing() -> None:
    lines = ("Iron", "Nets", "Water", "Milk", "Rest", "Greens")
    assert " ".join(texts(*lines)) == "Iron Nets Water Milk Rest Greens"


def test_what_every_page_repeats_is_furniture_and_what_two_pages_share_is_not() -> None:
    pages = [Page(number, (f"Guide {number} of county", f"{LINE} leaf {number}.",
                           "Wash hands." if number < 3 else "", str(number))) for number in range(1, 6)]
    said = " ".join(block.text for block in blocks_of(pages))
    assert "Guide" not in said
    assert said.count("Wash hands.") == 2
    assert all(f"leaf {number}." in said for number in range(1, 6))


def test_a_text_without_pages_has_no_furniture() -> None:
    assert texts("12", "", f"{LINE} it.", number=None) == ["12", f"{LINE} it."]


def test_a_sentence_over_the_end_of_a_page_belongs_to_the_page_where_it_begins() -> None:
    pages = [Page(1, ("Nets help. Iron and folic acid prevent",)), Page(2, ("anaemia in mothers. Rest is good too.",))]
    assert [(passage.page, passage.text) for passage in passages_of(blocks_of(pages))] == [
        (1, "Nets help. Iron and folic acid prevent anaemia in mothers."), (2, "Rest is good too.")]


def test_a_new_sentence_on_a_new_page_stays_there() -> None:
    pages = [Page(1, ("Iron helps.",)), Page(2, ("Nets help.",))]
    assert [(passage.page, passage.text) for passage in passages_of(blocks_of(pages))] == [
        (1, "Iron helps."), (2, "Nets help.")]


@pytest.mark.parametrize("paragraphs", [[SENTENCE] * 50, [" ".join([SENTENCE] * 40)], [" ".join(["word"] * 1_000)],
                                        ["x" * 10_000], [KOREAN] * 80, ["가" * 5_000], [IRON] * 9])
def test_passages_are_of_a_size_to_ask_one_question_about(paragraphs: list[str]) -> None:
    blocks = [Block(text, 1) for text in paragraphs]
    passages = passages_of(blocks)
    assert max(size_of(passage.text) for passage in passages) <= MOST
    assert sum(size_of(passage.text) >= 30 for passage in passages) >= len(passages) - 1
    assert "".join("".join(passage.text for passage in passages).split()) == "".join("".join(paragraphs).split())


def test_a_passage_is_cut_between_sentences() -> None:
    for passage in passages_of([Block(" ".join([SENTENCE] * 40), 1)]):
        assert passage.text.startswith("Iron")
        assert passage.text.endswith("day.")


def test_a_quotation_mark_after_a_full_stop_is_kept() -> None:
    text = 'The midwife says "Eat well." Then she says "Rest."'
    assert passages_of([Block(text, 1)])[0].text == text


def test_a_heading_begins_a_new_passage() -> None:
    blocks = [Block(" ".join([SENTENCE] * 4), 1), Block("Nets", 1, heading=True), Block(SENTENCE, 1)]
    assert [passage.text for passage in passages_of(blocks)] == [" ".join([SENTENCE] * 4), SENTENCE]
