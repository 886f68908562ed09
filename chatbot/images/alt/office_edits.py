"""What is said of one picture, written into the bytes of its properties (`wp:docPr`, `p:cNvPr`), and nothing else.

An XML library would write the whole part anew, with other prefixes, which `mc:Ignorable` names, and Word would call
the file damaged. An alt text is the attribute `descr` (ECMA-376-1, 20.1.2.2.8); a decorative picture has none, and an
extension that says so, as Office 2019 and later and LibreOffice write and read it ([MS-ODRAWXML] 2.24).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from chatbot.documents.refusals import BrokenFile
from chatbot.images.alt.draft import one_line

_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_NAME = re.compile(rb"<[^\s/>]+")
_DESCRIPTION = re.compile(rb"""\s+descr\s*=\s*(?:"[^"]*"|'[^']*')""")
_VALUE = re.compile(rb"""\s+val\s*=\s*(?:"[^"]*"|'[^']*')""")
_DRAWING = b'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_DECORATIVE = (b'<a:ext %s uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}"><adec:decorative xmlns:adec='
               b'"http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext>' % _DRAWING)
_EXTENSIONS = b"<a:extLst " + _DRAWING + b">" + _DECORATIVE + b"</a:extLst>"


def end_of(xml: bytes, offset: int, end_tag: int) -> int:
    """The byte after the element that begins at `offset`; an empty tag (`<a/>`) has no end tag. Raises BrokenFile."""
    tag = _tag(xml, offset)
    return offset + len(tag) if tag.endswith(b"/>") else xml.index(b">", end_tag) + 1


def described(properties: bytes, text: str) -> bytes:
    """The element `properties`, from its tag to its end, with this alt text. Raises BrokenFile."""
    tag = _tag(properties, 0)
    return _with_attribute(_DESCRIPTION.sub(b"", tag), b" descr=" + quoteattr(one_line(text)).encode()) + (
        properties[len(tag):])


def decorative(properties: bytes) -> bytes:
    """The same without alt text, marked as decorative. Raises BrokenFile."""
    tag = _tag(properties, 0)
    bare, inside = _DESCRIPTION.sub(b"", tag), properties[len(tag):]
    if tag.endswith(b"/>"):
        return _opened(bare, _EXTENSIONS)
    found = _look(properties)
    if found.mark >= 0:  # it is there, and says no
        mark = _tag(properties, found.mark)
        yes = _with_attribute(_VALUE.sub(b"", mark), b' val="1"')
        return bare + _replaced(inside, found.mark - len(tag), mark, yes)
    if found.list_begins >= 0:
        extensions = _tag(properties, found.list_begins)
        if extensions.endswith(b"/>"):
            return bare + _replaced(inside, found.list_begins - len(tag), extensions, _opened(extensions, _DECORATIVE))
        return bare + _inserted(inside, found.list_ends - len(tag), _DECORATIVE)
    return bare + _inserted(inside, inside.rindex(b"</"), _EXTENSIONS)


@dataclass(slots=True)
class _Marks:
    """Where within the properties something stands, in bytes; -1: nowhere."""

    list_begins: int = -1
    """The tag of their own list of extensions."""
    list_ends: int = -1
    mark: int = -1
    """The element that says whether the picture is decorative."""
    depth: int = 0


def _look(properties: bytes) -> _Marks:
    """Without namespaces, since the prefixes are declared outside; the local names suffice within this element."""
    parser, found = expat.ParserCreate(), _Marks()

    def start(name: str, _: dict[str, str]) -> None:
        found.depth += 1
        local = name.rpartition(":")[2]
        if local == "decorative":
            found.mark = parser.CurrentByteIndex
        elif local == "extLst" and found.depth == 2:
            found.list_begins = parser.CurrentByteIndex

    def end(name: str) -> None:
        found.depth -= 1
        if found.depth == 1 and name.rpartition(":")[2] == "extLst":
            found.list_ends = parser.CurrentByteIndex

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(properties, True)
    except expat.ExpatError:
        raise BrokenFile from None
    return found


def _tag(xml: bytes, offset: int) -> bytes:
    found = _TAG.match(xml, offset)
    if found is None:
        raise BrokenFile
    return found.group()


def _with_attribute(tag: bytes, attribute: bytes) -> bytes:
    name = _NAME.match(tag)
    assert name is not None
    return tag[:name.end()] + attribute + tag[name.end():]


def _opened(empty: bytes, inside: bytes) -> bytes:
    """An empty tag with something in it."""
    name = _NAME.match(empty)
    assert name is not None
    return empty[:-2].rstrip() + b">" + inside + b"</" + name.group()[1:] + b">"


def _inserted(xml: bytes, offset: int, new: bytes) -> bytes:
    return xml[:offset] + new + xml[offset:]


def _replaced(xml: bytes, offset: int, old: bytes, new: bytes) -> bytes:
    return xml[:offset] + new + xml[offset + len(old):]
