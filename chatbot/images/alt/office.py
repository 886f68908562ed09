"""Pictures without alt text in Word and PowerPoint files (ECMA-376), and a copy of the file with theirs filled in.

Only the properties of those pictures are changed, byte for byte at their place (`office_edits.py`).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from xml.parsers import expat

from chatbot.documents.archive import Archive
from chatbot.documents.refusals import ActiveContent, BrokenFile, Mislabelled
from chatbot.images.alt.office_edits import decorative, described, end_of

_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_EMBED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships embed"
_FRAMES = frozenset({f"{_WP} inline", f"{_WP} anchor", f"{_P} pic"})
_PROPERTIES = frozenset({f"{_WP} docPr", f"{_P} cNvPr"})
_PARTS = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes)\.xml|ppt/slides/slide\d+\.xml")
_OTHER_ENCODING = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A picture to describe: where its properties stand, and which file it shows."""

    part: str
    offset: int
    """Byte of the part at which the element of its properties begins."""
    end: int
    """Byte after that element."""
    media: str
    """Name of the picture's file within the archive."""


@dataclass(slots=True)
class _Frame:
    """A picture while it is read."""

    offset: int = -1
    end: int = -1
    described: bool = False
    decorative: bool = False
    embed: str = ""


@dataclass(slots=True)
class _Reader:
    """Reads one part, and notes the pictures to describe: those without a description, or all but decorative ones."""

    replace: bool
    found: list[_Frame] = field(default_factory=list)
    _open: list[_Frame] = field(default_factory=list)

    def read(self, xml: bytes) -> None:
        """Raises ActiveContent for a DTD, BrokenFile."""
        parser = _parser()

        def start(name: str, attributes: dict[str, str]) -> None:
            self._start(name, attributes, parser.CurrentByteIndex)

        parser.StartElementHandler = start
        parser.EndElementHandler = lambda name: self._end(name, xml, parser.CurrentByteIndex)
        _parse(parser, xml)

    def _start(self, name: str, attributes: dict[str, str], offset: int) -> None:
        if name in _FRAMES:
            self._open.append(_Frame())
            return
        if not self._open:
            return
        frame = self._open[-1]
        if name in _PROPERTIES and frame.offset < 0:
            frame.offset, frame.described = offset, bool(attributes.get("descr", "").strip())
        elif name.endswith(" decorative") and attributes.get("val") in {"1", "true"}:
            frame.decorative = True  # somebody said that it needs none
        elif name == f"{_A} blip" and not frame.embed:
            frame.embed = attributes.get(_EMBED, "")

    def _end(self, name: str, xml: bytes, offset: int) -> None:
        """`offset` is that of the end tag, if there is one."""
        if not self._open:
            return
        frame = self._open[-1]
        if name in _PROPERTIES and frame.end < 0:
            frame.end = end_of(xml, frame.offset, offset)
        elif name in _FRAMES:
            self._open.pop()
            if frame.offset >= 0 and frame.embed and not frame.decorative and (self.replace or not frame.described):
                self.found.append(frame)


def pictures_to_describe(data: bytes, *, replace: bool = False) -> tuple[list[Place], Archive]:
    """The pictures without alt text, in reading order of each part, and the opened file.

    With `replace` also those that have one; never those that are marked as decorative.

    Raises Mislabelled (neither Word nor PowerPoint), BrokenFile, ActiveContent, ArchiveBomb, UnsafeArchive.
    """
    archive = Archive(data)
    names = set(archive.names())
    parts = [name for name in archive.names() if _PARTS.fullmatch(name)]
    if not parts:
        raise Mislabelled
    return [place for part in parts for place in _places(archive, part, names, replace=replace)], archive


def with_alt_texts(archive: Archive, texts: Mapping[Place, str]) -> bytes:
    """The same file with these alt texts; an empty one marks the picture as decorative.

    Every other byte of every part stays. Raises BrokenFile.
    """
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.names():
            here = {place: text for place, text in texts.items() if place.part == name}
            body = archive.read(name)
            copy.writestr(zipfile.ZipInfo(name), _filled(body, here) if here else body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _places(archive: Archive, part: str, names: set[str], *, replace: bool) -> Iterable[Place]:
    reader = _Reader(replace)
    reader.read(archive.read(part))
    if not reader.found:
        return
    folder, name = posixpath.split(part)
    links = _links(archive, f"{folder}/_rels/{name}.rels", folder, names)
    for frame in reader.found:
        if media := links.get(frame.embed):
            yield Place(part, frame.offset, frame.end, media)


def _links(archive: Archive, rels: str, folder: str, names: set[str]) -> dict[str, str]:
    """Relationship id -> name of a file within the archive. What is linked from outside is never fetched."""
    links: dict[str, str] = {}

    def start(_: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "")
        inside = posixpath.normpath(posixpath.join(folder, target) if not target.startswith("/") else target[1:])
        if attributes.get("TargetMode") != "External" and inside in names:
            links[attributes.get("Id", "")] = inside

    if rels in names:
        parser = _parser()
        parser.StartElementHandler = start
        _parse(parser, archive.read(rels))
    return links


def _filled(xml: bytes, texts: Mapping[Place, str]) -> bytes:
    for place in sorted(texts, key=lambda one: one.offset, reverse=True):  # the last first, so that offsets hold
        properties = xml[place.offset:place.end]
        said = described(properties, texts[place]) if texts[place] else decorative(properties)
        xml = xml[:place.offset] + said + xml[place.end:]
    return xml


def _parser() -> Any:
    """No DTD, so neither entities nor anything from outside."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_: object) -> None:
        raise ActiveContent

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _parse(parser: Any, xml: bytes) -> None:
    if xml.startswith((b"\xff\xfe", b"\xfe\xff")) or _OTHER_ENCODING.match(xml):
        raise BrokenFile  # offsets are in bytes of UTF-8, which every office program writes
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        raise BrokenFile from None
