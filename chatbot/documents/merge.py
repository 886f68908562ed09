"""One answer out of many: of the passages of a long document, and of a model and the labels on the page.

Of several values for one field the one that stands after the field's label is taken, else the first of the document.
Where a label says another value than the model, the label is right, because it stands on the page; where both mean the
same words, the model's shorter cut is kept. Lists are joined, each item once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from chatbot.documents.evidence import Formed, Spot
from chatbot.documents.fields import Field
from chatbot.documents.found import WORST_FIRST, Found, Reason, nothing


def merge(field: Field, found: Sequence[Found], ruled: Found | None) -> Found:
    """The one answer for a field.

    Args:
        field: which one.
        found: what each part of the document gave, in order.
        ruled: what its label says, if there is one.
    """
    if field.kind == "object":
        return of_object({part.name: merge(part, [one.parts[part.name] for one in found if part.name in one.parts],
                                           ruled.parts.get(part.name) if ruled else None) for part in field.parts})
    if field.kind == "list":
        joined = of_list(chain.from_iterable(one.parts.values() for one in found), field.longest)
        return joined if joined.value or ruled is None else ruled
    held = [one for one in found if one.value is not None]
    if not held:
        return ruled or _why_not(found)
    best = next((one for one in held if one.labelled), held[0])
    return best if ruled is None or ruled.value is None or _same_words(field, best, ruled) else ruled


def of_object(parts: Mapping[str, Found]) -> Found:
    """An object of what was found for its fields; null when that is nothing."""
    held = {name: one.value for name, one in parts.items()}
    first = next((one for one in parts.values() if one.value is not None), None)
    return _whole(held if first else None, first, parts)


def of_list(items: Iterable[Found], longest: int | None = None) -> Found:
    """A list of what has evidence, each item once; null when that is nothing."""
    every = list(items)
    kept: dict[str, Found] = {}
    for one in every:
        if one.value is not None:
            kept.setdefault(Formed(str(one.value)).text, one)
    held = list(kept.values())[:longest]
    first = held[0] if held else None
    whole = _whole([one.value for one in held] if held else None, first,
                   {str(number): one for number, one in enumerate(held)})
    return whole if held else nothing(_reason(every))


def _whole(value: object, first: Found | None, parts: Mapping[str, Found]) -> Found:
    if first is None:
        return Found(reason=_reason(parts.values()), parts=dict(parts))
    return Found(value, first.evidence, by=first.by, spot=first.spot, parts=dict(parts))


def _why_not(found: Sequence[Found]) -> Found:
    return nothing(_reason(found))


def _reason(found: Iterable[Found]) -> Reason:
    given = {one.reason for one in found}
    return next((reason for reason in WORST_FIRST if reason in given), "not_given")


def _same_words(field: Field, one: Found, other: Found) -> bool:
    if one.value == other.value:
        return True
    return field.kind in ("text", "name") and one.spot is not None and other.spot is not None and overlap(
        one.spot, other.spot)


def overlap(one: Spot, other: Spot) -> bool:
    """Whether two places share a character."""
    return one.part == other.part and one.start < other.end and other.start < one.end
