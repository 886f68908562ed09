"""Text as it is kept: composed (NFC), visible characters only, one space between words.

Bidirectional overrides, zero-width characters and Unicode tags can hide words from an editor that a model still
reads, so they go. Swahili (ng'), Korean and emoji stay; a joined emoji falls apart into its parts.
"""

from __future__ import annotations

import re
import unicodedata
from textwrap import shorten

_SPACES = re.compile(r"[^\S\n]+")
_LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st",
              "\ufb06": "st"}
_BULLET = "•"
_TABLE = str.maketrans({
    **_LIGATURES, "\uf0b7": _BULLET, "\uf0a7": _BULLET, "\uf0d8": _BULLET,  # Word's bullets in a symbol font
    "\r": "\n", "\x0b": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n",
    **dict.fromkeys("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"),  # drawn as nothing, though no format characters
    **dict.fromkeys(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))})


def visible(text: str) -> str:
    """`text` without what nobody can see. Line breaks stay; every other run of blanks is one space."""
    text = text.replace("\r\n", "\n").replace("\u00ad\n", "-\n").translate(_TABLE)
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text))
    return text if text.isprintable() else "".join(char for char in text if char.isprintable() or char == "\n")


def one_line(text: str, most: int) -> str:
    """A title: visible, on one line, at most `most` characters, cut between words where that is possible."""
    line = " ".join(visible(text).split())
    return shorten(line, most, placeholder="…") if " " in line[:most] else line[:most]
