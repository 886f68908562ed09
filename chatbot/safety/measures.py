"""Numbers that mean something: blood pressure, temperature, weeks of pregnancy, a baby's age, pads an hour.

Each reading becomes a concept (`bp-high`, `temp-high`, `preterm-weeks`) at the place where it stands, so that the
rules can use it like any word. The limits are data: `thresholds.toml`, with their sources.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

THRESHOLDS_FILE = Path(__file__).parent / "thresholds.toml"
MEASURED = frozenset({"bp-high", "bp-very-high", "temp-high", "temp-low", "early-weeks", "preterm-weeks", "term-weeks",
                      "young-baby", "older-baby", "pads-fast", "labour-long", "frequent", "week-count"})

_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d)?")
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
          "moja": 1, "mmoja": 1, "mbili": 2, "wawili": 2, "tatu": 3, "nne": 4, "tano": 5, "sita": 6, "saba": 7,
          "nane": 8, "tisa": 9, "kumi": 10, "an": 1, "a": 1, "every": 1, "kila": 1, "per": 1, "half": 0.5, "nusu": 0.5}
_WEEKS = {"week", "weeks", "wk", "wks", "wiki", "weks", "w"}
_MONTHS = {"month", "months", "mnths", "mths", "mth", "miezi", "mwezi", "mo", "monthz", "mos"}
_DAYS = {"day", "days", "siku", "dys"}
_HOURS = {"hour", "hours", "hr", "hrs", "saa", "masaa", "lisaa", "hourly"}
_MINUTES = {"minute", "minutes", "min", "mins", "dakika"}
_PADS = {"pad", "pads", "pedi", "taulo", "towel", "towels", "pampers", "leso", "lesso"}
_NUMBER_AFTER = {"wiki", "miezi", "mwezi", "siku", "saa", "masaa", "lisaa", "dakika", "pedi", "taulo"}
_HEAT = {"temp", "temperature", "temprature", "fever", "homa", "joto", "degrees", "degree", "c", "celsius", "f",
         "thermometer", "temperatures", "°", "nyuzi"}
_BABY = {"baby", "babys", "bby", "newborn", "infant", "son", "daughter", "mtoto", "kichanga", "mchanga", "mtoi",
         "child"}
_NOT_GESTATION = {"old", "postpartum", "pp", "ago", "after", "since", "for", "past", "baada", "last", "post", "tangu",
                  "iliyopita", "zilizopita", "late", "every", "kila", "imechelewa", "wa", "in"}
_PRESSURE = {"bp", "pressure", "presha", "shinikizo"}


@cache
def thresholds() -> dict[str, dict[str, float]]:
    """The limits of `thresholds.toml`, read once."""
    return tomllib.loads(THRESHOLDS_FILE.read_text(encoding="utf-8"))


def measures(tokens: Sequence[str]) -> Iterator[tuple[str, int]]:
    """(concept, position) for every reading in one sentence's tokens."""
    for position, word in enumerate(tokens):
        if "/" in word or word == "over":
            yield from _pressure(tokens, position)
        elif word in _PRESSURE:
            yield from _one_pressure(tokens, position)
        elif _NUMBER.fullmatch(word):
            yield from _temperature(tokens, position)
        if word in _WEEKS or word in _MONTHS or word in _DAYS:
            yield from _age(tokens, position)
        if word in _DAYS or word in _HOURS or word in _MINUTES:
            yield from _time(tokens, position)
    yield from _pads(tokens)


def _value(token: str) -> float | None:
    if _NUMBER.fullmatch(token):
        return float(token.replace(",", "."))
    return _WORDS.get(token)


def _count(tokens: Sequence[str], position: int) -> float | None:
    """The number that belongs to a unit: after it in Swahili (`siku tatu`), before it in English (`3 days`)."""
    after = _value(tokens[position + 1]) if position + 1 < len(tokens) else None
    before = _value(tokens[position - 1]) if position else None
    if tokens[position] in _NUMBER_AFTER:
        return after if after is not None else before
    return before


def _pressure(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    pair = tokens[position].split("/")
    if len(pair) == 1:  # 150 over 100
        pair = [*tokens[max(0, position - 1) : position], *tokens[position + 1 : position + 2]]
    if len(pair) == 2 and all(part.isdigit() for part in pair):
        yield from _graded(int(pair[0]), int(pair[1]), position)


def _one_pressure(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    """`bp is 170` without the lower number."""
    for token in tokens[position + 1 : position + 5]:
        if token.isdigit() and 130 <= int(token) <= 260:
            yield from _graded(int(token), 60, position)


def _graded(upper: int, lower: int, position: int) -> Iterator[tuple[str, int]]:
    limit = thresholds()["blood-pressure"]
    if not (70 <= upper <= 260 and 40 <= lower <= 160 and lower < upper):
        return
    if upper >= limit["very-high-upper"] or lower >= limit["very-high-lower"]:
        yield "bp-very-high", position
    elif upper >= limit["high-upper"] or lower >= limit["high-lower"]:
        yield "bp-high", position


def _temperature(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    degrees = float(tokens[position].replace(",", "."))
    around = {*tokens[max(0, position - 4) : position], *tokens[position + 1 : position + 3]}
    following = tokens[position + 1] if position + 1 < len(tokens) else ""
    if following in _WEEKS | _MONTHS | _DAYS | _HOURS | _MINUTES | {"kg", "kgs", "cm", "years", "pads"}:
        return
    if not (around & _HEAT or ("." in tokens[position] and 37.5 <= degrees <= 42)):
        return
    limit = thresholds()["temperature"]
    if 95 <= degrees <= 110:
        degrees = (degrees - 32) / 1.8
    if limit["fever"] - 0.01 <= degrees <= 44:
        yield "temp-high", position
    elif 30 <= degrees < limit["newborn-low"]:
        yield "temp-low", position


def _age(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    """Weeks and months are a baby's age next to a baby or `old`, else how far a pregnancy is."""
    count = _count(tokens, position)
    if count is None:
        return
    unit = tokens[position]
    nearby = {*tokens[max(0, position - 4) : position + 4]}
    following = {*tokens[position + 1 : position + 3]}
    preceding = {*tokens[max(0, position - 2) : position]}
    weeks = count * (1 if unit in _WEEKS else 4.345 if unit in _MONTHS else 1 / 7)
    limit = thresholds()["weeks"]
    if "old" in following or (nearby & _BABY and ("wa" in preceding or "is" in preceding or "ana" in preceding)):
        if nearby & _BABY:
            yield ("young-baby" if weeks <= limit["newborn-until"] else "older-baby"), position
        return
    if unit in _DAYS or following & _NOT_GESTATION - {"in"} or preceding & _NOT_GESTATION - {"wa", "in"}:
        return
    yield "week-count", position
    if unit in _MONTHS:
        weeks = count * 4.345 - 1
    if weeks < limit["movement-felt-from"]:
        yield "early-weeks", position
    elif weeks < limit["term"]:
        yield "preterm-weeks", position
    else:
        yield "term-weeks", position


def _time(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    count = _count(tokens, position)
    if count is None:
        return
    unit = tokens[position]
    if unit in _MINUTES and count <= thresholds()["labour"]["minutes-apart"]:
        yield "frequent", position
    hours = count * (24 if unit in _DAYS else 1 / 60 if unit in _MINUTES else 1)
    if hours >= thresholds()["labour"]["hours-long"]:
        yield "labour-long", position


def _pads(tokens: Sequence[str]) -> Iterator[tuple[str, int]]:
    for position, token in enumerate(tokens):
        if token not in _PADS:
            continue
        for other in range(max(0, position - 6), min(len(tokens), position + 8)):
            if tokens[other] in _HOURS or tokens[other] in _MINUTES:
                hours = (_count(tokens, other) or 1) / (60 if tokens[other] in _MINUTES else 1)
                pads = _count(tokens, position) or 1
                if hours and pads / hours >= thresholds()["pads"]["an-hour"]:
                    yield "pads-fast", position
