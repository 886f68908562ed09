"""Every word on the learner's pages, from one table: `words.toml`, each entry in English and in Swahili."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Language = Literal["en", "sw"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
TABLE = Path(__file__).with_name("words.toml")

Words = dict[str, Any]
"""Nested as in the file; every leaf is a string."""


def words_in(language: Language) -> Words:
    """All words in one language. Raises ValueError naming an entry that lacks a language."""
    return _read(TABLE)[language]


@cache
def _read(path: Path) -> dict[Language, Words]:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {language: _pick(table, language, "") for language in LANGUAGES}


def _pick(table: dict[str, Any], language: Language, where: str) -> Words:
    found: Words = {}
    for name, entry in table.items():
        if not any(isinstance(part, str) for part in entry.values()):
            found[name] = _pick(entry, language, f"{where}{name}.")
        elif entry.keys() == set(LANGUAGES) and all(isinstance(part, str) and part.strip() for part in entry.values()):
            found[name] = entry[language]
        else:
            raise ValueError(f"words.toml: {where}{name} needs exactly {' and '.join(LANGUAGES)}, and no empty one")
    return found
