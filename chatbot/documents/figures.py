"""Figures as documents write them: 45,000 and 45000, 11.2, 250만 (2,500,000), and the amount a figure belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_FIGURE = re.compile(r"(?<![\d.,])(?<![\d][/:-])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d])|(?<![\d.,])\d+(?:\.\d+)?(?!\d)")
_TENS = {"십": 10, "백": 100, "천": 1_000, "만": 10_000, "백만": 1_000_000, "천만": 10_000_000, "억": 100_000_000}
_KOREAN_UNIT = re.compile(r"\s?(천만|백만|억|만|천)(?![가-힣]*월)")
_CURRENCY = r"(?:KES|KSH|KSHS|USD|EUR|GBP|KRW|TZS|UGX|US\$|[₩$€£]|원정?|shillings?|shilingi|dollars?|won)"
_BEFORE = re.compile(rf"(?:{_CURRENCY}\.?|금)\s?$", re.IGNORECASE)
_AFTER = re.compile(rf"\s?(?:(?:천만|백만|억|만|천)\s?)?(?:{_CURRENCY}|/=|/-|g/dl|g/l|mg|kg|g|cm|mmHg|%)(?![a-zA-Z])"
                    r"|\s?(?:천만|백만|억|만|천)", re.IGNORECASE)
_MOST_DIGITS = 24


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and where it stands."""

    start: int
    end: int
    number: Decimal


def figures_in(text: str) -> Iterator[Figure]:
    """Every number of a text, in order; 만 and its kin are counted in."""
    for found in _FIGURE.finditer(text):
        if len(found[0]) > _MOST_DIGITS:
            continue
        number, end = Decimal(found[0].replace(",", "")), found.end()
        unit = _KOREAN_UNIT.match(text, end)
        if unit:
            number, end = number * _TENS[unit[1]], unit.end()
        yield Figure(found.start(), end, number)


def amount_around(text: str, figure: Figure) -> tuple[int, int]:
    """Start and end of the amount that a figure is part of: its currency before it, its unit after it."""
    before = _BEFORE.search(text[max(0, figure.start - 12):figure.start])
    start = figure.start - (len(before[0]) if before else 0)
    after = _AFTER.match(text, figure.end)
    return start, after.end() if after else figure.end


def as_number(value: object) -> Decimal | None:
    """The one number that an answer is, `KES 45,000` and `250만원` too; None when it is none, or several."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = Decimal(str(value))
        return number if number.is_finite() else None
    found = list(figures_in(str(value)))
    return found[0].number if len(found) == 1 else None
