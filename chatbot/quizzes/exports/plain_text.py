"""Text that every file format can hold, and the same text as HTML."""

from __future__ import annotations

import html
import re

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters: XML 1.0 has no way to write most of them
    "\ud800-\udfff"                          # halves of surrogate pairs: no UTF-8
    "\u202a-\u202e\u2066-\u2069"             # bidi overrides and isolates: they can show a key reversed
    "\ufeff\ufdd0-\ufdef\ufffe\uffff"        # byte order mark, noncharacters
    "\U000e0000-\U000e007f]")                # tag characters: invisible, and a way to smuggle words
_SPACES = re.compile(r"\s+")


def writable(text: str) -> str:
    """`text` without what no format takes, its line ends as line feeds, no space at its ends. Idempotent."""
    return _UNWRITABLE.sub("", _LINE_ENDS.sub("\n", text)).strip()


def one_line(text: str, limit: int) -> str:
    """`text` as a name of at most `limit` characters."""
    line = _SPACES.sub(" ", text).strip()
    return line if len(line) <= limit else line[:limit - 1].rstrip() + "…"


def as_html(text: str) -> str:
    """`text` as HTML that shows it letter by letter, its lines kept."""
    return html.escape(text).replace("\n", "<br>")


def letter(place: int) -> str:
    """The letter of an option: A for 0, Z for 25, AA for 26."""
    return (letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)
