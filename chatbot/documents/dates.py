"""Days as documents write them: 2026-03-01, 2026. 3. 1., 2026년 3월 1일, 1/3/2026, 1 March 2026, 1 Machi 2026.

Figures alone are read day first, as in Kenya and Korea's own order says year first; a month named first (March 1, 2026)
is read as such. A day that no calendar has (31/2/2026) is no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = {name: number for number, names in enumerate((
    ("january", "jan", "januari"), ("february", "feb", "februari"), ("march", "mar", "machi"),
    ("april", "apr", "aprili"), ("may", "mei"), ("june", "jun", "juni"), ("july", "jul", "julai"),
    ("august", "aug", "agosti", "ago"), ("september", "sept", "sep", "septemba"), ("october", "oct", "oktoba", "okt"),
    ("november", "nov", "novemba"), ("december", "dec", "desemba", "des")), 1) for name in names}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<!\d)(?P<y1>\d{{4}})\s?(?P<s1>[-./])\s?(?P<m1>\d{{1,2}})\s?(?P=s1)\s?(?P<d1>\d{{1,2}})(?!\d)"
    rf"|(?<!\d)(?P<y2>\d{{4}})\s?년\s?(?P<m2>\d{{1,2}})\s?월\s?(?P<d2>\d{{1,2}})\s?일"
    rf"|(?<!\d)(?P<d3>\d{{1,2}})\s?(?P<s3>[-./])\s?(?P<m3>\d{{1,2}})\s?(?P=s3)\s?(?P<y3>\d{{4}}|\d{{2}})(?!\d)"
    rf"|(?<!\d)(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?[\s-](?:of\s)?(?P<n4>{_MONTH})\b\.?,?[\s-](?P<y4>\d{{4}})(?!\d)"
    rf"|\b(?P<n5>{_MONTH})\b\.?\s(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y5>\d{{4}})(?!\d)", re.IGNORECASE)
_THIS_CENTURY = 50
"""Two-figure years below it are 20.., the others 19..: nobody's contract is older."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A day and where it stands."""

    start: int
    end: int
    iso: str


def dates_in(text: str) -> Iterator[Dated]:
    """Every day of a text, in order."""
    for found in _DATE.finditer(text):
        if iso := _iso(found):
            yield Dated(found.start(), found.end(), iso)


def as_iso(text: str) -> str | None:
    """The one day that a text is, as YYYY-MM-DD; None when it is none, or more than a day."""
    found = _DATE.search(text)
    if found is None or text[:found.start()].strip() or text[found.end():].strip(" .,T0:Z"):
        return None
    return _iso(found)


def _iso(found: re.Match[str]) -> str | None:
    part = {name[0]: value for name, value in found.groupdict().items() if value is not None and name[0] != "s"}
    year = int(part["y"])
    if year < 100:
        year += 2000 if year < _THIS_CENTURY else 1900
    month = int(part["m"]) if "m" in part else _MONTHS[part["n"].casefold()]
    try:
        return date(year, month, int(part["d"])).isoformat()
    except ValueError:
        return None
