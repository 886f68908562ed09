"""QTI packages: valid against the specification's content model, like text2qti's, every reference leading somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from chatbot.quizzes.exports import export_quiz
from chatbot.quizzes.item import Evidence, Item, Quiz
from tests.chatbot.quizzes.exports.readers import QTI12, QTI21, _files, process, read_qti12, read_qti21
from tests.chatbot.quizzes.exports.sample import IRON, PLAIN, WILD, bank_item, quiz_of

HERE = Path(__file__).parent
TEXT2QTI = HERE / "text2qti_0_8_0.xml"
"""What text2qti 0.8.0 writes for `SAME` (its plain-text source says the same words)."""
SAME = quiz_of(
    Item(stem="Why are iron tablets given?", keys=(0,),
         options=("They prevent anaemia", "They prevent malaria", "They help with sleep"),
         rationale=("Iron makes blood.", "Nets prevent malaria.", ""),
         evidence=Evidence(quote="Iron prevents anaemia.")),
    Item(stem="How many contacts?", options=("one", "eight", "three"), keys=(1,)))
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def check(content: bytes, grammar: str) -> None:
    dtd = etree.DTD(str(HERE / grammar))
    assert dtd.validate(etree.fromstring(content)), dtd.error_log


@pytest.mark.parametrize("quiz", [PLAIN, WILD, SAME])
def test_qti_1_2_follows_the_content_model(quiz: Quiz) -> None:
    files = _files(export_quiz(quiz, "qti12").content)
    check(next(content for path, content in files.items() if re.fullmatch(r"(\w+)/\1\.xml", path)), "qti12.dtd")
    assert next(iter(files)) == "imsmanifest.xml"


@pytest.mark.parametrize("quiz", [PLAIN, WILD, SAME])
def test_qti_2_1_follows_the_content_model(quiz: Quiz) -> None:
    files = _files(export_quiz(quiz, "qti21").content)
    for path in files.keys() - {"imsmanifest.xml"}:
        check(files[path], "qti21.dtd")
    assert len(files) == len(quiz.items) + 2


def test_the_content_model_refuses_what_is_out_of_order() -> None:
    item = ET.fromstring(next(content for path, content in _files(export_quiz(PLAIN, "qti21").content).items()
                              if path.startswith("items/")))
    item.append(item[0])
    with pytest.raises(AssertionError):
        check(ET.tostring(item), "qti21.dtd")


def test_qti_1_2_has_the_structure_that_text2qti_writes() -> None:
    files = _files(export_quiz(SAME, "qti12").content)
    ours = next(content for path, content in files.items() if re.fullmatch(r"(\w+)/\1\.xml", path))
    assert _shape(ET.fromstring(ours)) == _shape(ET.fromstring(TEXT2QTI.read_bytes()))


def test_canvas_finds_title_and_points_beside_the_quiz() -> None:
    files = _files(export_quiz(PLAIN, "qti12").content)
    settings = ET.fromstring(next(content for path, content in files.items() if path.endswith("assessment_meta.xml")))
    namespace = "{http://canvas.instructure.com/xsd/cccv1p0}"
    assert settings.findtext(f"{namespace}title") == PLAIN.title
    assert settings.findtext(f"{namespace}points_possible") == "2.0"


@pytest.mark.parametrize("ids", [("1", "1"), ("01JD0", "01JD0"), ("a b", "a/b"), ("<x>", "&"), ("", "")])
def test_identifiers_are_names_and_none_comes_twice(ids: tuple[str, str]) -> None:
    quiz = quiz_of().model_copy(update={"items": tuple(bank_item(IRON, id=own) for own in ids), "id": "9<"})
    for name, read in (("qti12", read_qti12), ("qti21", read_qti21)):
        content = export_quiz(quiz, name).content
        assert len(read(content)) == 2
        for path, text in _files(content).items():
            assert ".." not in path
            found = [one for element in ET.fromstring(text).iter() for key, one in element.attrib.items()
                     if key in {"ident", "identifier"} and element.tag not in {f"{QTI21}{tag}" for tag in (
                         "variable", "correct", "setOutcomeValue", "modalFeedback")}]
            assert all(IDENTIFIER.fullmatch(one) for one in found)
            found = [one for one in found if one not in {"response1", "general_fb"}]  # parts of each item in Canvas
            assert len(found) == len(set(found))


def test_each_choice_shows_its_own_rationale_and_only_the_key_scores() -> None:
    files = _files(export_quiz(PLAIN, "qti21").content)
    item = ET.fromstring(files["items/item_01JD0000000000000000000001.xml"])
    assert process(item, "choice_1") == {"RESPONSE": "choice_1", "SCORE": "1", "FEEDBACK": "choice_1"}
    assert process(item, "choice_3") == {"RESPONSE": "choice_3", "SCORE": "0", "FEEDBACK": "choice_3"}


def test_no_text_becomes_an_element() -> None:
    """B59: `]]>`, entities, `customOperator`, `printedVariable` and HTML in a question stay its words."""
    for name in ("qti12", "qti21"):
        for content in _files(export_quiz(WILD, name).content).values():
            tags = {str(element.tag).rpartition("}")[2] for element in ET.fromstring(content).iter()}
            assert not tags & {"script", "customOperator", "printedVariable", "b", "img"}
            assert b"<!ENTITY" not in content
            assert b"<!DOCTYPE" not in content


def _shape(element: ET.Element, names: dict[str, str] | None = None) -> Any:
    """An element without its titles, with each identifier replaced by its place of first appearance."""
    names = {} if names is None else names

    def known(text: str) -> str:
        for old in sorted(names, key=len, reverse=True):
            text = text.replace(old, names[old])
        return text

    named = {f"{QTI12}{tag}" for tag in ("assessment", "item", "response_label")}
    if (ident := element.get("ident")) and element.tag in named:
        names.setdefault(ident, f"@{len(names)}")
    label = element.findtext(f"{QTI12}fieldlabel")
    if label in {"original_answer_ids", "assessment_question_identifierref"}:  # a list of the same names, a name more
        return label
    attributes = {key: known(one) for key, one in element.attrib.items() if key != "title" and not key.startswith("{")}
    return element.tag, attributes, known((element.text or "").strip()), [_shape(child, names) for child in element]
