"""Moodle XML (https://docs.moodle.org/en/Moodle_XML_format).

Parsed with defusedxml: a document type, and with it every entity, is refused, so nothing is fetched or expanded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from chatbot.quizzes.imports.html_text import HasPicture, text_of
from chatbot.quizzes.imports.interface import CannotImport, Import, Question, Skipped

DEEPEST = 30
MOST_ELEMENTS = 200_000
PLAIN = frozenset({"plain_text", "markdown"})
"""Formats whose text is taken as it stands; anything else is HTML."""


class MoodleXml(Import):
    """What Moodle's question bank exports."""

    name = "moodle-xml"
    title = "Moodle XML"

    def read(self, text: str) -> Iterator[Question | Skipped]:
        """Multiple choice with one answer; each other type is skipped by its name. Categories are passed over."""
        root = _parsed(text)
        if root.tag != "quiz":
            raise CannotImport("This is XML, but no Moodle quiz.", remedy="Export the questions as Moodle XML.")
        found = (one for one in root.iter("question") if one.get("type") != "category")
        for number, element in enumerate(found, 1):
            place = f"question {number}"
            try:
                yield _question(place, element)
            except HasPicture:
                yield Skipped(place, "It needs a picture.")
            except ValueError:
                yield Skipped(place, "Its HTML is too long.")


def _parsed(text: str) -> ET.Element:
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: ET.Element = parser.close()
    except DefusedXmlException:
        raise CannotImport("The file declares a document type or entities, which are not read.",
                           remedy="Take the DOCTYPE out.") from None
    except (ET.ParseError, UnicodeError, ValueError):
        raise CannotImport("The file is not well-formed XML.", remedy="Export it again as Moodle XML.") from None
    return root


class _Bounded(ET.TreeBuilder):
    """Builds the tree, but not one that is too deep or too large."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > DEEPEST:
            raise CannotImport(f"The file is nested deeper than {DEEPEST} levels.")
        if self._count > MOST_ELEMENTS:
            raise CannotImport(f"The file has more than {MOST_ELEMENTS} elements.", remedy="Import it in parts.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _question(place: str, element: ET.Element) -> Question | Skipped:
    if element.get("type") != "multichoice":
        return Skipped(place, "It is of another type, not multiple choice.")
    if (element.findtext("single") or "true").strip().lower() not in {"true", "1"}:
        return Skipped(place, "It takes several answers.")
    if element.find(".//file") is not None:
        return Skipped(place, "It needs a file.")
    answers = element.findall("answer")
    marks = [_mark(answer) for answer in answers]
    if any(mark is None or 0 < mark < 100 for mark in marks):
        return Skipped(place, "It gives part marks.")
    return Question(
        place, _said(element.find("questiontext")), tuple(_said(answer) for answer in answers),
        tuple(at for at, mark in enumerate(marks) if mark == 100),
        tuple(_said(answer.find("feedback")) for answer in answers),
        tags=tuple(tag.findtext("text") or "" for tag in element.findall("tags/tag")))


def _mark(answer: ET.Element) -> float | None:
    """Percent of the marks; None where it is no number."""
    try:
        return float(answer.get("fraction", "0"))
    except ValueError:
        return None


def _said(element: ET.Element | None) -> str:
    if element is None:
        return ""
    text = element.findtext("text") or ""
    return text if element.get("format") in PLAIN else text_of(text)
