"""Numbers that mean something: blood pressure, temperature, weeks, a baby's age, pads an hour, sugar, breaths.

Each reading becomes a concept (`bp-high`, `temp-high`, `preterm-weeks`) at the place where it stands, so that the
rules can use it like any word. The limits are data: `thresholds.toml`, with their sources.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from chatbot.safety.words.numerals import NUMBER, count_of

THRESHOLDS_FILE = Path(__file__).parent / "thresholds.toml"
MEASURED = frozenset({"bp-high", "bp-very-high", "temp-high", "temp-low", "early-weeks", "preterm-weeks", "term-weeks",
                      "young-baby", "older-baby", "pads-fast", "labour-long", "frequent", "week-count", "post-term",
                      "days-count", "sugar-high", "hb-low", "breaths-fast", "low-weight"})
READINGS = frozenset({"bp-high", "bp-very-high", "temp-high", "temp-low", "pads-fast", "sugar-high", "hb-low",
                      "breaths-fast", "low-weight"})
"""Of these, the numbers that are a danger by themselves."""

_WEEKS = {"week", "weeks", "wk", "wks", "wiki", "weks", "w"}
_MONTHS = {"month", "months", "mnths", "mths", "mth", "miezi", "mwezi", "mo", "monthz", "mos"}
_DAYS = {"day", "days", "siku", "dys"}
_HOURS = {"hour", "hours", "hr", "hrs", "saa", "masaa", "lisaa", "hourly"}
_MINUTES = {"minute", "minutes", "min", "mins", "dakika"}
_PADS = {"pad", "pads", "pedi", "taulo", "towel", "towels", "pampers", "leso", "lesso"}
_HEAT = {"temp", "kipimajoto", "temperature", "temprature", "fever", "homa", "joto", "degrees", "degree", "c",
         "celsius",
         "f", "thermometer", "temperatures", "°", "nyuzi"}
_BABY = {"baby", "babys", "bby", "newborn", "infant", "son", "daughter", "mtoto", "kichanga", "mchanga", "mtoi",
         "child"}
_NOT_GESTATION = {"old", "postpartum", "pp", "ago", "after", "since", "for", "past", "baada", "last", "post", "tangu",
                  "iliyopita", "zilizopita", "late", "every", "kila", "imechelewa", "wa", "in"}
_PRESSURE = {"bp", "pressure", "presha", "shinikizo"}
_BETWEEN_PRESSURES = {"over", "kwa", "juu"}
_SUGAR = {"sugar", "sukari", "glucose", "rbs", "fbs"}
_BLOOD_COUNT = {"hb", "haemoglobin", "hemoglobin", "damu", "blood"}
_BREATHS = {"breath", "breaths", "breathing", "breathes", "breathe", "pumzi", "anapumua", "kupumua"}
_WEIGHT = {"kg", "kgs", "kilo", "kilos", "kilogram"}
_LOOKS_FOR_A_NUMBER = 6


@cache
def thresholds() -> dict[str, dict[str, float]]:
    """The limits of `thresholds.toml`, read once."""
    return tomllib.loads(THRESHOLDS_FILE.read_text(encoding="utf-8"))


def measures(tokens: Sequence[str]) -> Iterator[tuple[str, int]]:
    """(concept, position) for every reading in one sentence's tokens."""
    for position, word in enumerate(tokens):
        if "/" in word or word in _BETWEEN_PRESSURES:
            yield from _pressure(tokens, position)
        elif word in _PRESSURE:
            yield from _one_pressure(tokens, position)
        elif word in _SUGAR or word in _BLOOD_COUNT or word in _BREATHS or word in _WEIGHT:
            yield from _reading_of(tokens, position)
        elif NUMBER.fullmatch(word):
            yield from _temperature(tokens, position)
        if word in _WEEKS or word in _MONTHS or word in _DAYS:
            yield from _age(tokens, position)
        if word in _DAYS or word in _HOURS or word in _MINUTES:
            yield from _time(tokens, position)
    yield from _pads(tokens)


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


def _reading_of(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    """`sugar is 16.3`, `hb 6.8`, `68 breaths`, `1.9 kg`: the nearest number decides."""
    word, limit = tokens[position], thresholds()
    first = max(0, position - (1 if word in _BLOOD_COUNT else 3))
    around = range(first, min(len(tokens), position + _LOOKS_FOR_A_NUMBER))
    numbers = [float(tokens[at].replace(",", ".")) for at in around if NUMBER.fullmatch(tokens[at])
               and not {*tokens[at + 1 : at + 2]} & (_WEEKS | _MONTHS | _DAYS | _HOURS)]
    decimal = any("." in tokens[at] for at in around)
    for number in numbers:
        if word in _SUGAR and (limit["sugar"]["high"] <= number <= 40 or limit["sugar"]["high-mg"] <= number <= 700):
            yield "sugar-high", position
        elif word in _BLOOD_COUNT and 2 <= number < limit["haemoglobin"]["low"] and (word[0] == "h" or decimal):
            yield "hb-low", position
        elif word in _BREATHS and limit["breaths"]["fast"] <= number <= 150:
            yield "breaths-fast", position
        elif word in _WEIGHT and 0.5 <= number < limit["birth-weight"]["low"]:
            yield "low-weight", position


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
    count = count_of(tokens, position)
    if count is None:
        return
    unit = tokens[position]
    nearby = {*tokens[max(0, position - 4) : position + 4]}
    following = {*tokens[position + 1 : position + 3]}
    preceding = {*tokens[max(0, position - 2) : position]}
    weeks = count * (1 if unit in _WEEKS else 4.345 if unit in _MONTHS else 1 / 7)
    limit = thresholds()["weeks"]
    if unit in _MONTHS and count >= limit["months-no-pregnancy-has"]:
        yield "older-baby", position
        return
    if "old" in following or (nearby & _BABY and preceding & {"wa", "is", "ana", "of", "ako"}):
        if nearby & _BABY:
            yield ("young-baby" if weeks <= limit["newborn-until"] else "older-baby"), position
        elif weeks <= limit["newborn-until"]:
            yield "days-count", position
        return
    if unit in _DAYS and 1 <= count <= limit["days-of-a-newborn"]:
        yield "days-count", position
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
        if unit in _WEEKS and limit["post-term"] <= weeks <= 45:
            yield "post-term", position


def _time(tokens: Sequence[str], position: int) -> Iterator[tuple[str, int]]:
    count = count_of(tokens, position)
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
                per, used = count_of(tokens, other), count_of(tokens, position)
                if per is None and used is None and tokens[other] != "hourly":
                    continue
                hours = (per or 1) / (60 if tokens[other] in _MINUTES else 1)
                pads = used or 1
                if hours and pads / hours >= thresholds()["pads"]["an-hour"]:
                    yield "pads-fast", position
