"""Quantities in a text, in English and Swahili: a number with its unit, so that like is compared with like.

Two quantities are of one kind when they measure the same thing (times with times, masses with masses, feeds with
feeds). Factors are those of the SI brochure; a month counts 30 days and a year 365, which is enough to order them. The
lint has amounts of its own (lint/quantities.py): those are exact, these know where in the text they stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = {form: value for value, forms in enumerate((
    "one moja mmoja kimoja", "two mbili wawili miwili mawili viwili", "three tatu watatu mitatu matatu vitatu",
    "four nne wanne minne manne vinne", "five tano watano mitano matano vitano", "six sita", "seven saba",
    "eight nane wanane", "nine tisa", "ten kumi", "eleven", "twelve"), 1) for form in forms.split()}
_NUMBERS |= {"twenty": 20, "ishirini": 20, "thirty": 30, "thelathini": 30}
_TABLE = """
    time         1         second seconds sekunde
    time         60        minute minutes dakika
    time         3600      hour hours saa
    time         86400     day days siku
    time         604800    week weeks wiki
    time         2592000   month months mwezi miezi
    time         31536000  year years mwaka miaka
    mass         0.001     microgram micrograms mcg µg mikrogramu
    mass         1         mg milligram milligrams miligramu
    mass         1000      g gram grams gramu
    mass         1000000   kg kilogram kilograms kilo kilogramu
    volume       1         ml millilitre millilitres mililita
    volume       1000      litre litres l lita
    length       0.1       mm
    length       1         cm centimetre centimetres sentimita
    length       100       metre metres m mita
    share        1         % percent asilimia
    temperature  1         °c
"""
_UNITS: dict[str, tuple[str, float]] = {
    word: (kind, float(factor)) for kind, factor, *words in map(str.split, _TABLE.strip().splitlines())
    for word in words}
_NUMBER = r"\d+(?:[.,]\d+)*"
_AMOUNT = rf"(?:{_NUMBER}(?:/\d+)?|\b(?:{'|'.join(_NUMBERS)})\b)"
_UNIT = "|".join(sorted((re.escape(word) for word in _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?P<low>{_AMOUNT})(?:\s*(?:to|and|hadi|na|-|–|/)\s*(?P<high>{_AMOUNT}))?\s*(?P<unit>{_UNIT})(?!\w)", re.I)
_UNIT_FIRST = re.compile(
    rf"(?<!\w)(?P<unit>{_UNIT})\s+(?P<low>{_AMOUNT})(?:\s*(?:hadi|na|to|-|–)\s*(?P<high>{_AMOUNT}))?", re.I)
_COUNTED = re.compile(rf"(?P<low>{_NUMBER})(?:\s*(?:to|hadi|-|–)\s*(?P<high>{_NUMBER}))?(?:\s+(?P<unit>[^\W\d_]+))?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it measures."""

    span: str
    """As the text writes it."""
    start: int
    kind: str
    """`time`, `mass`, ..., or `count:feeds`."""
    low: float
    """In the kind's smallest unit; the lower end of a range."""
    high: float

    @property
    def size(self) -> tuple[float, float]:
        return (self.low, self.high)


def quantities(text: str) -> list[Quantity]:
    """Every quantity with a unit, from left to right; where two overlap, the one that begins first."""
    found = [_read(match) for pattern in (_UNIT_FIRST, _QUANTITY) for match in pattern.finditer(text)]
    kept: list[Quantity] = []
    for one in sorted(found, key=lambda one: (one.start, -len(one.span))):
        if not kept or one.start >= kept[-1].start + len(kept[-1].span):
            kept.append(one)
    return kept


def quantity_of(option: str) -> Quantity | None:
    """The one quantity that an option is about; None when there is none or there are several."""
    found = quantities(option)
    if found:
        return found[0] if len(found) == 1 else None
    counted = [_read(match) for match in _COUNTED.finditer(option)]
    return counted[0] if len(counted) == 1 else None


def _read(match: re.Match[str]) -> Quantity:
    unit = (match["unit"] or "").casefold()
    kind, factor = _UNITS.get(unit, (f"count:{unit}", 1.0))
    low = _value(match["low"]) * factor
    high = _value(match["high"]) * factor if match["high"] else low
    return Quantity(match[0].strip(), match.start(), kind, low, high)


def _value(written: str) -> float:
    return float(_NUMBERS.get(written.casefold()) or written.partition("/")[0].replace(",", ""))
