"""Numbers as women write them: `3 weeks`, `wiki tatu`, `thirty two`, `ishirini na nne`."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"\d{1,3}(?:[.,]\d)?")
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
          "moja": 1, "mmoja": 1, "mbili": 2, "wawili": 2, "tatu": 3, "nne": 4, "tano": 5, "sita": 6, "saba": 7,
          "nane": 8, "tisa": 9, "kumi": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
          "sixteen": 16, "eighteen": 18, "an": 1, "a": 1, "every": 1, "kila": 1, "per": 1,
          "half": 0.5, "nusu": 0.5}
_TENS = {"kumi": 10, "ishirini": 20, "thelathini": 30, "arobaini": 40, "twenty": 20, "thirty": 30, "forty": 40}
_AFTER_ITS_UNIT = {"wiki", "miezi", "mwezi", "siku", "saa", "masaa", "lisaa", "dakika", "pedi", "taulo"}


def value_of(token: str) -> float | None:
    """The number that one word or figure stands for."""
    if NUMBER.fullmatch(token):
        return float(token.replace(",", "."))
    return _WORDS.get(token)


def _spoken(tokens: Sequence[str], position: int) -> float | None:
    """A number at a place: `32`, `nne`, and of two or three words `ishirini na nne`, `thirty two`."""
    if position < len(tokens) and tokens[position] in {"ya", "za", "wa"}:
        position += 1
    if position >= len(tokens):
        return None
    tens = _TENS.get(tokens[position])
    if tens is None:
        return value_of(tokens[position])
    unit = position + (2 if tokens[position + 1 : position + 2] == ["na"] else 1)
    return tens + (_WORDS.get(tokens[unit], 0) if unit < len(tokens) else 0)


def count_of(tokens: Sequence[str], position: int) -> float | None:
    """The number that belongs to a unit: after it in Swahili (`siku tatu`), before it in English (`3 days`)."""
    after = _spoken(tokens, position + 1)
    before = value_of(tokens[position - 1]) if position else None
    if position > 1 and tokens[position - 2] in _TENS and before is not None and before < 10:
        before += _TENS[tokens[position - 2]]
    elif position and tokens[position - 1] in _TENS:
        before = _TENS[tokens[position - 1]]
    if tokens[position] == "day":  # day 3, 3 day old
        return before if before is not None else after
    if tokens[position] in _AFTER_ITS_UNIT:
        return after if after is not None else before
    return before
