"""Text of a Word document (.docx, ECMA-376): its paragraphs, lists and tables, in order.

Read part by part with defusedxml and not with python-docx, which would unpack every part and load what we do not
need. There are no page numbers: a .docx does not say where its pages end (each printer decides anew), and a wrong
number is worse than none. Not read: headers, footers, notes, hidden and deleted text, the codes of fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from chatbot.documents.archive import Archive
from chatbot.documents.layout import Block
from chatbot.documents.letters import visible
from chatbot.documents.reading import Reading
from chatbot.documents.refusals import (
    MOST_CHARACTERS,
    ActiveContent,
    BrokenFile,
    Mislabelled,
    TooMuchText,
)

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_TYPES, _DOCUMENT, _STYLES = "[Content_Types].xml", "word/document.xml", "word/styles.xml"
_PROPERTIES = "docProps/core.xml"
_WORD_DOCUMENT = b"wordprocessingml.document.main+xml"
_MACROS = b"macroEnabled"
_HARMLESS_LINKS = frozenset({"hyperlink", "image", "video"})
"""Kinds of outside links that an honest document has. Nothing is ever fetched."""
_ELSEWHERE = ("http:", "https:", "ftp:", "\\\\", "//", "file://")
_ITEM = "• "


def read_docx(data: bytes) -> Reading:
    """The paragraphs of a .docx. Raises Mislabelled, BrokenFile, ActiveContent, ArchiveBomb, UnsafeArchive."""
    archive = Archive(data)
    names = set(archive.names())
    if _TYPES not in names or _DOCUMENT not in names:
        raise Mislabelled
    types = archive.read(_TYPES)
    if _MACROS in types or any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in names):
        raise ActiveContent
    if _WORD_DOCUMENT not in types:
        raise Mislabelled
    for name in sorted(names):
        if name.endswith(".rels"):
            _check_links(archive.read(name))
    styles = _style_names(archive.read(_STYLES)) if _STYLES in names else {}
    paragraphs = _paragraphs(archive.read(_DOCUMENT), styles)
    title = _title(archive.read(_PROPERTIES)) if _PROPERTIES in names else ""
    return Reading(title=title, pages=None, blocks=paragraphs)


@dataclass
class _Paragraph:
    """What is known of the paragraph that is being read."""

    style: str = ""
    listed: bool = False
    outlined: bool = False
    parts: list[str] = field(default_factory=list)
    plain: bool = False
    """Whether some of its text is not bold."""

    def block(self) -> Block | None:
        text = " ".join(visible("".join(self.parts)).split())
        if not text:
            return None
        style = self.style.lower()
        heading = self.outlined or style.startswith(("heading", "title", "subtitle", "toc")) or (
            not self.listed and _stands_out(text, bold=not self.plain))
        listed = self.listed or style.startswith("list bullet") or style.startswith("list number")
        return Block(_ITEM + text if listed and not heading else text, None, heading)


def _stands_out(text: str, *, bold: bool) -> bool:
    """A short line in bold or in capitals that does not end like a sentence."""
    return len(text.split()) <= 12 and text[-1] not in ".!?:;,。" and (bold or (text.isupper() and len(text) > 3))


@dataclass
class _Run:
    hidden: bool = False
    bold: bool = False
    parts: list[str] = field(default_factory=list)


def _paragraphs(xml: bytes, styles: dict[str, str]) -> list[Block]:
    found: list[Block] = []
    size = 0
    for paragraph in _read_paragraphs(xml, styles):
        block = paragraph.block()
        if block is not None:
            size += len(block.text)
            found.append(block)
        if size > MOST_CHARACTERS:
            raise TooMuchText
    return found


def _read_paragraphs(xml: bytes, styles: dict[str, str]) -> Iterator[_Paragraph]:
    """Each `w:p`, also those inside others (text boxes), when it ends. No recursion: nesting costs nothing."""
    open_paragraphs: list[_Paragraph] = []
    run = _Run()
    skipping = 0
    for event, element in _events(xml):
        tag, starts = element.tag, event == "start"
        if tag == _MC_FALLBACK:  # the same again, for programs that do not know the first form
            skipping += 1 if starts else -1
        if skipping:
            continue
        if starts:
            if tag == _W + "p":
                open_paragraphs.append(_Paragraph())
            elif tag == _W + "r":
                run = _Run()
        elif open_paragraphs:
            if tag == _W + "p":
                yield open_paragraphs.pop()
            else:
                _note(open_paragraphs[-1], run, element, styles)
        if not starts:
            element.clear()


def _note(paragraph: _Paragraph, run: _Run, element: Any, styles: dict[str, str]) -> None:
    """Take in one element, at its end."""
    value = element.get(_W + "val")
    match element.tag.removeprefix(_W):
        case "t":
            run.parts.append(element.text or "")
        case "tab" | "br" | "cr":
            run.parts.append(" ")
        case "noBreakHyphen":
            run.parts.append("-")
        case "vanish":
            run.hidden = value not in {"0", "false"}
        case "b":
            run.bold = value not in {"0", "false"}
        case "r":
            text = "" if run.hidden else "".join(run.parts)
            paragraph.parts.append(text)
            paragraph.plain = paragraph.plain or (bool(text.strip()) and not run.bold)
            run.parts.clear()
        case "pStyle":
            paragraph.style = styles.get(value or "", value or "")
        case "numPr":
            paragraph.listed = True
        case "outlineLvl":
            paragraph.outlined = value in set("012345678")
        case "instrText":
            _check_field((element.text or "").strip())


def _check_field(code: str) -> None:
    """DDE fields start programs when a document is opened."""
    if code.upper().startswith(("DDE ", "DDEAUTO ")):
        raise ActiveContent


def _check_links(xml: bytes) -> None:
    for _, element in _events(xml):
        if element.tag != _REL or element.get("TargetMode") != "External":
            continue
        kind = (element.get("Type") or "").rpartition("/")[2]
        target = (element.get("Target") or "").strip().lower()
        local = target.startswith("file:///") and not target.startswith("file:////")
        if kind not in _HARMLESS_LINKS and target.startswith(_ELSEWHERE) and not local:
            raise ActiveContent


def _style_names(xml: bytes) -> dict[str, str]:
    """Style id -> name. Names of built-in styles are English in every language's Word, ids are not."""
    names: dict[str, str] = {}
    style = ""
    for event, element in _events(xml):
        if event == "start" and element.tag == _W + "style":
            style = element.get(_W + "styleId") or ""
        elif event == "start" and element.tag == _W + "name" and style:
            names.setdefault(style, element.get(_W + "val") or "")
    return names


def _title(xml: bytes) -> str:
    return next((element.text or "" for event, element in _events(xml)
                 if event == "end" and element.tag.endswith("}title")), "")


def _events(xml: bytes) -> Iterator[tuple[str, Any]]:
    """(start or end, element). No DTD, so neither entities nor anything from outside. Raises ActiveContent."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        yield from iterparse(BytesIO(xml), events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException:
        raise ActiveContent from None
    except (ParseError, ValueError, LookupError):
        raise BrokenFile from None
