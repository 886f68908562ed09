"""QTI 2.1: a content package with one file an item and a test that lists them.

Namespaces and element order are those of the IMS QTI 2.1 XSD and its packaging guide; the response processing is that
of the guide's "feedback" example: SCORE by `match`, and FEEDBACK set to the picked choice, which shows its rationale.
All text is XML text; a line end is a `br`.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from chatbot.quizzes.exports.archive import fixed_zip
from chatbot.quizzes.exports.citation import citation
from chatbot.quizzes.exports.identifiers import identifier, item_identifiers
from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import one_line
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import Item, Quiz

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
CONTENT_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
LONGEST_TITLE = 200


class Qti21(Export):
    """For assessment platforms."""

    name = "qti21"
    title = "QTI 2.1"
    extension = "qti21.zip"
    media_type = "application/zip"
    opens_in = "TAO, OpenOLAT, ILIAS"

    def render(self, quiz: Quiz) -> bytes:
        """A zip: imsmanifest.xml, test.xml, items/NAME.xml."""
        names = item_identifiers(quiz)
        files = {"imsmanifest.xml": _manifest(quiz, names), "test.xml": _test(quiz, names)}
        files |= {f"items/{name}.xml": _item(shown.item, name) for name, shown in zip(names, quiz.items, strict=True)}
        return fixed_zip({path: ET.tostring(root, encoding="utf-8", xml_declaration=True)
                          for path, root in files.items()})


def _manifest(quiz: Quiz, names: tuple[str, ...]) -> ET.Element:
    manifest = ET.Element("manifest", identifier=identifier("manifest", quiz.id), xmlns=CONTENT_PACKAGE)
    metadata = ET.SubElement(manifest, "metadata")
    ET.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    ET.SubElement(metadata, "schemaversion").text = "1.0.0"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    test = ET.SubElement(resources, "resource", identifier="test", type="imsqti_test_xmlv2p1", href="test.xml")
    ET.SubElement(test, "file", href="test.xml")
    for name in names:
        ET.SubElement(test, "dependency", identifierref=name)
    for name in names:
        item = ET.SubElement(resources, "resource", identifier=name, type="imsqti_item_xmlv2p1",
                             href=f"items/{name}.xml")
        ET.SubElement(item, "file", href=f"items/{name}.xml")
    return manifest


def _test(quiz: Quiz, names: tuple[str, ...]) -> ET.Element:
    title = one_line(quiz.title, LONGEST_TITLE)
    test = ET.Element("assessmentTest", identifier=identifier("quiz", quiz.id), title=title, xmlns=QTI)
    part = ET.SubElement(test, "testPart", identifier="part", navigationMode="nonlinear", submissionMode="individual")
    section = ET.SubElement(part, "assessmentSection", identifier="section", title=title, visible="true")
    for name in names:
        ET.SubElement(section, "assessmentItemRef", identifier=name, href=f"items/{name}.xml")
    return test


def _item(item: Item, name: str) -> ET.Element:
    root = ET.Element("assessmentItem", {"xml:lang": item.language}, identifier=name,
                      title=one_line(item.stem, LONGEST_TITLE), adaptive="false", timeDependent="false", xmlns=QTI)
    choices = [f"choice_{place + 1}" for place in range(len(item.options))]
    response = ET.SubElement(root, "responseDeclaration", identifier="RESPONSE", cardinality="single",
                             baseType="identifier")
    ET.SubElement(ET.SubElement(response, "correctResponse"), "value").text = choices[item.answer_index]
    score = ET.SubElement(root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")
    ET.SubElement(ET.SubElement(score, "defaultValue"), "value").text = "0"
    ET.SubElement(root, "outcomeDeclaration", identifier="FEEDBACK", cardinality="single", baseType="identifier")
    root.append(_body(item, choices))
    root.append(_processing())
    for choice, why in zip(choices, rationales(item), strict=True):
        if why:
            shown = ET.SubElement(root, "modalFeedback", outcomeIdentifier="FEEDBACK", identifier=choice,
                                  showHide="show")
            _lines(ET.SubElement(shown, "p"), why)
    return root


def _body(item: Item, choices: list[str]) -> ET.Element:
    body = ET.Element("itemBody")
    if source := citation(item.evidence, item.language):
        _lines(ET.SubElement(ET.SubElement(body, "rubricBlock", view="author scorer tutor"), "p"), source)
    interaction = ET.SubElement(body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true",
                                maxChoices="1")
    _lines(ET.SubElement(interaction, "prompt"), item.stem)
    for choice, option in zip(choices, item.options, strict=True):
        _lines(ET.SubElement(interaction, "simpleChoice", identifier=choice), option)
    return body


def _processing() -> ET.Element:
    processing = ET.Element("responseProcessing")
    condition = ET.SubElement(processing, "responseCondition")
    right = ET.SubElement(condition, "responseIf")
    match = ET.SubElement(right, "match")
    ET.SubElement(match, "variable", identifier="RESPONSE")
    ET.SubElement(match, "correct", identifier="RESPONSE")
    _score(right, "1")
    _score(ET.SubElement(condition, "responseElse"), "0")
    ET.SubElement(ET.SubElement(processing, "setOutcomeValue", identifier="FEEDBACK"), "variable",
                  identifier="RESPONSE")
    return processing


def _score(parent: ET.Element, points: str) -> None:
    ET.SubElement(ET.SubElement(parent, "setOutcomeValue", identifier="SCORE"), "baseValue",
                  baseType="float").text = points


def _lines(parent: ET.Element, text: str) -> None:
    """Put `text` into `parent`, a `br` between its lines."""
    first, *others = text.split("\n")
    parent.text = first
    for line in others:
        ET.SubElement(parent, "br").tail = line
