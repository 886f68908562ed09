"""Numbers with their units: 400 mcg is 0.4 mg, `wiki mbili` is 14 days, `mara tatu kwa siku` is every 8 hours.

English puts the unit behind the number, Swahili in front of it; both are read in both languages, since Swahili text
writes `mg 60` and `60 mg`. Factors are exact (SI; a week is 7 days, a year 12 months; a month is never days).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from chatbot.knowledge.support import sentences
from chatbot.quizzes.numerals import in_digits

_TABLE = """
    mcg     1           mcg µg μg ug microgram micrograms mikrogramu
    mcg     1000        mg mgs milligram milligrams miligramu
    mcg     1000000     g gm gram grams gramu
    mcg     1000000000  kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes
    mcg     1000000000  kilogramu
    ml      1           ml mls millilitre millilitres milliliter milliliters mililita
    ml      1000        l litre litres liter liters lita
    iu      1           iu
    tablet  1           tablet tablets pill pills capsule capsules kidonge vidonge tembe
    dose    1           dose doses dozi
    drop    1           drop drops tone matone
    spoon   1           spoon spoons spoonful spoonfuls teaspoon teaspoons kijiko vijiko
    sachet  1           sachet sachets pakiti
    puff    1           puff puffs
    inject  1           injection injections jab jabs sindano
    minute  1/60        second seconds sekunde
    minute  1           minute minutes min mins dakika
    minute  60          hour hours hr hrs saa masaa
    minute  1440        day days siku
    minute  10080       week weeks wk wks wiki majuma
    month   1           month months mwezi miezi
    month   12          year years yr yrs mwaka miaka
    cm      1/10        mm millimetre millimetres
    cm      1           cm centimetre centimetres sentimita
    cm      100         m metre metres meter meters mita
"""
_UNITS: dict[str, tuple[str, Fraction]] = {
    form: (base, Fraction(factor)) for base, factor, *forms in map(str.split, _TABLE.strip().splitlines())
    for form in forms}
_NAME = re.compile(r"[^\W\d_]+")
COUNTED = frozenset("tablet dose drop spoon sachet puff inject".split())
DOSES = COUNTED | {"mcg", "ml", "iu"}
"""Units in which medicine is given."""
_DIGITS = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_N = rf"(?P<low>{_DIGITS})(?:\s*(?:to|-|–|—|or|hadi|mpaka|au)\s*(?P<high>{_DIGITS}))?"
_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NAMES_FIRST = "|".join(sorted(
    """mikrogramu miligramu gramu kilogramu kilo mililita lita kidonge vidonge tembe dozi tone matone kijiko vijiko
    pakiti sindano sekunde dakika saa masaa siku wiki majuma mwezi miezi mwaka miaka sentimita mita mg ml kg mcg iu
    """.split(), key=len, reverse=True))
_UNIT_FIRST = re.compile(rf"\b(?P<unit>{_NAMES_FIRST})\s+(?:za\s+)?{_N}(?!\s*(?:{_NAMES})\b|\.?\d)")
_NUMBER_FIRST = re.compile(rf"(?<![\w.]){_N}\s*-?\s*(?P<unit>{_NAMES})(?![\w])")
_TIMES = {"once": "1 times", "twice": "2 times", "thrice": "3 times"}
_TIME = re.compile(r"\b(?:once(?= (?:a|per|each|every|in|daily|weekly)\b)|twice|thrice)\b")
_HALF = re.compile(rf"\b(?:a )?half (?:an? |of an? )?(?=(?:{_NAMES})\b)")
_HALF_SW = re.compile(rf"\bnusu (?:ya )?({_NAMES_FIRST})\b")
_HALF_AFTER = re.compile(r"(?<![\w.])([0-9]{1,9}) (?:and a half|na nusu)\b")
_OTHER = re.compile(r"\bevery (?:other|second) (?=day|week|month)")
_PERIOD_DAYS = {"day": 1, "daily": 1, "siku": 1, "week": 7, "weekly": 7, "wiki": 7, "month": 30, "monthly": 30,
                "mwezi": 30, "year": 365, "mwaka": 365}
"""For how often only: once a month is once in 30 days."""
_PERIOD = "|".join(sorted(_PERIOD_DAYS, key=len, reverse=True))
_RATE = re.compile(
    rf"\b(?:{_N} times|mara (?P<low2>[0-9]{{1,9}}))\s*(?:(?:a|per|each|every|in|kwa|kila|katika|in a|in each)\s+)*"
    rf"(?P<period>{_PERIOD})\b")
_EVERY = re.compile(
    r"\b(?:(?:every|each)\s+(?P<n>[0-9]{1,9})\s*-?\s*(?P<unit>hour|day|week|month)s?"
    r"|kila(?: baada ya)?\s+(?P<sw_unit>saa|siku|wiki|mwezi|miezi)\s+(?P<sw_n>[0-9]{1,9}))\b")
_ONCE_A = re.compile(
    r"\b(?:(?:every|each)\s+(?P<en>day|week|month|year)|(?P<ly>daily|weekly|monthly)"
    r"|kila\s+(?P<sw>siku|wiki|mwezi|mwaka))\b")
_SPAN_DAYS = {form: Fraction(days) for form, days in {
    "hour": "1/24", "saa": "1/24", "day": "1", "siku": "1", "week": "7", "wiki": "7", "month": "30", "mwezi": "30",
    "miezi": "30"}.items()}
_ARTICLES = frozenset("a an the at of about only just ya za la cha vya wa kwa tu pekee".split())
_MARK = re.compile(r"[^\w\s./#%-]")
_LIST = re.compile(r"\s*(?:,|;|/|\band\b|\bor\b|&|\bna\b|\bau\b)\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or range in a base unit; a rate is in times a day, `often`."""

    low: Fraction
    high: Fraction
    unit: str

    @property
    def is_dose(self) -> bool:
        return self.unit in DOSES

    @property
    def is_rate(self) -> bool:
        return self.unit == "often"

    def with_ends(self) -> tuple[Quantity, Quantity, Quantity]:
        """The range itself, and each of its ends."""
        return self, Quantity(self.low, self.low, self.unit), Quantity(self.high, self.high, self.unit)

    def __str__(self) -> str:
        return f"{self.low}-{self.high}#{self.unit}"


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity, and the words that said it."""

    quantity: Quantity
    words: str
    bare_period: bool = False
    """Said without a number: `daily`, `kila wiki`."""


@lru_cache(maxsize=2048)
def quantities(text: str) -> tuple[Found, ...]:
    """Every number with a unit in a text, rates included, in order of their kind.

    >>> quantities("400 mcg")[0].quantity == quantities("0.4 mg")[0].quantity
    True
    """
    return tuple(_read(_prepared(text)))


def unknown(text: str, source: str) -> tuple[Found, ...]:
    """The quantities of a text that its source does not give. A range gives its ends as well; things that are counted
    may stand apart from their number in one sentence of the source (`you get two, if you have had no dose`)."""
    known = _known(source)
    return tuple(found for found in quantities(text)
                 if found.quantity not in known and not _counted_in(found.quantity, source))


@lru_cache(maxsize=256)
def _known(source: str) -> frozenset[Quantity]:
    return frozenset(one for found in quantities(source) for one in found.quantity.with_ends())


@lru_cache(maxsize=2048)
def without_quantities(text: str) -> str:
    """The text, lower case, with what `quantities` reads taken out."""
    text = _prepared(text)
    for found in sorted(_read(text), key=lambda found: -len(found.words)):
        text = text.replace(found.words, " ", 1)
    return text


@lru_cache(maxsize=2048)
def canonical(option: str) -> str:
    """An option in a form that is equal for equal meaning: units in base units, no articles, lists in one order."""
    text = _prepared(option)
    for found in sorted(_read(text), key=lambda found: -len(found.words)):
        text = text.replace(found.words, f" {found.quantity} ", 1)
    parts = (" ".join(word.rstrip(".") for word in _MARK.sub(" ", part).split() if word not in _ARTICLES)
             for part in _LIST.split(text))
    return " + ".join(sorted(part for part in parts if part))


def _counted_in(quantity: Quantity, source: str) -> bool:
    if quantity.unit not in COUNTED or quantity.low.denominator != 1:
        return False
    number = re.compile(rf"(?<![\w.]){quantity.low}(?![\w]|\.[0-9])")
    return any(number.search(sentence) and any(word in _UNITS and _UNITS[word][0] == quantity.unit
                                               for word in _NAME.findall(sentence))
               for sentence in map(in_digits, sentences(source)))


def _prepared(text: str) -> str:
    plain = _OTHER.sub("every 2 ", _HALF_AFTER.sub(r"\g<1>.5", in_digits(text)))
    plain = _HALF_SW.sub(r"\g<1> 0.5", _HALF.sub("0.5 ", plain))
    return _TIME.sub(lambda found: _TIMES[found[0]], plain)


def _read(text: str) -> Iterator[Found]:
    """What one pattern has used is not read again by the next: `every 6 hours` is a rate, not a duration."""
    taken: list[tuple[int, int]] = []
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(text):
            if not any(match.start() < end and start < match.end() for start, end in taken):
                taken.append(match.span())
                yield Found(read(match), match[0], pattern is _ONCE_A)


def _rate(match: re.Match[str]) -> Quantity:
    days = _PERIOD_DAYS[match["period"]]
    low = Fraction(match["low"] or match["low2"])
    return Quantity(low / days, Fraction(match["high"] or low) / days, "often")


def _interval(match: re.Match[str]) -> Quantity:
    days = Fraction(match["n"] or match["sw_n"]) * _SPAN_DAYS[match["unit"] or match["sw_unit"]]
    often = 1 / days if days else Fraction(0)
    return Quantity(often, often, "often")


def _bare_period(match: re.Match[str]) -> Quantity:
    often = Fraction(1, _PERIOD_DAYS[match["en"] or match["ly"] or match["sw"]])
    return Quantity(often, often, "often")


def _amount(match: re.Match[str]) -> Quantity:
    base, factor = _UNITS[match["unit"]]
    low = Fraction(match["low"])
    return Quantity(low * factor, Fraction(match["high"] or low) * factor, base)


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Quantity]], ...] = (
    (_RATE, _rate), (_EVERY, _interval), (_ONCE_A, _bare_period), (_UNIT_FIRST, _amount), (_NUMBER_FIRST, _amount))
