"""The PDF: a sheet without any answer, then the key with why and the source; no letter makes it fail."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from pypdf import PdfReader

from chatbot.quizzes.exports import export_quiz
from chatbot.quizzes.exports import pdf as pdf_module
from chatbot.quizzes.item import Item, Quiz
from tests.chatbot.quizzes.exports.sample import (
    COWS,
    HOSTILE,
    IRON,
    PLAIN,
    WILD,
    bank_item,
    hostile_item,
    quiz_of,
    texts,
)


def pages(quiz: Quiz, *, drafts: bool = False) -> list[str]:
    content = export_quiz(quiz, "pdf", drafts=drafts).content
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_sheet_has_the_questions_and_not_the_key() -> None:
    sheet, key = pages(PLAIN)
    for item in (IRON, COWS):
        for text in (item.stem, *item.options):
            assert text in sheet
    assert "Name: ____" in sheet
    for text in (*IRON.rationale, IRON.evidence.quote, "Answer key"):
        assert text not in sheet
        assert text in key
    assert "1. A) They prevent anaemia" in key
    assert "2. B) Ndiyo" in key
    assert "https://www.who.int/iron" in key
    assert "Mwongozo, ukurasa 4" in key


def test_a_swahili_quiz_has_swahili_headings() -> None:
    sheet, key = pages(quiz_of(COWS, language="sw"))
    assert "Jina: " in sheet
    assert "Majibu sahihi" in key
    assert "Chanzo: " in key


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isascii() and len(text) < 60])
def test_hostile_text_is_printed_as_it_is(text: str) -> None:
    whole = squeezed("".join(pages(quiz_of(hostile_item(text)))))
    assert whole.count(squeezed(text)) >= 6


@pytest.mark.parametrize("text", ["🤰🏽", "임신", "👩‍⚕️", "\U0001f1f0\U0001f1ea"])
def test_letters_that_the_font_lacks_are_boxes_and_the_sheet_says_so(text: str) -> None:
    whole = "".join(pages(quiz_of(hostile_item(f"Mama {text} nani?"))))
    assert re.search("Mama □[□⚕\u200d\ufe0f]* nani", whole)
    assert "stands for a character" in whole


def test_a_sheet_whose_letters_are_all_there_says_nothing_of_boxes() -> None:
    assert "□" not in "".join(pages(PLAIN))
    assert "=1" in "".join(pages(quiz_of(hostile_item("＝1"))))


def test_a_draft_says_so_on_both_sheets() -> None:
    quiz = quiz_of(IRON).model_copy(update={"items": (bank_item(IRON), bank_item(COWS, 2, status="draft"))})
    sheet, key = pages(quiz, drafts=True)
    assert sheet.startswith("DRAFT: Iron and folic acid")
    assert "DRAFT" in key
    assert "DRAFT" not in "".join(pages(quiz))
    assert export_quiz(quiz, "markdown", drafts=True).content.startswith(b"# DRAFT: Iron")
    assert not export_quiz(quiz, "markdown").content.startswith(b"# DRAFT")


def test_a_question_is_not_cut_by_the_end_of_a_page() -> None:
    found = pages(quiz_of(*[IRON] * 30))
    sheet = found[:next(at for at, page in enumerate(found) if page.startswith("Answer key"))]
    assert len(sheet) > 3
    for page in sheet:
        assert page.count(IRON.stem) == page.count(IRON.options[0]) == page.count(IRON.options[-1])
    assert sum(page.count(IRON.stem) for page in sheet) == 30


def test_a_question_longer_than_a_page_goes_over_several() -> None:
    long = Item(stem="neno " * 2_000, options=("a", "b"), keys=(0,))
    assert "".join(pages(quiz_of(IRON, long, IRON))).count("neno") == 2_000


@given(text=texts)
@settings(max_examples=12, deadline=None)
def test_no_text_makes_it_fail(text: str) -> None:
    assert export_quiz(quiz_of(hostile_item(text), title=text), "pdf").content.startswith(b"%PDF-")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_poppler_reads_it_too(tmp_path: Path) -> None:
    (tmp_path / "quiz.pdf").write_bytes(export_quiz(WILD, "pdf").content)
    ended = subprocess.run(["pdftotext", "-layout", tmp_path / "quiz.pdf", "-"], capture_output=True, text=True,
                           check=True)
    assert "ng'ombe" in ended.stdout
    assert "<script>alert(1)</script>" in ended.stdout


def test_the_font_comes_with_its_licence_and_stays_small() -> None:
    fonts = Path(pdf_module.__file__).parent / "fonts"
    assert "Bitstream Vera" in (fonts / "LICENSE.txt").read_text(encoding="utf-8")
    assert (fonts / "DejaVuSans.ttf").stat().st_size < 800_000
