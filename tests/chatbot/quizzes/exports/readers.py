"""Readers of every format that share no code with its writer: what another program would see of a quiz.

Each gives (question, options, place of the key, rationale) of every item; rationale None where the format has none.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt

Seen = tuple[str, tuple[str, ...], int, tuple[str, ...] | None]
QTI12 = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
QTI21 = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"


def read_json(content: bytes) -> list[Seen]:
    return [(item["question"], tuple(item["options"]), item["answer_index"], tuple(item["rationale"]))
            for item in json.loads(content)["items"]]


def read_csv(content: bytes) -> list[Seen]:
    """As a spreadsheet shows it: with the apostrophes taken off by hand where our own rule put them."""
    assert content.startswith(b"\xef\xbb\xbf")
    seen = []
    for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        letters = [name[-1] for name in row if name.startswith("option_") and row[name]]
        seen.append((row["question"], tuple(row[f"option_{at}"] for at in letters),
                     letters.index(row["answer"].lower()), tuple(row[f"rationale_{at}"] for at in letters)))
    return seen


def read_moodle_xml(content: bytes) -> list[Seen]:
    seen = []
    for question in ET.fromstring(content).iterfind("question[@type='multichoice']"):
        answers = question.findall("answer")
        marks = [answer.get("fraction") for answer in answers]
        assert sorted(set(marks)) == ["0", "100"]
        assert {element.get("format") for element in [question.find("questiontext"), *answers]} == {"plain_text"}
        seen.append((question.findtext("questiontext/text") or "", tuple(_xml_text(answer) for answer in answers),
                     marks.index("100"), tuple(_xml_text(answer.find("feedback")) for answer in answers)))
    return seen


def read_gift(content: bytes) -> list[Seen]:
    """The steps of Moodle's question/format/gift/format.php: placeholders, then cutting, then characters again."""
    seen = []
    for block in content.decode().strip().split("\n\n"):
        hidden = block.replace("\\\\", "&&092;")
        for char, code in (*((char, ord(char)) for char in ":#={}~"), ("n", 10)):
            hidden = hidden.replace(f"\\{char}", f"&&{code:03d};")
        _, _, rest = hidden[2:].partition("::")
        stem, _, inside = rest.partition("{")
        inside, _, after = inside.partition("}")
        assert not after.strip()
        answers = inside.partition("####")[0].replace("=", "~=").split("~")[1:]
        answers = [answer for answer in answers if answer.strip()]
        right = [answer.lstrip().startswith("=") for answer in answers]
        assert sum(right) == 1
        parts = [answer.strip().removeprefix("=").partition("#") for answer in answers]
        seen.append((_gift_text(stem), tuple(_gift_text(part[0]) for part in parts), right.index(True),
                     tuple(_gift_text(part[2]) for part in parts)))
    return seen


def read_qti12(content: bytes) -> list[Seen]:
    files = _files(content)
    manifest = ET.fromstring(files["imsmanifest.xml"])
    resources = {one.get("identifier"): one for one in manifest.iter() if one.tag.endswith("}resource")}
    quiz = next(one for one in resources.values() if one.get("type") == "imsqti_xmlv1p2")
    hrefs = [one.get("href") for one in manifest.iter() if one.tag.endswith("}file")]
    assert all(href in files for href in hrefs)
    assert all(one.get("identifierref") in resources for one in quiz if one.tag.endswith("}dependency"))
    root = ET.fromstring(files[quiz[0].get("href") or ""])
    return [_read_item12(item) for item in root.iter(f"{QTI12}item")]


def _read_item12(item: ET.Element) -> Seen:
    labels = item.findall(f".//{QTI12}response_label")
    idents = [label.get("ident") for label in labels]
    scored = [condition for condition in item.iter(f"{QTI12}respcondition")
              if condition.find(f"{QTI12}setvar") is not None]
    assert [condition.findtext(f"{QTI12}setvar") for condition in scored] == ["100"]
    shown = {condition.findtext(f".//{QTI12}varequal"): condition.find(f"{QTI12}displayfeedback")
             for condition in item.iter(f"{QTI12}respcondition") if condition not in scored}
    feedback = {one.get("ident"): _html12(one) for one in item.iter(f"{QTI12}itemfeedback")}
    why = [feedback[shown[ident].get("linkrefid")] if ident in shown else "" for ident in idents]
    return (_html12(item.find(f"{QTI12}presentation")), tuple(_html12(label) for label in labels),
            idents.index(scored[0].findtext(f".//{QTI12}varequal")), tuple(why))


def read_qti21(content: bytes) -> list[Seen]:
    files = _files(content)
    manifest = ET.fromstring(files["imsmanifest.xml"])
    resources = [one for one in manifest.iter() if one.tag.endswith("}resource")]
    listed = {one.get("href") for one in manifest.iter() if one.tag.endswith("}file")}
    assert listed == files.keys() - {"imsmanifest.xml"}
    test = next(one.get("href") or "" for one in resources if one.get("type") == "imsqti_test_xmlv2p1")
    refs = [ref.get("href") or "" for ref in ET.fromstring(files[test]).iter(f"{QTI21}assessmentItemRef")]
    return [_read_item21(ET.fromstring(files[str(PurePosixPath(test).parent / ref)])) for ref in refs]


def _read_item21(item: ET.Element) -> Seen:
    choices = item.findall(f".//{QTI21}simpleChoice")
    outcomes = [process(item, choice.get("identifier") or "") for choice in choices]
    feedback = {one.get("identifier"): _lines(one[0]) for one in item.iter(f"{QTI21}modalFeedback")}
    scores = [float(outcome["SCORE"]) for outcome in outcomes]
    assert sorted(scores) == [0.0] * (len(choices) - 1) + [1.0]
    return (_lines(item.find(f".//{QTI21}prompt")), tuple(map(_lines, choices)), scores.index(1.0),
            tuple(feedback.get(outcome["FEEDBACK"], "") for outcome in outcomes))


def process(item: ET.Element, response: str) -> dict[str, str]:
    """Run the item's response processing (the rules that our items use) on a picked choice; its outcomes."""
    values = {"RESPONSE": response}
    correct = item.findtext(f"{QTI21}responseDeclaration/{QTI21}correctResponse/{QTI21}value") or ""

    def value(expression: ET.Element) -> Any:
        kind, name = expression.tag.removeprefix(QTI21), expression.get("identifier", "")
        if kind == "match":
            return value(expression[0]) == value(expression[1])
        return {"variable": values.get(name), "correct": correct, "baseValue": expression.text}[kind]

    def run(rules: list[ET.Element]) -> None:
        for rule in rules:
            if rule.tag == f"{QTI21}setOutcomeValue":
                values[rule.get("identifier", "")] = value(rule[0])
            else:
                assert rule.tag == f"{QTI21}responseCondition"
                branch, otherwise = rule
                run(list(branch)[1:] if value(branch[0]) else list(otherwise))

    run(list(item.find(f"{QTI21}responseProcessing") or ()))
    return values


def read_kahoot(content: bytes) -> list[Seen]:
    from openpyxl import load_workbook

    sheet: Any = load_workbook(io.BytesIO(content)).active
    rows = list(sheet.iter_rows(min_row=9, max_col=8, values_only=True))
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    return [(row[1], tuple(text for text in row[2:6] if text is not None), row[7] - 1, None) for row in rows]


def read_anki(content: bytes) -> list[Seen]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "collection.anki2"
        path.write_bytes(_files(content)["collection.anki2"])
        connection = sqlite3.connect(path)
        notes = [row[0].split("\x1f") for row in connection.execute("SELECT flds FROM notes ORDER BY id")]
        connection.close()
    seen = []
    for question, options, answer, why, _source in notes:
        listed = _listed(options)
        seen.append((_html(question), listed, ord(answer[0]) - ord("A"), _listed(why) or ("",) * len(listed)))
        assert _html(answer)[3:] == listed[seen[-1][2]]
    return seen


def read_markdown(content: bytes) -> list[Seen]:
    """With HTML, tables and strikethrough on: none of them may come of an item's words."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(content.decode())
    assert {token.type for token in tokens} <= {
        "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "bullet_list_open",
        "bullet_list_close", "list_item_open", "list_item_close"}
    lines = [(tokens[at - 1].tag, token.level, _inline(token)) for at, token in enumerate(tokens)
             if token.type == "inline"]
    starts = [at for at, (tag, _, _) in enumerate(lines) if tag in {"h3", "h2"}]
    keys = lines[starts[-1] + 1:]
    answers = [text for _, level, text in keys if level == 1 and re.match(r"\d+\. [A-Z]\) ", text)]
    assert len(answers) == len(starts) - 1
    seen = []
    for start, end, answer in zip(starts, starts[1:], answers, strict=False):
        (_, _, stem), *options = lines[start + 1:end]
        seen.append((stem, tuple(text[3:] for _, _, text in options), ord(answer.split(". ")[1][0]) - ord("A"), None))
    return seen


READERS: dict[str, Callable[[bytes], list[Seen]]] = {
    "json": read_json, "csv": read_csv, "moodle-xml": read_moodle_xml, "gift": read_gift, "qti12": read_qti12,
    "qti21": read_qti21, "kahoot-xlsx": read_kahoot, "anki": read_anki, "markdown": read_markdown}
"""Of every format whose file is data; what paper says is tested in test_pdf.py."""


def _files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _xml_text(element: ET.Element | None) -> str:
    assert element is not None
    return element.findtext("text") or ""


def _gift_text(text: str) -> str:
    text = text.strip()
    if not text.startswith("[plain]"):
        assert not text.startswith(("[", "%"))
    text = text.removeprefix("[plain]")
    for char in ":#={}~\n":
        text = text.replace(f"&&{ord(char):03d};", char)
    return text.replace("&&092;", "\\").strip()


def _html12(element: ET.Element | None) -> str:
    assert element is not None
    material = element.find(f".//{QTI12}mattext")
    assert material is not None
    assert material.get("texttype") == "text/html"
    return _html(material.text or "")


def _lines(element: ET.Element | None) -> str:
    assert element is not None
    assert {child.tag for child in element} <= {f"{QTI21}br"}
    return (element.text or "") + "".join("\n" + (child.tail or "") for child in element)


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.items: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in {"p", "br", "ol", "li"}, tag
        if tag == "li":
            self.items.append("")
        if tag == "br":
            self.items[-1] += "\n"

    def handle_data(self, data: str) -> None:
        self.items[-1] += data


def _html(text: str) -> str:
    return "".join(_items(text))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(_items(text)[1:])


def _items(text: str) -> list[str]:
    reader = _Html()
    reader.feed(text)
    reader.close()
    return reader.items


def _inline(token: Any) -> str:
    plain = {"text", "text_special", "hardbreak", "strong_open", "strong_close"}
    assert {child.type for child in token.children} <= plain
    return "".join("\n" if child.type == "hardbreak" else child.content for child in token.children)
