"""Phone numbers: the forms of Kenya (+254), Uganda (+256) and Tanzania (+255), others with a plus, and any long number
after a cue. National numbers have nine digits after the 0 (ITU national numbering plans of the three countries).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.privacy.redaction.numerals import Group, digit_runs
from chatbot.privacy.redaction.reading import Found, Reading

_EXACT = re.compile(r"(?:00|0)?25[456]0?[1-7]\d{8}|0[1-7]\d{8}")
_BARE = re.compile(r"[17]\d{8}")
"""A mobile number without its 0."""
_MOST_DIGITS = 15
"""ITU E.164."""
_CUES = frozenset("""
    phone phoned call calling called cell cellphone mobile tel telephone whatsapp watsap sms text number numbers no
    nambari namba simu piga nipigie mpigie pigia nitumie tumia line contact contacts reach safaricom airtel mtn
    vodacom tigo telkom mpesa
    """.split())
_CUE_REACH = 30
"""Characters before a number in which a cue counts."""


def phones(reading: Reading) -> Iterator[Found]:
    """Every phone number."""
    for run in digit_runs(reading):
        yield from _in_run(reading, run)


def _in_run(reading: Reading, run: list[Group]) -> Iterator[Found]:
    first = 0
    while first < len(run):
        last = _end_of_phone(reading, run, first)
        if last:
            yield Found(_with_plus(reading.text, run[first].start), run[last - 1].end, "phone")
        first = last or first + 1


def _end_of_phone(reading: Reading, run: list[Group], first: int) -> int:
    """The group after a phone number that begins with group `first`; 0 when none does."""
    plus = _has_plus(reading.text, run[first].start)
    cued: bool | None = None
    exact = loose = 0
    digits = ""
    for index in range(first, min(len(run), first + _MOST_DIGITS + 1)):
        digits += run[index].digits
        if len(digits) > _MOST_DIGITS:
            break
        if len(digits) < 7:
            continue
        groups = run[first:index + 1]
        if _EXACT.fullmatch(digits) or (_BARE.fullmatch(digits) and _is_bare_form(groups)):
            exact = index + 1
        elif plus or sum(group.spelled for group in groups) >= 6:
            loose = index + 1
        else:
            cued = _is_cued(reading.lower, run[first].start) if cued is None else cued
            if cued and len(digits) <= 13 and digits[0] in "017" and _is_dialled(groups):
                loose = index + 1
    return exact or loose


def _is_bare_form(groups: list[Group]) -> bool:
    """`700000000`, `700 000 000`, or digit by digit; three blood pressures in a row are no number (120 110 130)."""
    lengths = [len(group.digits) for group in groups]
    return lengths == [9] or (lengths == [3, 3, 3] and groups[0].digits[0] == "7") or max(lengths) == 1


def _is_dialled(groups: list[Group]) -> bool:
    """Whether the groups are as people write a number, and not a list of weeks (12, 20, 26, 30)."""
    longest = max(len(group.digits) for group in groups)
    return longest == 1 or (longest >= 3 and len(groups) <= 5)


def _is_cued(lower: str, start: int) -> bool:
    before = lower[max(0, start - _CUE_REACH):start]
    return not _CUES.isdisjoint(re.findall(r"[a-z]+", before))


def _has_plus(text: str, start: int) -> bool:
    return "+" in text[max(0, start - 2):start]


def _with_plus(text: str, start: int) -> int:
    while start and text[start - 1] in "+(":
        start -= 1
    return start
