"""Values read by their labels, without any model: `Name: Asha`, `성 명: 홍길동`, `Tarehe: 1 Machi 2026`.

This is the floor on which an extraction stands when no model answers, and the judge between a model and the page. Only
what stands right after a label is taken; a blank line to be filled in (`Date: ______`) gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from chatbot.documents.dates import dates_in
from chatbot.documents.evidence import Document, Spot
from chatbot.documents.fields import SCALARS, Field, leaves
from chatbot.documents.figures import Figure, amount_around, figures_in
from chatbot.documents.found import Found
from chatbot.documents.merge import of_list, of_object

_FAR = {"date": 25, "number": 8, "integer": 8, "amount": 20}
"""Characters after a label within which its value must begin."""
_LONGEST_NAME, _LONGEST_TEXT, _LONGEST_LIST = 60, 200, 2_000
_MOST_NAME_WORDS = 7
_BLANK = re.compile(r"[\s_.…․‥\-–—]*")
_BLANK_LINE = re.compile(r"[ _.…․‥\-–—]*(?:\n|_{3}|\.{3}|…|\Z)")
_COLON = r"\s{0,3}(?:\([^)\n:]{0,30}\)\s{0,2})?[:：]\s{0,3}"
_NEXT_LINE = r"[ \t]{0,3}(?:\([^)\n:]{0,30}\)\s{0,2})?\n\s{0,3}"
_NOTHING_BETWEEN = r"[ \t]{1,3}(?=\d)"
_END_OF_NAME = re.compile(r"[,;|(（/\n\t]|\.(?:\s|$)|\s{2,}|…|_{2,}")
_END_OF_TEXT = re.compile(r"\n|[.;。](?:\s+(?=[A-Z가-힣])|$)|_{2,}|\s\|\s")
_BETWEEN_ITEMS = re.compile(r"\n|;|•|(?:(?<=\s)|^)\(?\d{1,2}[.)]\s")
_COLON_BEFORE = re.compile(r"[:：]")
_OTHER_DAY = re.compile(r"\b(?:birth|expiry|due|review|issue|printed|kuzaliwa|생년월)\s?$", re.IGNORECASE)
"""Words before `Date:` that make it another label, which the type may not know."""
_MARKS = tuple(".;,|•)]·*-")
_NUMBERING = re.compile(r"[(\[]?\w{1,3}[.)\]]|[•*·-]")
_NUMBER_OF_NEXT = re.compile(r"\s\(?\d{1,2}[.)]\s*\Z")
"""The number of the next label's line, in running text."""
_HANGUL = re.compile(r"[가-힣]")


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A label on the page: where it begins, and where its value may stand."""

    name: str
    part: int
    label: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Labels:
    """What the labels of a document say."""

    found: dict[str, Found] = field(default_factory=dict)
    """By the name of the top-level field; fields without a labelled value are left out."""
    blank: frozenset[str] = frozenset()
    """Names of fields whose every label has an empty line after it."""

    def taken_from(self, name: str) -> tuple[Spot, ...]:
        """Places that belong to the labels of other fields than `name`."""
        return tuple(spot for other, one in self.found.items() if other != name
                     for spot in [one.spot, *(part.spot for _, part in one.leaves())] if spot is not None)


def read_labels(fields: Sequence[Field], document: Document) -> Labels:
    """Read every label of the fields."""
    every = [one for one in leaves(tuple(fields)) if one.labels] + [
        one for one in fields if one.kind == "list" and one.labels]
    places = list(_places(every, document)) if every else []
    found = {one.name: _read(one, places, document) for one in fields}
    held = {name: one for name, one in found.items() if one is not None and one.value is not None}
    blank = (one.name for one in fields if one.name not in held and _is_blank(one, places, document))
    return Labels(held, frozenset(blank))


def _is_blank(field: Field, places: Sequence[_Labelled], document: Document) -> bool:
    """Whether the document has the field's label, and only dots, lines or nothing after it wherever it stands."""
    own = [one for one in places if one.name == field.name]
    return bool(own) and all(_BLANK_LINE.match(document.passages[one.part].text, one.start, one.end) for one in own)


def _read(field: Field, places: Sequence[_Labelled], document: Document) -> Found | None:
    if field.kind == "object":
        parts = {one.name: _read(one, places, document) for one in field.parts}
        return of_object({name: one for name, one in parts.items() if one is not None})
    for place in places:
        if place.name != field.name:
            continue
        found = _items(place, document, field) if field.kind == "list" else _value(field, place, document)
        if found is not None:
            return found
    return None


def _places(fields: Sequence[Field], document: Document) -> Iterator[_Labelled]:
    """Every label of the document, in order; the longest one that fits is meant."""
    owner = {_bare(label): one.name for one in fields for label in one.labels}
    wanted = re.compile("|".join(rf"(?P<l{number}>{_pattern(label)})" for number, label in enumerate(
        sorted(owner, key=len, reverse=True))), re.IGNORECASE)
    for part, passage in enumerate(document.passages):
        text = passage.text
        found = [one for one in wanted.finditer(text) if _begins_here(one)]
        for number, one in enumerate(found):
            end = len(text)
            if number + 1 < len(found):
                end = found[number + 1].start()
                end -= len(cut[0]) if (cut := _NUMBER_OF_NEXT.search(text, one.end(), end)) else 0
            name = next((name for label, name in owner.items() if _bare(_label_of(one[0])) == label), "")
            yield _Labelled(name, part, one.start(), one.end(), min(end, one.end() + _LONGEST_LIST))


def _pattern(bare: str) -> str:
    """A label with what must follow it; Korean forms space their labels out (`성  명`)."""
    letters = [re.escape(char) for char in bare]
    words = r"\s{0,3}".join(letters) if _HANGUL.search(bare) else re.escape(bare).replace(r"\ ", r"\s{1,3}")
    return rf"(?<!\w){words}(?:{_COLON}|{_NEXT_LINE}|{_NOTHING_BETWEEN})"


def _bare(label: str) -> str:
    label = " ".join(label.split()).casefold()
    return label.replace(" ", "") if _HANGUL.search(label) else label


def _label_of(matched: str) -> str:
    """The label's own words out of a match."""
    return re.split(r"[:：(\n]", matched, maxsplit=1)[0].strip(" .")


def _begins_here(label: re.Match[str]) -> bool:
    """Whether a label may begin here: on a new line, after a mark, or with a capital after another label's value."""
    text, at = label.string, label.start()
    line = text[text.rfind("\n", 0, at) + 1:at]
    before = line.rstrip()
    if not before or _NUMBERING.fullmatch(before):
        return True
    if "\n" in label[0].rstrip(" \t") and ":" not in label[0] and "：" not in label[0]:
        return False  # the last word of a line is no label of the next one
    if before.endswith(_MARKS):
        return True
    capital = text[at].isupper() or _HANGUL.match(text[at])
    if not capital or _OTHER_DAY.search(line):
        return False
    return "\n" not in text or bool(_COLON_BEFORE.search(line)) or before.split()[-1][0].islower()


def _value(field: Field, place: _Labelled, document: Document) -> Found | None:
    text = document.passages[place.part].text
    blank = _BLANK.match(text, place.start, place.end)
    start = blank.end() if blank else place.start
    if "\n" in text[place.start:start]:
        return None  # the line of the label ends without a value
    span = _span(field, text, start, place.end)
    if span is None:
        return None
    spot = Spot(place.part, span[0], span[1])
    value = span[2] if span[2] is not None else document.words(spot)
    if field.choices and str(value) not in field.choices:
        return None
    return Found(value, document.quote(Spot(place.part, place.label, span[1])), by="rules", spot=spot, labelled=True)


def _span(field: Field, text: str, start: int, end: int) -> tuple[int, int, object] | None:
    """Where the value stands, and the value where that is not what stands there."""
    if field.kind == "date":
        day = next((one for one in dates_in(text[start:end]) if one.start <= _FAR["date"]), None)
        return (start + day.start, start + day.end, day.iso) if day else None
    if field.kind in ("number", "integer", "amount"):
        return _figure(field, text, start, end)
    if field.kind not in SCALARS or field.kind == "boolean":
        return None
    longest, stop = (_LONGEST_NAME, _END_OF_NAME) if field.kind == "name" else (_LONGEST_TEXT, _END_OF_TEXT)
    cut = stop.search(text, start, end)
    end = min(cut.start() if cut else end, start + longest)
    words = text[start:end].rstrip(" .,;:|-–—_…")
    if not any(char.isalnum() for char in words) or (
            field.kind == "name" and (len(words.split()) > _MOST_NAME_WORDS or not any(map(str.isalpha, words)))):
        return None
    return start, start + len(words), None


def _figure(field: Field, text: str, start: int, end: int) -> tuple[int, int, object] | None:
    found = next(figures_in(text[start:end]), None)
    if found is None or found.start > _FAR[field.kind] or "\n" in text[start:start + found.start]:
        return None
    absolute = Figure(start + found.start, start + found.end, found.number)
    if field.kind == "amount":
        return (*amount_around(text, absolute), None)
    whole = found.number == found.number.to_integral_value()
    if (field.kind == "integer" and not whole) or any(
            one.start <= found.start < one.end for one in dates_in(text[start:end])):
        return None
    return absolute.start, absolute.end, int(found.number) if whole else float(found.number)


def _items(place: _Labelled, document: Document, field: Field) -> Found | None:
    """The items of a list after its label, up to the next label or an empty line."""
    text = document.passages[place.part].text
    end = text.find("\n\n", place.start, place.end)
    end = place.end if end < 0 else end
    cuts = [place.start, *(one.end() for one in _BETWEEN_ITEMS.finditer(text, place.start, end)), end]
    found: list[Found] = []
    for start, stop in pairwise(cuts):
        words = _BETWEEN_ITEMS.sub(" ", text[start:stop]).strip(" .,-•\n\t")
        at = text.find(words, start) if words else -1
        if at >= 0 and any(map(str.isalpha, words)) and len(words) <= _LONGEST_TEXT:
            spot = Spot(place.part, at, at + len(words))
            found.append(Found(document.words(spot), document.evidence(spot), by="rules", spot=spot, labelled=True))
    return of_list(found, field.longest) if found else None
