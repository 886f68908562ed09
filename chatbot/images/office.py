"""Pictures without alt text in Word and PowerPoint files (ECMA-376), and a copy of the file with theirs filled in.

Only the `descr` attribute of `wp:docPr` and `p:cNvPr` is changed, byte for byte at its place: an XML library would
write the whole part anew, with other prefixes, which `mc:Ignorable` names, and Word would call the file damaged.
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
from xml.sax.saxutils import quoteattr

from chatbot.documents.archive import Archive
from chatbot.documents.refusals import ActiveContent, BrokenFile, Mislabelled
from chatbot.images.draft import one_line

_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_EMBED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships embed"
_FRAMES = frozenset({f"{_WP} inline", f"{_WP} anchor", f"{_P} pic"})
_PROPERTIES = frozenset({f"{_WP} docPr", f"{_P} cNvPr"})
_PARTS = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes)\.xml|ppt/slides/slide\d+\.xml")
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_DESCRIPTION = re.compile(rb"""\s+descr\s*=\s*(?:"[^"]*"|'[^']*')""")
_OTHER_ENCODING = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A picture without alt text: where its properties stand, and which file it shows."""

    part: str
    offset: int
    """Byte of the part at which the tag of its properties begins."""
    media: str
    """Name of the picture's file within the archive."""


@dataclass(slots=True)
class _Frame:
    """A picture while it is read."""

    offset: int = -1
    described: bool = False
    embed: str = ""


@dataclass(slots=True)
class _Reader:
    """Reads one part, and notes the pictures without a description: (offset, relationship id)."""

    found: list[tuple[int, str]] = field(default_factory=list)
    _open: list[_Frame] = field(default_factory=list)

    def read(self, xml: bytes) -> None:
        """Raises ActiveContent for a DTD, BrokenFile."""
        parser = _parser()

        def start(name: str, attributes: dict[str, str]) -> None:
            self._start(name, attributes, parser.CurrentByteIndex)

        parser.StartElementHandler = start
        parser.EndElementHandler = self._end
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
            frame.described = True  # somebody said that it needs none
        elif name == f"{_A} blip" and not frame.embed:
            frame.embed = attributes.get(_EMBED, "")

    def _end(self, name: str) -> None:
        if name in _FRAMES:
            frame = self._open.pop()
            if frame.offset >= 0 and frame.embed and not frame.described:
                self.found.append((frame.offset, frame.embed))


def pictures_without_alt_text(data: bytes) -> tuple[list[Place], Archive]:
    """The places to fill, in reading order of each part, and the opened file.

    Raises Mislabelled (neither Word nor PowerPoint), BrokenFile, ActiveContent, ArchiveBomb, UnsafeArchive.
    """
    archive = Archive(data)
    names = set(archive.names())
    parts = [name for name in archive.names() if _PARTS.fullmatch(name)]
    if not parts:
        raise Mislabelled
    return [place for part in parts for place in _places(archive, part, names)], archive


def with_alt_texts(archive: Archive, texts: Mapping[Place, str]) -> bytes:
    """The same file with these alt texts. Every other byte of every part stays."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.names():
            here = {place: text for place, text in texts.items() if place.part == name}
            body = archive.read(name)
            copy.writestr(zipfile.ZipInfo(name), _filled(body, here) if here else body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _places(archive: Archive, part: str, names: set[str]) -> Iterable[Place]:
    reader = _Reader()
    reader.read(archive.read(part))
    if not reader.found:
        return
    folder, name = posixpath.split(part)
    links = _links(archive, f"{folder}/_rels/{name}.rels", folder, names)
    for offset, embed in reader.found:
        if media := links.get(embed):
            yield Place(part, offset, media)


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
        tag = _TAG.match(xml, place.offset)
        if tag is None:
            raise BrokenFile
        xml = xml[:place.offset] + _described(tag.group(), texts[place]) + xml[tag.end():]
    return xml


def _described(tag: bytes, text: str) -> bytes:
    bare = _DESCRIPTION.sub(b"", tag)
    name = re.match(rb"<[^\s/>]+", bare)
    assert name is not None
    return bare[:name.end()] + b" descr=" + quoteattr(one_line(text)).encode() + bare[name.end():]


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
