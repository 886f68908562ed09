"""Every word on the pages, each entry in English and in Swahili, from tables of one part of the pages each."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Language = Literal["en", "sw"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
TABLES = tuple(Path(__file__).with_name(name) for name in ("words.toml", "words_learn.toml", "words_studio.toml",
                                                          "words_illustrate.toml"))

Words = dict[str, Any]
"""Nested as in the file; every leaf is a string."""


def words_in(language: Language) -> Words:
    """All words in one language. Raises ValueError naming an entry that lacks a language."""
    return _all()[language]


@cache
def _all() -> dict[Language, Words]:
    read = [_read(path) for path in TABLES]
    return {language: {name: group for table in read for name, group in table[language].items()}
            for language in LANGUAGES}


def _read(path: Path) -> dict[Language, Words]:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {language: _pick(table, language, f"{path.name}: ") for language in LANGUAGES}


def _pick(table: dict[str, Any], language: Language, where: str) -> Words:
    found: Words = {}
    for name, entry in table.items():
        if not any(isinstance(part, str) for part in entry.values()):
            found[name] = _pick(entry, language, f"{where}{name}.")
        elif entry.keys() == set(LANGUAGES) and all(isinstance(part, str) and part.strip() for part in entry.values()):
            found[name] = entry[language]
        else:
            raise ValueError(f"{where}{name} needs exactly {' and '.join(LANGUAGES)}, and no empty one")
    return found
