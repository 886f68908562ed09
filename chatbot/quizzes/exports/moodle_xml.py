"""Moodle XML (https://docs.moodle.org/en/Moodle_XML_format): what Moodle loses least with.

Texts are `plain_text`, so that Moodle shows `<script>` as these letters. `idnumber` is our item's id.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from chatbot.quizzes.exports.citation import citation
from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import one_line
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import BankItem, Quiz

LONGEST_NAME = 255
"""Characters of a question's name in Moodle's database."""


class MoodleXml(Export):
    """A category named after the quiz, and its questions."""

    name = "moodle-xml"
    title = "Moodle XML"
    extension = "xml"
    media_type = "application/xml"
    opens_in = "Moodle"

    def render(self, quiz: Quiz) -> bytes:
        """UTF-8."""
        root = ET.Element("quiz")
        # Moodle's categories are a path: a slash in a name is written twice.
        category = one_line(quiz.title, LONGEST_NAME).replace("/", "//")
        _text(ET.SubElement(ET.SubElement(root, "question", type="category"), "category"), f"$course$/top/{category}")
        for shown in quiz.items:
            root.append(_question(shown))
        ET.indent(root)
        return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _question(shown: BankItem) -> ET.Element:
    item = shown.item
    question = ET.Element("question", type="multichoice")
    _text(ET.SubElement(question, "name"), one_line(item.stem, LONGEST_NAME))
    _text(ET.SubElement(question, "questiontext", format="plain_text"), item.stem)
    _text(ET.SubElement(question, "generalfeedback", format="plain_text"), citation(item.evidence, item.language))
    for name, value in (("defaultgrade", "1"), ("penalty", "0.3333333"), ("hidden", "0"), ("idnumber", shown.id),
                        ("single", "true"), ("shuffleanswers", "true"), ("answernumbering", "abc")):
        ET.SubElement(question, name).text = value
    for place, (option, why) in enumerate(zip(item.options, rationales(item), strict=True)):
        answer = ET.SubElement(question, "answer", fraction="100" if place in item.keys else "0", format="plain_text")
        _text(answer, option)
        _text(ET.SubElement(answer, "feedback", format="plain_text"), why)
    if item.tags:
        tags = ET.SubElement(question, "tags")
        for tag in item.tags:
            _text(ET.SubElement(tags, "tag"), tag)
    return question


def _text(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "text").text = text
