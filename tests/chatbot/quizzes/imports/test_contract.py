"""Every import of the index: what an export wrote comes back equal, and hostile files are refused in words."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.errors import InvalidInput, TooLong, Unreadable
from chatbot.quizzes.exports import EXPORTS, export_quiz
from chatbot.quizzes.exports.plain_text import writable
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.imports import IMPORTS, LONGEST_FILE, MOST_ITEMS, MOST_QUESTIONS, CannotImport, import_items
from chatbot.quizzes.item import Evidence, Item, Quiz
from tests.chatbot.quizzes.exports.sample import IRON, PLAIN, WILD, quiz_of, quizzes

EVERY = sorted(IMPORTS)
SECONDS = 5.0
"""In which any file is read or refused, also on a slow machine."""
ONE: dict[str, Callable[[str, list[str]], str]] = {
    "gift": lambda stem, options: f"{stem} {{ =" + " ~".join(options) + " }",
    "moodle-xml": lambda stem, options: "<quiz><question type='multichoice'><questiontext format='plain_text'>"
    f"<text>{stem}</text></questiontext>" + "".join(
        f"<answer fraction='{0 if place else 100}' format='plain_text'><text>{option}</text></answer>"
        for place, option in enumerate(options)) + "</question></quiz>",
    "csv": lambda stem, options: "question,answer," + ",".join(
        f"option_{chr(97 + at % 26)}" for at in range(len(options))) + f"\n{stem},A," + ",".join(options)}
"""A file with one question in each format."""


def text_of(quiz: Quiz, name: str) -> str:
    return export_quiz(quiz, name).content.decode()


def essence(item: Item) -> Any:
    """What every format carries, as a file can hold it."""
    return (writable(item.stem), tuple(map(writable, item.options)), item.keys,
            tuple(map(writable, rationales(item))))


def test_every_import_has_an_export_of_the_same_name() -> None:
    assert set(IMPORTS) == {"gift", "moodle-xml", "csv"}
    assert IMPORTS.keys() <= EXPORTS.keys()
    assert all(one.name == name and one.title == EXPORTS[name].title for name, one in IMPORTS.items())


@pytest.mark.parametrize("quiz", [PLAIN, WILD])
@pytest.mark.parametrize("name", EVERY)
def test_an_exported_quiz_comes_back(name: str, quiz: Quiz) -> None:
    found = import_items(text_of(quiz, name), name, stage="antenatal")
    assert [essence(item) for item in found.items] == [essence(shown.item) for shown in quiz.items]
    assert found.skipped == ()


@pytest.mark.parametrize("name", EVERY)
@given(quiz=quizzes)
@settings(max_examples=100, deadline=None)
def test_any_exported_quiz_comes_back(name: str, quiz: Quiz) -> None:
    found = import_items(text_of(quiz, name), name, stage="antenatal")
    assert [essence(item) for item in found.items] == [essence(shown.item) for shown in quiz.items]


@pytest.mark.parametrize("name", EVERY)
def test_an_imported_item_has_no_evidence_and_says_where_it_came_from(name: str) -> None:
    (item,) = import_items(text_of(quiz_of(IRON), name), name, stage="birth", language="sw").items
    assert item.evidence == Evidence()
    assert (item.made_by.path, item.stage, item.language) == ("import", "birth", "sw")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("text", [
    "", " \n ", "no such file", "\x00", "<", "{", "}", "::", "\ufeff", "question", "<quiz>", "<quiz/>", "a{b}c{d}",
    "{}", "\\", "=~=~", "a { = ~ }", '"', "question,answer\n", 'question,answer\n"', "[html]", "%%",
    "<html><body/></html>"])
def test_what_is_no_quiz_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(CannotImport) as caught:
        import_items(text, name, stage="antenatal")
    assert caught.value.field == "content"
    assert caught.value.remedy


@pytest.mark.parametrize("name", EVERY)
def test_five_million_characters_are_refused_unread(name: str) -> None:
    begun = time.process_time()
    with pytest.raises(TooLong):
        import_items("x" * 5_000_000, name, stage="antenatal")
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("name", EVERY)
def test_a_hundred_thousand_options_are_refused_at_once(name: str) -> None:
    begun = time.process_time()
    text = ONE[name]("Why?", [str(at % 10) for at in range(100_000)] if name != "moodle-xml"
                     else [str(at % 10) for at in range(10_000)])
    with pytest.raises(InvalidInput) as caught:
        import_items(text, name, stage="antenatal")
    assert caught.value.field == "content"
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("piece", [
    "{", "}", "{}", "\\", "\\\\", "=", "~", "#", "####", "::", "\n", "\n \n", "// x\n", "[html]", "[html]<!--", "%1%",
    '"', '""', ",", "\t", "<", "<a>", "<!", "<![CDATA[", "&", "&amp;", "<quiz>", "</quiz>", "a{=b~c}\n\n", "a {~",
    "<!-- "])
def test_a_megabyte_of_one_piece_is_read_in_linear_time(name: str, piece: str) -> None:
    begun = time.process_time()
    unclosed = "<quiz><question type='multichoice'><questiontext><text>"
    for before in ("", ONE[name]("Why?", ["a", "b"]) + "\n\n", unclosed):
        text = (before + piece * (LONGEST_FILE // len(piece)))[:LONGEST_FILE]
        with suppress(InvalidInput):
            import_items(text, name, stage="antenatal")
    assert time.process_time() - begun < 3 * SECONDS


@pytest.mark.parametrize("name", EVERY)
@given(text=st.one_of(st.text(max_size=300), st.text("{}=~#:\\\n%[]html plain<>/&;\",quiz'", max_size=300)))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    with suppress(InvalidInput):
        found = import_items(text, name, stage="antenatal")
        assert all(len(item.keys) == 1 and item.stem and all(item.options) for item in found.items)


@pytest.mark.parametrize("name", EVERY)
def test_more_questions_than_a_quiz_holds_are_refused(name: str) -> None:
    options = tuple("ab")
    many = quiz_of(*[Item(stem=f"Why {at}?", options=options, keys=(0,)) for at in range(MOST_ITEMS + 1)])
    with pytest.raises(TooLong, match=str(MOST_ITEMS)):
        import_items(text_of(many, name), name, stage="antenatal")


def test_a_file_of_questions_that_cannot_be_used_ends_too() -> None:
    with pytest.raises(TooLong, match=str(MOST_QUESTIONS)):
        import_items("a{}\n\n" * (MOST_QUESTIONS + 1), "gift", stage="antenatal")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("stem", "options", "reason"), [
    ("Why?", ["only"], "1 options|short answer"), ("Why?", [str(at) for at in range(7)], "7 options"),
    ("x" * 1_001, ["a", "b"], "longer than 1000"), ("Why?", ["x" * 501, "b"], "longer than 500")])
def test_a_question_of_an_odd_size_is_skipped(name: str, stem: str, options: list[str], reason: str) -> None:
    with pytest.raises(CannotImport, match=reason):
        import_items(ONE[name](stem, options), name, stage="antenatal")


@pytest.mark.parametrize("name", EVERY)
def test_hidden_characters_do_not_come_in(name: str) -> None:
    (item,) = import_items(ONE[name]("Why\u202e iron\U000e0041?", ["a\u2066", "b"]), name, stage="antenatal").items
    assert (item.stem, item.options) == ("Why iron?", ("a", "b"))


def test_an_unknown_format_is_answered_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput) as caught:
        import_items("x", "qti21", stage="antenatal")
    assert caught.value.field == "format"
    assert "moodle-xml" in (caught.value.remedy or "")


def test_a_refused_file_is_a_422() -> None:
    assert issubclass(CannotImport, Unreadable)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a file must not open a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("prolog", [
    '<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE quiz SYSTEM "http://127.0.0.1:9/evil.dtd">',
    '<!DOCTYPE quiz PUBLIC "-//x//y" "http://127.0.0.1:9/evil.dtd">',
    '<!DOCTYPE quiz [<!ENTITY % p SYSTEM "http://127.0.0.1:9/evil.dtd"> %p;]>',
    '<!DOCTYPE quiz [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(12)) + "]>",
    '<!DOCTYPE quiz [<!ENTITY x "' + "x" * 50_000 + '">]>', "<!DOCTYPE quiz>"])
def test_no_entity_and_no_document_type_is_read(prolog: str) -> None:
    """B60: XXE, a remote DTD, billion laughs, quadratic blow-up."""
    body = ONE["moodle-xml"]("&x;", ["&m;" * 100, "b"])
    with pytest.raises(CannotImport, match="document type"):
        import_items(f'<?xml version="1.0"?>{prolog}{body}', "moodle-xml", stage="antenatal")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("text", [
    "<a>" * 100_000, "<quiz>" + "<question>" * 50_000, "<quiz " + " ".join(f"a{at}='x'" for at in range(50_000)) + "/>",
    "<quiz>" + "<a/>" * 249_000 + "</quiz>", '<?xml version="1.0" encoding="UTF-16"?><quiz/>',
    "<quiz>&undefined;</quiz>",
    "<quiz xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd' parse='text'/></quiz>",
    "<?xml-stylesheet href='http://127.0.0.1:9/x'?><quiz xsi:schemaLocation='x http://127.0.0.1:9/x.xsd' "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'/>"])
def test_xml_that_is_deep_wide_or_refers_elsewhere_is_refused(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(CannotImport):
        import_items(text, "moodle-xml", stage="antenatal")
    assert time.process_time() - begun < SECONDS
