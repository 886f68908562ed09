"""Days made coarser: `12/03/2027` becomes its week. A due date and a last period matter to an answer, the day does not.

Ages and gestations ("20 weeks", "miezi 6") are no dates and stay. Two figures alone (12/10) may be a pressure or a
share, so a day without a year counts only with the month's name, or after "tarehe".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from chatbot.privacy.redaction.reading import Found, Reading

_ENGLISH = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december")
_SWAHILI = ("januari", "februari", "machi", "aprili", "mei", "juni", "julai", "agosti", "septemba", "oktoba",
            "novemba", "desemba")
_ORDINALS = ("kwanza", "pili", "tatu", "nne", "tano", "sita", "saba", "nane", "tisa", "kumi", "kumi na moja",
             "kumi na mbili")
_MONTHS = {**{name: place for place, name in enumerate(_ENGLISH, 1)},
           **{name: place for place, name in enumerate(_SWAHILI, 1)},
           **{name[:3]: place for place, name in enumerate(_ENGLISH, 1)}, "sept": 9}
_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_NOT_COARSE = r"(?<!week )(?<!week of )(?<!wiki ya )"
_YEAR = r"(?:,?\s{1,2}(?:mwaka\s)?((?:19|20)\d\d)|\s?'(\d\d))?"
_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})\2((?:19|20)?\d\d)(?![\d/]|-\d|\.\d)")
_ISO = re.compile(r"(?<!week of )(?<![\d/.-])((?:19|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d/])")
_DAY_MONTH = re.compile(
    rf"{_NOT_COARSE}(?<![\d/.])\b(\d{{1,2}})(?:st|nd|rd|th)?[\s-]{{0,2}}(?:of\s|ya\s|mwezi wa\s)?({_NAMES})\b\.?"
    rf"{_YEAR}")
_MONTH_DAY = re.compile(rf"\b({_NAMES})\.?\s{{1,2}}(?:the\s)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?![:/]|\.\d|\s?(?:weeks?|"
                        rf"months?|wiki|mg|times)){_YEAR}")
_TAREHE = re.compile(rf"\btarehe\s{{1,2}}(\d{{1,2}})(?:\s?[/-]\s?|\s?,?\s(?:ya\s)?mwezi\s(?:wa\s)?)(\d{{1,2}}\b|"
                     rf"{'|'.join(reversed(_ORDINALS))}){_YEAR}")


def dates(reading: Reading) -> Iterator[Found]:
    """Every day, with its week in `coarse`."""
    lower = reading.lower
    for one in _ISO.finditer(lower):
        yield from _week_of(one, int(one[1]), int(one[3]), int(one[4]))
    for one in _NUMERIC.finditer(lower):
        day, month, year = int(one[1]), int(one[3]), int(one[4])
        year += 2000 if year < 50 else 1900 if year < 100 else 0
        yield from _week_of(one, year, *((day, month) if day <= 12 < month else (month, day)))
    if reading.has("tarehe"):
        for one in _TAREHE.finditer(lower):
            month = int(one[2]) if one[2].isdecimal() else _ORDINALS.index(one[2]) + 1
            yield from _named(one, int(one[1]), month, one[3] or one[4], swahili=True)
    for index in reading.where(_MONTHS):
        yield from _around_a_month(reading, index)


def _around_a_month(reading: Reading, index: int) -> Iterator[Found]:
    """The day before or after a month's name."""
    month = reading.tokens[index]
    for before in reversed(reading.tokens[max(0, index - 3):index]):
        if before.text.isdecimal() and (one := _DAY_MONTH.match(reading.lower, before.start)):
            yield from _named(one, int(one[1]), _MONTHS[one[2]], one[3] or one[4], swahili=one[2] in _SWAHILI)
            return
    if month.text == "may":
        return  # "you may 2 ..."
    if one := _MONTH_DAY.match(reading.lower, month.start):
        yield from _named(one, int(one[2]), _MONTHS[one[1]], one[3] or one[4], swahili=one[1] in _SWAHILI)


def _week_of(one: re.Match[str], year: int, month: int, day: int) -> Iterator[Found]:
    """A date in figures: its week's Monday, in figures."""
    try:
        monday = date(year, month, day)
    except ValueError:
        return
    monday -= timedelta(days=monday.weekday())
    yield Found(one.start(), one.end(), "date", f"week of {monday.isoformat()}")


def _named(one: re.Match[str], day: int, month: int, year: str | None, *, swahili: bool) -> Iterator[Found]:
    """A date with its month's name, in the same language; without a year, the week of the month."""
    names, week = (_SWAHILI, "wiki ya") if swahili else (_ENGLISH, "week")
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return
    if year is None:
        link = "ya" if swahili else "of"
        coarse = f"{week} {(day - 1) // 7 + 1} {link} {names[month - 1].title()}"
    else:
        try:
            monday = date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        except ValueError:
            return
        monday -= timedelta(days=monday.weekday())
        coarse = f"{week} {'' if swahili else 'of '}{monday.day} {names[monday.month - 1].title()} {monday.year}"
    yield Found(one.start(), one.end(), "date", coarse)
