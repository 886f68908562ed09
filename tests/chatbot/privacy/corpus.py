"""The planted corpus: messages with identifiers that must go, marked `{kind:value}`, and messages with none.

Every value is made up: subscriber numbers are zeros, addresses are at example.org, document numbers count up. Every
third message is held out: nobody looked at its misses while the finders were written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent.parent.parent / "data" / "privacy"
_MARK = re.compile(r"\{([a-z_]+):([^{}]+)\}")


@dataclass(frozen=True)
class Planted:
    """One message, and what is hidden in it."""

    text: str
    language: str
    values: tuple[tuple[str, str], ...]
    """(kind, value) each."""
    held_out: bool


def planted() -> list[Planted]:
    """Every message with identifiers."""
    rows = tomllib.loads((DATA / "planted.toml").read_text("utf-8"))
    found = [(language, text) for language, texts in rows.items() for text in texts]
    return [Planted(_MARK.sub(r"\2", text), language, tuple(_MARK.findall(text)), place % 3 == 2)
            for place, (language, text) in enumerate(found)]


def clean() -> list[tuple[str, str]]:
    """(language, message) of every message with nothing to redact."""
    rows = tomllib.loads((DATA / "clean.toml").read_text("utf-8"))
    return [(language, text) for language, texts in rows.items() for text in texts]


def is_gone(value: str, redacted: str) -> bool:
    """Whether a planted value is in a redacted text no more, in whole or in its telling parts."""
    if value.casefold() in redacted.casefold():
        return False
    digits = "".join(char for char in value if char.isdigit())
    left = "".join(char for char in redacted if char.isdigit())
    return len(digits) < 7 or digits[-7:] not in left


def parts_left(value: str, redacted: str) -> Iterator[str]:
    """The words of a name or a place that are still there."""
    words = re.findall(r"[^\W\d_]{3,}", redacted.casefold())
    yield from (part for part in re.findall(r"[^\W\d_]{3,}", value.casefold()) if part in words)
