"""Figures with all that makes them true: the bound, the unit and the substance ("at least 60 mg of iron").

English puts the unit behind the figure, Swahili before it (miezi 6, siku tano). A range gives two quantities.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Bound = Literal["", "<", ">"]
_FIGURE = re.compile(r"\d+(?:[.,/]\d+)*")
_DIGITS = {word: str(value) for value, words in enumerate((
    ("zero", "sifuri"), ("one",), ("two", "mbili"), ("three",), ("four",), ("five",), ("six",), ("seven",), ("eight",),
    ("nine",), ("ten",), ("eleven",), ("twelve",))) for word in words}
_SWAHILI_DIGITS = {"moja": "1", "wili": "2", "tatu": "3", "nne": "4", "tano": "5", "sita": "6", "saba": "7",
                   "nane": "8", "tisa": "9", "kumi": "10"}
_AGREEMENT = re.compile(r"^(?:ki|vi|mi|wa|ma|m)(?=moja$|wili$|tatu$|nne$|tano$|nane$)")
"""Numerals agree with their noun: kidonge kimoja, vidonge vitano."""
_UNIT_NAMES = """
    mg milligram milligrams miligramu
    mcg microgram micrograms mikrogramu µg
    g gram grams gramu
    kg kilogram kilograms kilo
    ml millilitre millilitres milliliter milliliters mililita
    litre litres liter liters lita
    minute minutes dakika
    hour hours saa
    day days siku
    week weeks wiki
    month months mwezi miezi
    year years mwaka miaka
    time times mara
    tablet tablets pill pills kidonge vidonge
    dose doses dozi
    cup cups kikombe vikombe
    cm centimetre centimetres sentimita
    percent asilimia
"""
_UNITS = {name: line.split()[0] for line in _UNIT_NAMES.strip().splitlines() for name in line.split()}
_MASSES = frozenset({"mg", "mcg", "g", "ml"})
_THINGS = frozenset({"tablet", "dose", "cup", "time"})
_TIMES = frozenset("minute hour day week month year".split())
_JOINERS = frozenset("to or and hadi au na".split())
_BOUNDS: dict[tuple[str, ...], Bound] = {
    ("more", "than"): ">", ("at", "least"): ">", ("over",): ">", ("above",): ">", ("after",): ">",
    ("zaidi", "ya"): ">", ("angalau",): ">", ("baada", "ya"): ">",
    ("less", "than"): "<", ("fewer", "than"): "<", ("at", "most"): "<", ("up", "to"): "<", ("under",): "<",
    ("below",): "<", ("within",): "<", ("before",): "<", ("chini", "ya"): "<", ("ndani", "ya"): "<",
    ("kabla", "ya"): "<"}
_OR_MORE: dict[tuple[str, str], Bound] = {("or", "more"): ">", ("au", "zaidi"): ">", ("or", "less"): "<"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One figure. What the text leaves unsaid is empty."""

    figure: str
    unit: str = ""
    bound: Bound = ""
    substance: str = ""

    def is_said_by(self, other: Quantity) -> bool:
        """Whether `other` says at least as much, and nothing else."""
        return (self.figure == other.figure and self.unit in ("", other.unit) and self.bound in ("", other.bound)
                and (not self.substance or self.substance[:4] == other.substance[:4]))


def figure_of(word: str) -> str:
    """The digits of a lower-case figure or numeral word, empty when it is none.

    >>> figure_of("140/90"), figure_of("five"), figure_of("vitano"), figure_of("tea")
    ('140/90', '5', '5', '')
    """
    if _FIGURE.fullmatch(word):
        return word.replace(",", "")
    return _DIGITS.get(word) or _SWAHILI_DIGITS.get(_AGREEMENT.sub("", word), "")


def is_unit(word: str) -> bool:
    """Whether a lower-case word measures time or mass; tablets and cups are things too."""
    return _UNITS.get(word, "tablet") not in _THINGS


def quantities(words: Sequence[str]) -> tuple[Quantity, ...]:
    """The quantities in a text's lower-case words, in order; "an hour" is one hour."""
    counted = ["1" if word in ("a", "an") and words[place + 1:place + 2] and words[place + 1] in _TIMES else word
               for place, word in enumerate(words)]
    return tuple(_quantity(counted, place) for place, word in enumerate(counted) if figure_of(word))


def _quantity(words: Sequence[str], place: int) -> Quantity:
    behind, before = place + 1, place - 1
    while behind < len(words) and (figure_of(words[behind]) or words[behind] in _JOINERS):
        behind += 1
    while before >= 0 and (figure_of(words[before]) or words[before] in _JOINERS):
        before -= 1
    unit_behind = _UNITS.get(words[behind], "") if behind < len(words) and _is_english_unit(words[behind]) else ""
    unit_before = _UNITS.get(words[before], "") if before >= 0 else ""
    unit = unit_behind or unit_before
    substance = ""
    if unit in _MASSES:
        at = behind + 1 if unit_behind else behind
        substance = words[at + 1] if at + 1 < len(words) and words[at] in ("of", "za", "ya") else ""
    start = before if unit_before and not unit_behind else before + 1
    return Quantity(figure_of(words[place]), unit, _bound(words, start, behind + bool(unit_behind)), substance)


def _is_english_unit(word: str) -> bool:
    return word in _UNITS and (word[-1] not in "aeiou" or word in ("time", "minute", "dose", "litre"))


def _bound(words: Sequence[str], start: int, end: int) -> Bound:
    """The bound said before the words from `start`, or behind those up to `end`."""
    for phrase, bound in _BOUNDS.items():
        if tuple(words[max(0, start - len(phrase)):start]) == phrase:
            return bound
    behind = (pair for place in (end, end - 1) for pair in zip(words[place:place + 1], words[place + 1:], strict=False))
    return next((_OR_MORE[pair] for pair in behind if pair in _OR_MORE), "")
