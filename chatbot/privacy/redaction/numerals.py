"""Runs of digits, however they are written: `0700 000 000`, `0 7 0 0`, `zero seven double zero`, `sifuri saba`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chatbot.privacy.redaction.reading import Reading

_UNITS = {
    **{word: str(digit) for digit, word in enumerate(
        "zero one two three four five six seven eight nine".split())},
    **{word: str(digit) for digit, word in enumerate(
        "sifuri moja mbili tatu nne tano sita saba nane tisa".split())},
    "sufuri": "0", "ziro": "0", "nought": "0", "nil": "0", "oh": "0", "o": "0", "won": "1", "fore": "4", "ate": "8",
}
_UNSURE = {"o", "oh", "nil", "won", "fore", "ate", "one", "moja"}
"""Words that are mostly something else: they count only between other digits."""
_TEENS = {word: str(10 + place) for place, word in enumerate(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split())}
_TENS = {word: str(tens) for tens, word in zip(range(2, 10), (
    "twenty thirty forty fifty sixty seventy eighty ninety").split(), strict=True)} | {
    "kumi": "1", "ishirini": "2", "thelathini": "3", "arobaini": "4", "hamsini": "5", "sitini": "6", "sabini": "7",
    "themanini": "8", "tisini": "9"}
_TIMES = {"double": 2, "dabo": 2, "triple": 3, "treble": 3}
_NUMERALS = frozenset({*_UNITS, *_TEENS, *_TENS, *_TIMES})
_BETWEEN = " \t\n\u00a0().-–/_,+"
_WIDEST_GAP = 3


class Group(NamedTuple):
    """Digits written together, or one word for them."""

    start: int
    end: int
    digits: str
    spelled: bool


def digit_runs(reading: Reading) -> Iterator[list[Group]]:
    """Maximal runs of digit groups with nothing but a few separators between them."""
    run: list[Group] = []
    after = 0
    for index in reading.where_digits(_NUMERALS):
        if index < after:
            continue  # the second word of a group
        group, after = _group_at(reading, index)
        if group is None or (run and not _joined(reading.text[run[-1].end:group.start])):
            if run:
                yield _trimmed(run, reading)
            run = []
        if group is not None:
            run.append(group)
    if run:
        yield _trimmed(run, reading)


def _group_at(reading: Reading, index: int) -> tuple[Group | None, int]:
    """The digits that begin at a token, and the token after them."""
    tokens, token = reading.tokens, reading.tokens[index]
    if token.text[0].isdecimal():
        digits = token.text if token.text.isascii() else "".join(str(int(char)) for char in token.text)
        return Group(token.start, token.end, digits, False), index + 1
    if token.lower in _UNITS:
        return Group(token.start, token.end, _UNITS[token.lower], True), index + 1
    if token.lower in _TEENS:
        return Group(token.start, token.end, _TEENS[token.lower], True), index + 1
    if token.lower in _TIMES and index + 1 < len(tokens):
        again, after = _group_at(reading, index + 1) if tokens[index + 1].lower in _UNITS or (
            tokens[index + 1].text.isdecimal() and len(tokens[index + 1].text) == 1) else (None, 0)
        if again is not None:
            return Group(token.start, again.end, again.digits * _TIMES[token.lower], True), after
    if token.lower in _TENS:
        return _tens(reading, index)
    return None, index + 1


def _tens(reading: Reading, index: int) -> tuple[Group, int]:
    """`twenty two`, `ishirini na mbili`, or the tens alone."""
    tokens, token = reading.tokens, reading.tokens[index]
    unit = index + 2 if index + 2 < len(tokens) and tokens[index + 1].lower == "na" else index + 1
    if unit < len(tokens) and tokens[unit].lower in _UNITS and _UNITS[tokens[unit].lower] != "0":
        digits = _TENS[token.lower] + _UNITS[tokens[unit].lower]
        return Group(token.start, tokens[unit].end, digits, True), unit + 1
    return Group(token.start, token.end, _TENS[token.lower] + "0", True), index + 1


def _joined(gap: str) -> bool:
    return len(gap) <= _WIDEST_GAP and not gap.strip(_BETWEEN)


def _trimmed(run: list[Group], reading: Reading) -> list[Group]:
    """Without the unsure words at its ends: `the one 0700...`, `8 o`. A letter O that touches a digit is a zero."""
    def unsure(group: Group, neighbour: int) -> bool:
        touches = reading.text[neighbour:neighbour + 1].isdecimal()
        return group.spelled and reading.lower[group.start:group.end] in _UNSURE and not touches

    first, last = 0, len(run)
    while first < last and unsure(run[first], run[first].end) and not _opens(run[first + 1:last]):
        first += 1
    while first < last and unsure(run[last - 1], -2) and not run[last - 2].spelled:
        last -= 1
    return run[first:last]


def _opens(rest: list[Group]) -> bool:
    """Whether spelled digits go on after an unsure word, so that it is one of them: `oh seven two two`."""
    return bool(rest) and rest[0].spelled
