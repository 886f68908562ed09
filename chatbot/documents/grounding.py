"""A model's answer held against the document: each value gets its evidence, or is dropped with the reason."""

from __future__ import annotations

import re
from typing import Any

from chatbot.documents.dates import as_iso
from chatbot.documents.evidence import Document, Formed, Spot
from chatbot.documents.fields import SCALARS, Field
from chatbot.documents.figures import amount_around, as_number
from chatbot.documents.found import Found, nothing
from chatbot.documents.labels import Labels
from chatbot.documents.merge import of_list, of_object, overlap

_PLACEHOLDER = re.compile(r"\[[A-Za-z]{2,10}(?:-PIN)?(?:[-_ ]\d{1,4})?\]")
"""What redaction leaves in the place of a value."""
_NEAR = 60
"""Characters before a value in which its label is looked for."""
_BARE = 3
"""A text of so few letters or figures is found in any document by chance."""
_ABSENT = frozenset({"", "null", "none", "n/a", "na", "unknown", "not specified", "not stated", "-", "없음", "해당없음",
                     "hakuna", "haijulikani"})


def ground(field: Field, value: Any, document: Document, labels: Labels | None = None) -> Found:
    """What of `value` the document holds. `value` has the shape of the field's schema.

    What stands after the label of another field is that field's, and a line that the form leaves blank stays blank.
    """
    found = _ground(field, value, document)
    if labels is None or found.value is None or found.labelled or field.kind not in SCALARS:
        return found
    if field.name in labels.blank:
        return nothing("left_blank")
    taken = labels.taken_from(field.name)
    return nothing("under_another_label") if found.spot and any(overlap(found.spot, one) for one in taken) else found


def _ground(field: Field, value: Any, document: Document) -> Found:
    if field.kind == "object":
        given = value if isinstance(value, dict) else {}
        return of_object({one.name: _ground(one, given.get(one.name), document) for one in field.parts})
    if field.kind == "list":
        given_items = value if isinstance(value, list) else []
        return of_list([_ground(field.parts[0], item, document) for item in given_items], field.longest)
    if field.kind == "boolean":
        return nothing("not_quotable")
    if value is None or (isinstance(value, str) and value.strip(" .").casefold() in _ABSENT):
        return nothing("not_given")
    return _scalar(field, value, document)


def _scalar(field: Field, value: Any, document: Document) -> Found:
    if isinstance(value, str) and _PLACEHOLDER.search(value) and not document.text_spots(value):
        return nothing("redacted")
    if field.choices and str(value) not in field.choices:
        return nothing("breaks_schema")
    match field.kind:
        case "date":
            return _date(field, str(value), document)
        case "number" | "integer":
            return _number(field, value, document)
        case "amount":
            return _amount(field, value, document)
        case _:
            return _text(field, str(value), document)


def _date(field: Field, value: str, document: Document) -> Found:
    iso = as_iso(value)
    spots = document.date_spots(iso) if iso else []
    return _best(field, [(spot, iso) for spot in spots], document)


def _number(field: Field, value: Any, document: Document) -> Found:
    number = as_number(value)
    if number is None or (field.kind == "integer" and number != number.to_integral_value()):
        return nothing("not_in_document")
    if (field.least is not None and number < field.least) or (field.most is not None and number > field.most):
        return nothing("breaks_schema")
    plain = int(number) if number == number.to_integral_value() else float(number)
    spots = [(spot, plain) for spot, _ in document.number_spots(number)]
    return _best(field, spots, document, bare=True)


def _amount(field: Field, value: Any, document: Document) -> Found:
    """The document's own amount with that figure: its currency is never the model's."""
    number = as_number(value)
    if number is None:
        return _text(field, str(value), document)
    spots = []
    for spot, figure in document.number_spots(number):
        start, end = amount_around(document.passages[spot.part].text, figure)
        whole = Spot(spot.part, start, end)
        spots.append((whole, document.words(whole)))
    return _best(field, spots, document)


def _text(field: Field, value: str, document: Document) -> Found:
    spots = [(spot, document.words(spot)) for spot in document.text_spots(value)]
    found = _best(field, spots, document, bare=sum(char.isalnum() for char in value) < _BARE)
    if isinstance(found.value, str) and field.longest is not None and len(found.value) > field.longest:
        return nothing("breaks_schema")
    return found


def _best(field: Field, spots: list[tuple[Spot, Any]], document: Document, *, bare: bool = False) -> Found:
    """The first place after a label of the field, else the first one of all.

    A `bare` value (a number, two letters) stands in any document by chance: where the document has a label of the
    field, it must stand after it.
    """
    if not spots:
        return nothing("not_in_document")
    after_label = [one for one in spots if has_label_before(field, one[0], document)]
    if not after_label and bare and any(document.text_spots(label) for label in field.labels):
        return nothing("not_beside_its_label")
    spot, value = (after_label or spots)[0]
    return Found(value, document.evidence(spot), by="model", spot=spot, labelled=bool(after_label))


def has_label_before(field: Field, spot: Spot, document: Document) -> bool:
    """Whether a label of the field stands shortly before a place."""
    before = document.before(spot, _NEAR).replace(" ", "")
    return any(Formed(label).text.replace(" ", "") in before for label in field.labels)
