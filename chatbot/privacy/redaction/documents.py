"""Numbers of documents: by their own form (KRA PIN, NIN, NIDA, passport), or after the word that names them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.privacy.redaction.reading import Found, Reading

_TO = r"(?:[\s:#.,=-]{0,3}(?:number|numbers|numba|no|nos|num|nambari|namba|card|kadi|member|membership|ya|yangu|yake|" \
      r"ya taifa|cha|changu|chake|langu|is|was|ni|ilikuwa|reads|says|called)\b){0,5}[\s:#.=-]{0,4}"
"""What may stand between the word and the number: `my ID card number is: `."""
_NAMED = r"(?:[\s:#.,=-]{0,3}(?:number|numbers|numba|no|nos|num|nambari|namba)\b)"
_IS = r"(?:[\s:#.,=-]{0,3}(?:ya|yangu|yake|is|was|ni|ilikuwa|reads|says)\b){0,3}[\s:#.=-]{0,4}"
_VALUE = r"((?:[a-z]{1,6}[-/ ]{0,2})?\d(?:[-/ ]?\w){2,20})"
"""Three figures or more, with letters, strokes and dashes."""

_FORMS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    # A letter, nine digits, a letter (kra.go.ke).
    ("tax_pin", "a p", re.compile(r"(?<![a-z0-9])([ap][ -]?\d{3}[ -]?\d{3}[ -]?\d{3}[ -]?[a-z])(?![a-z0-9])")),
    ("tax_pin", "kra tax itax", re.compile(
        r"(?:kra|tax|itax)(?:\s{1,2}pin)?" + _TO + r"([a-z]?\d{7,10}[a-z]?)\b")),
    # Uganda's NIN: CM or CF and twelve letters and figures (nira.go.ug).
    ("id", "cm cf", re.compile(r"(?<![a-z0-9])(c[mf](?=[a-z]{0,11}\d)[a-z0-9]{12})(?![a-z0-9])")),
    ("id", "id ids i identity identification kitambulisho nin nida huduma", re.compile(
        r"(?:i\.?d|identity|identification|kitambulisho|nin|nida|huduma)(?![a-z])" + _TO
        + r"((?:\d[ -]?){6,9}\d?)(?!\d)")),
    ("id", "passport pasipoti pasi", re.compile(
        r"(?:passport|pasipoti|pasi ya kusafiria)" + _TO + r"([a-z]{1,2}[ -]?\d{6,8}|\d{7,9})\b")),
    ("insurance", "sha nhif shif uhc bima insurance nssf", re.compile(
        r"(?:sha|nhif|shif|uhc|bima(?: ya afya)?|insurance|nssf)\b" + _TO
        + r"((?:[a-z]{2,4}[-/ ]?)?\d(?:[-/ ]?\d){4,16}(?:-\d)?)(?!\w)")),
    ("record", "mch anc pnc ccc op opd ip ipd clinic hospital patient file card booklet record admission book kliniki "
               "faili kadi hospitali kitabu mgonjwa", re.compile(
        r"(?:mch|anc|pnc|ccc|opd?|ipd?|clinic|hospital|patient|file|card|booklet|record|admission|book|kliniki|"
        r"faili|kadi|hospitali|kitabu|mgonjwa)(?:[\s'-]{1,2}(?:card|file|booklet|book|clinic|kadi|patient|hospital|"
        r"register|record|unique|cha kliniki|ya kliniki|ya hospitali|cha mch|ya mch))?" + _NAMED + _IS + _VALUE)),
    ("record", "namba nambari number", re.compile(
        r"(?:namba|nambari|number)(?: yangu)? (?:ya|of)(?: (?:my|the))? (?:mch|anc|pnc|ccc|clinic|kliniki|faili|"
        r"kadi|kitabu|hospitali|hospital|file|mgonjwa|booklet)(?: ya (?:mch|kliniki|hospitali|mama))?" + _IS
        + _VALUE)),
    # A record's own form, after its department: ANC/0000/26.
    ("record", "anc mch pnc ccc opd ipd ip op", re.compile(
        r"(?<![a-z0-9])((?:anc|mch|pnc|ccc|opd?|ipd?)[-/ ]{0,2}[/-]\d{2,8}(?:[/-]\d{1,6}){0,2})(?![a-z0-9])")),
)
"""Kind, the words at which to look, the pattern that must match there (lower case); group 1 is what must go."""
_BY_WORD: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
for _kind, _words, _pattern in _FORMS:
    for _word in _words.split():
        _BY_WORD.setdefault(_word, []).append((_kind, _pattern))
_IN_FIGURES = (
    # Tanzania's NIDA number: twenty digits, a date of birth first.
    ("id", re.compile(r"(?<!\d)((?:19|20)\d{6}[- ]?\d{5}[- ]?\d{5}[- ]?\d{2})(?!\d)")),
    ("record", re.compile(r"(?<![\d/.])(\d{5}[-/]\d{5}|\d{3,8}/(?:20)?2\d)(?![\d/])")),
)
_A_YEAR_OR_PRESSURE = re.compile(r"(\d{2,3})/(\d{2,3})")


def documents(reading: Reading) -> Iterator[Found]:
    """Every document number, those with a word before them first. No pattern repeats without a bound."""
    lower = reading.lower
    for index in reading.where(_BY_WORD):
        token = reading.tokens[index]
        for kind, pattern in _BY_WORD[token.lower]:
            if one := pattern.match(lower, token.start):
                yield from _checked(kind, one, lower)
    for kind, pattern in _IN_FIGURES:
        for one in pattern.finditer(lower):
            yield from _checked(kind, one, lower)


def _checked(kind: str, one: re.Match[str], lower: str) -> Iterator[Found]:
    """The number without the words after it, if it has three figures at least and is no blood pressure."""
    start, end = one.span(1)
    end = _cut(lower, start, end)
    if sum(char.isdecimal() for char in lower[start:end]) >= 3 and not _is_pressure(one[1]):
        yield Found(start, end, kind)


def _cut(lower: str, start: int, end: int) -> int:
    """Where a number ends: before the first part without a figure (`12345 and my name`)."""
    parts = re.split(r"([-/ ]+)", lower[start:end])
    kept = len(parts)
    for place in range(2, len(parts), 2):
        if not any(char.isdecimal() for char in parts[place]) or (
                parts[place - 1] == " " and re.search(r"[a-z]", parts[place])):
            kept = place - 1
            break
    return start + len("".join(parts[:kept]))


def _is_pressure(value: str) -> bool:
    """A blood pressure has a form of its own: 140/90."""
    match = _A_YEAR_OR_PRESSURE.fullmatch(value)
    return match is not None and 60 <= int(match[1]) <= 260 and 30 <= int(match[2]) <= 160
