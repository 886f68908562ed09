"""QTI 1.2 as Canvas writes and reads it: a zip with a manifest, an assessment and Canvas's own settings beside it.

The structure is that of Canvas's quiz exports, which text2qti (https://github.com/gpoore/text2qti) writes too: a test
compares with it. Canvas reads each text as HTML, so ours is escaped once as HTML and once more as XML.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from chatbot.quizzes.exports.archive import fixed_zip
from chatbot.quizzes.exports.citation import citation
from chatbot.quizzes.exports.identifiers import identifier, item_identifiers
from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import as_html, one_line
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import Item, Quiz

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
CONTENT_PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
CANVAS_RESOURCE = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
LONGEST_TITLE = 200


class Qti12(Export):
    """For Canvas's "QTI .zip file" import, and the many that learnt to read it."""

    name = "qti12"
    title = "QTI 1.2 (Canvas)"
    extension = "qti12.zip"
    media_type = "application/zip"
    opens_in = "Canvas, Blackboard, Brightspace"

    def render(self, quiz: Quiz) -> bytes:
        """A zip: imsmanifest.xml, ID/ID.xml, ID/assessment_meta.xml."""
        own = identifier("quiz", quiz.id)
        files = {"imsmanifest.xml": _manifest(own), f"{own}/assessment_meta.xml": _settings(quiz, own),
                 f"{own}/{own}.xml": _assessment(quiz, own)}
        return fixed_zip({path: _bytes(root) for path, root in files.items()})


def _manifest(own: str) -> ET.Element:
    manifest = ET.Element("manifest", identifier=f"manifest_{own}", xmlns=CONTENT_PACKAGE)
    metadata = ET.SubElement(manifest, "metadata")
    ET.SubElement(metadata, "schema").text = "IMS Content"
    ET.SubElement(metadata, "schemaversion").text = "1.1.3"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    quiz = ET.SubElement(resources, "resource", identifier=own, type="imsqti_xmlv1p2")
    ET.SubElement(quiz, "file", href=f"{own}/{own}.xml")
    ET.SubElement(quiz, "dependency", identifierref=f"settings_{own}")
    settings = ET.SubElement(resources, "resource", identifier=f"settings_{own}", type=CANVAS_RESOURCE,
                             href=f"{own}/assessment_meta.xml")
    ET.SubElement(settings, "file", href=f"{own}/assessment_meta.xml")
    return manifest


def _settings(quiz: Quiz, own: str) -> ET.Element:
    settings = ET.Element("quiz", identifier=own, xmlns=CANVAS)
    for name, value in (("title", one_line(quiz.title, LONGEST_TITLE)), ("description", ""),
                        ("shuffle_answers", "true"), ("scoring_policy", "keep_highest"), ("quiz_type", "assignment"),
                        ("points_possible", f"{len(quiz.items)}.0"), ("allowed_attempts", "1")):
        ET.SubElement(settings, name).text = value
    return settings


def _assessment(quiz: Quiz, own: str) -> ET.Element:
    root = ET.Element("questestinterop", xmlns=QTI)
    assessment = ET.SubElement(root, "assessment", ident=own, title=one_line(quiz.title, LONGEST_TITLE))
    _metadata(ET.SubElement(assessment, "qtimetadata"), cc_maxattempts="1")
    section = ET.SubElement(assessment, "section", ident="root_section")
    for place, (shown, name) in enumerate(zip(quiz.items, item_identifiers(quiz), strict=True)):
        section.append(_item(shown.item, name, f"{place + 1}. {one_line(shown.item.stem, 60)}"))
    return root


def _item(item: Item, name: str, title: str) -> ET.Element:
    made = ET.Element("item", ident=name, title=title)
    answers = [f"{name}_{place + 1}" for place in range(len(item.options))]
    _metadata(ET.SubElement(ET.SubElement(made, "itemmetadata"), "qtimetadata"),
              question_type="multiple_choice_question", points_possible="1", original_answer_ids=",".join(answers),
              assessment_question_identifierref=f"{name}_question")
    presentation = ET.SubElement(made, "presentation")
    _material(presentation, item.stem)
    response = ET.SubElement(presentation, "response_lid", ident="response1", rcardinality="Single")
    choices = ET.SubElement(response, "render_choice")
    for answer, option in zip(answers, item.options, strict=True):
        _material(ET.SubElement(choices, "response_label", ident=answer), option)
    feedback = _feedback(item, answers)
    made.append(_scoring(answers[item.answer_index], list(feedback)))
    for ident, text in feedback.items():
        _material(ET.SubElement(ET.SubElement(made, "itemfeedback", ident=ident), "flow_mat"), text)
    return made


def _feedback(item: Item, answers: list[str]) -> dict[str, str]:
    """Identifier -> text: the source for whoever answers, and why the picked option is right or wrong."""
    texts = {"general_fb": citation(item.evidence, item.language)}
    texts |= {f"{answer}_fb": why for answer, why in zip(answers, rationales(item), strict=True)}
    return {ident: text for ident, text in texts.items() if text}


def _scoring(key: str, feedback: list[str]) -> ET.Element:
    scoring = ET.Element("resprocessing")
    ET.SubElement(ET.SubElement(scoring, "outcomes"), "decvar", maxvalue="100", minvalue="0", varname="SCORE",
                  vartype="Decimal")
    for ident in feedback:
        condition = ET.SubElement(scoring, "respcondition", {"continue": "Yes"})
        when = ET.SubElement(condition, "conditionvar")
        if ident == "general_fb":
            ET.SubElement(when, "other")
        else:
            ET.SubElement(when, "varequal", respident="response1").text = ident.removesuffix("_fb")
        ET.SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=ident)
    right = ET.SubElement(scoring, "respcondition", {"continue": "No"})
    ET.SubElement(ET.SubElement(right, "conditionvar"), "varequal", respident="response1").text = key
    ET.SubElement(right, "setvar", action="Set", varname="SCORE").text = "100"
    return scoring


def _metadata(parent: ET.Element, **fields: str) -> None:
    for label, entry in fields.items():
        field = ET.SubElement(parent, "qtimetadatafield")
        ET.SubElement(field, "fieldlabel").text = label
        ET.SubElement(field, "fieldentry").text = entry


def _material(parent: ET.Element, text: str) -> None:
    ET.SubElement(ET.SubElement(parent, "material"), "mattext", texttype="text/html").text = f"<p>{as_html(text)}</p>"


def _bytes(root: ET.Element) -> bytes:
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
