"""Every export of the index: its names, what goes into it, and that another program reads the quiz out of it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from chatbot.errors import InvalidInput
from chatbot.quizzes.exports import EXPORTS, CannotExport, export_quiz, format_rows
from chatbot.quizzes.exports.csv_file import unguarded
from chatbot.quizzes.exports.plain_text import writable
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import Item, Quiz
from tests.chatbot.quizzes.exports.readers import READERS, Seen
from tests.chatbot.quizzes.exports.sample import (
    HOSTILE,
    IRON,
    MADE,
    PLAIN,
    REMOVED,
    WILD,
    bank_item,
    hostile_item,
    quiz_of,
    quizzes,
)

EVERY = sorted(EXPORTS)
PRINTED = ("json", "csv", "moodle-xml", "gift", "qti12", "qti21", "anki", "markdown")
"""Formats that take texts of any length."""


def expected(quiz: Quiz, name: str) -> list[Seen]:
    """What a reader of the format must see."""
    return [(shown(item.stem, name), tuple(shown(option, name) for option in item.options), item.keys[0],
             None if name in {"kahoot-xlsx", "markdown"} else tuple(shown(why, name) for why in rationales(item)))
            for item in (one.item for one in quiz.items)]


def shown(text: str, name: str) -> str:
    text = writable(text)
    if name == "markdown":  # white space at the ends of lines means nothing there
        return "\n".join(line.strip() for line in text.split("\n"))
    return text


def seen(quiz: Quiz, name: str) -> list[Seen]:
    found = READERS[name](export_quiz(quiz, name).content)
    if name == "csv":
        found = [(unguarded(stem), tuple(map(unguarded, options)), key, tuple(map(unguarded, why or ())))
                 for stem, options, key, why in found]
    return found


def test_every_format_but_paper_has_an_independent_reader() -> None:
    assert set(EXPORTS) - READERS.keys() == {"pdf"}
    assert set(EXPORTS) == {"json", "csv", "gift", "moodle-xml", "qti12", "qti21", "kahoot-xlsx", "anki", "pdf",
                            "markdown"}


@pytest.mark.parametrize("name", EVERY)
def test_a_row_names_itself_and_says_what_it_is(name: str) -> None:
    export = EXPORTS[name]
    assert export.name == name
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert re.fullmatch(r"[a-z0-9.]+", export.extension)
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+(; charset=utf-8)?", export.media_type)
    assert export.title
    assert export.opens_in
    assert (name, export.title, export.extension, export.opens_in) in format_rows()


@pytest.mark.parametrize("name", sorted(READERS))
def test_what_is_read_back_is_the_quiz(name: str) -> None:
    assert seen(PLAIN, name) == expected(PLAIN, name)


@pytest.mark.parametrize("name", PRINTED)
def test_hostile_text_survives(name: str) -> None:
    assert seen(WILD, name) == expected(WILD, name)


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 60])
def test_hostile_text_survives_in_a_spreadsheet_for_kahoot(text: str) -> None:
    quiz = quiz_of(hostile_item(text))
    assert seen(quiz, "kahoot-xlsx") == expected(quiz, "kahoot-xlsx")


@pytest.mark.parametrize("name", PRINTED)
@given(quiz=quizzes)
@settings(max_examples=60, deadline=None)
def test_any_quiz_is_read_back_as_it_was(name: str, quiz: Quiz) -> None:
    assert seen(quiz, name) == expected(quiz, name)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_quiz_is_the_same_bytes(name: str) -> None:
    first = export_quiz(PLAIN, name).content
    assert first == export_quiz(Quiz.model_validate(PLAIN.model_dump()), name).content
    other = quiz_of(IRON.model_copy(update={"stem": "Another question?"}))
    assert first != export_quiz(other, name).content


@pytest.mark.parametrize("name", EVERY)
def test_a_character_that_no_format_holds_is_left_out(name: str) -> None:
    dirty = IRON.model_copy(update={"stem": f"Why{REMOVED} iron?", "options": ("a\x00", *IRON.options[1:])})
    clean = IRON.model_copy(update={"stem": "Why iron?", "options": ("a", *IRON.options[1:])})
    assert export_quiz(quiz_of(dirty, title=f"T{REMOVED}"), name) == export_quiz(quiz_of(clean, title="T"), name)


@pytest.mark.parametrize("name", EVERY)
def test_only_signed_items_leave(name: str) -> None:
    quiz = quiz_of(IRON).model_copy(update={"items": (
        bank_item(IRON, 1), bank_item(_asking("Draft?"), 2, status="draft"),
        bank_item(_asking("Rejected?"), 3, status="rejected"), bank_item(_asking("Retired?"), 4, status="retired"))})
    assert export_quiz(quiz, name).content == export_quiz(quiz_of(IRON), name).content
    if name in READERS:
        assert [stem for stem, *_ in seen(quiz, name)] == [IRON.stem]
        with_drafts = READERS[name](export_quiz(quiz, name, drafts=True).content)
        assert [stem for stem, *_ in with_drafts] == [IRON.stem, "Draft?"]


@pytest.mark.parametrize("name", EVERY)
def test_a_quiz_without_an_approved_item_says_what_to_do(name: str) -> None:
    drafts = quiz_of(IRON).model_copy(update={"items": (bank_item(IRON, status="draft"),)})
    with pytest.raises(CannotExport, match="approved yet") as caught:
        export_quiz(drafts, name)
    assert "include=all" in (caught.value.remedy or "")
    with pytest.raises(CannotExport, match="no item"):
        export_quiz(quiz_of(), name, drafts=True)


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"json"}))
@pytest.mark.parametrize(("change", "why"), [
    ({"keys": ()}, "one right answer"), ({"keys": (0, 1)}, "one right answer"), ({"keys": (9,)}, "one right answer"),
    ({"keys": (-1,)}, "one right answer"), ({"options": ("only",)}, "fewer than two"), ({"stem": " \x01 "}, "empty"),
    ({"options": ("a", "")}, "empty")])
def test_an_item_that_is_no_question_yet_is_named(name: str, change: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotExport, match=why) as caught:
        export_quiz(quiz_of(IRON, IRON.model_copy(update=change)), name, drafts=True)
    assert caught.value.field == "items.1"
    assert "Item 2 (01JD0000000000000000000002)" in caught.value.detail
    assert caught.value.remedy


def test_json_is_a_copy_of_work_under_way_too() -> None:
    quiz = quiz_of(IRON.model_copy(update={"keys": ()}))
    assert READERS["json"](export_quiz(quiz, "json").content)[0][2] is None


def test_an_unknown_format_is_answered_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput) as caught:
        export_quiz(PLAIN, "docx")
    assert (caught.value.field, set(EXPORTS)) == ("format", set(re.findall(r"[a-z0-9-]+", caught.value.remedy or ""))
                                                  & set(EXPORTS))


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"kahoot-xlsx"}))
def test_a_time_limit_where_there_is_no_clock_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="no time limit") as caught:
        export_quiz(PLAIN, name, seconds=30)
    assert caught.value.field == "seconds"


@pytest.mark.parametrize(("title", "name"), [
    ("Iron and folic acid", "Iron and folic acid.csv"), ("../../etc/passwd", "etc passwd.csv"), ("", "quiz.csv"),
    ('a"b\r\nSet-Cookie: x', "a b Set-Cookie x.csv"), ("...", "quiz.csv"), ("Chuma na asidi ya foliki é", None),
    ("C:\\x|y?z*<>", "C x y z.csv")])
def test_a_file_is_named_after_its_quiz_in_letters_that_every_system_takes(title: str, name: str | None) -> None:
    assert export_quiz(quiz_of(IRON, title=title), "csv").name == (name or f"{title}.csv")


def test_a_quiz_of_the_most_items_and_long_words_is_rendered() -> None:
    long = Item(stem="x" * 2_000, options=("y" * 500, "z" * 500), keys=(1,), rationale=("w" * 2_000, "v v " * 500))
    quiz = quiz_of(*[IRON] * 40, long)
    for name in set(EVERY) - {"kahoot-xlsx"}:
        assert len(export_quiz(quiz, name).content) > 1_000


def test_importing_the_exports_imports_no_heavy_library() -> None:
    code = ("import sys, chatbot.quizzes.exports, chatbot.quizzes.imports;"
            "print({'fpdf', 'openpyxl', 'genanki', 'PIL', 'fontTools', 'lxml'} & sys.modules.keys())")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "set()"


def test_a_later_change_of_an_item_dates_its_file_not_the_clock() -> None:
    later = MADE + timedelta(days=2)
    changed = quiz_of(IRON).model_copy(update={"items": (bank_item(IRON, updated_at=later),)})
    assert export_quiz(changed, "anki").content != export_quiz(quiz_of(IRON), "anki").content


def _asking(stem: str) -> Item:
    return IRON.model_copy(update={"stem": stem})
