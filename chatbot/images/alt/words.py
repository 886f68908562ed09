"""The word lists of `words.toml`, as patterns that find whole words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("words.toml")


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Finds any entry of the list `name`, whole words only. Raises KeyError for a list that is not there."""
    longest_first = sorted(entries(name), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(_as_pattern, longest_first))})(?!\w)", re.IGNORECASE)


@cache
def entries(name: str) -> frozenset[str]:
    return frozenset(_lists()[name])


def found(name: str, text: str, said: str = "") -> list[str]:
    """What of a list stands in `text` and not in `said` (what the educator herself says may be said)."""
    known = said.casefold()
    return _once(match.group() for match in pattern(name).finditer(text) if match.group().casefold() not in known)


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word.casefold() for word in words))


def _as_pattern(entry: str) -> str:
    return re.escape(entry).replace(r"\*", r"\w*").replace(r"\ ", r"\s+")


@cache
def _lists() -> dict[str, list[str]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
