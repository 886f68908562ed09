"""What is looked for in a document: a tree of fields, whether it comes from a named type or from a caller's schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "name", "date", "amount", "number", "integer", "boolean", "object", "list"]
"""`date` is answered as YYYY-MM-DD, `amount` as the document writes it (figure and currency), `number` as a number.
A `boolean` is never answered: no document holds the word `true`, and a judgement cannot be quoted."""
SCALARS = frozenset({"text", "name", "date", "amount", "number", "integer", "boolean"})
_JSON_TYPES: dict[Kind, str] = {"number": "number", "integer": "integer", "boolean": "boolean"}
MOST_ITEMS = 20
"""Of a list, in a model's answer about one part of a document."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field, with what it is called in documents."""

    name: str
    kind: Kind
    description: str = ""
    labels: tuple[str, ...] = ()
    """Words that stand before its value in a document."""
    parts: tuple[Field, ...] = ()
    """Of an object its fields, of a list the one field that each item is."""
    required: bool = False
    choices: tuple[str, ...] = ()
    """The only texts that are taken; empty: any."""
    least: float | None = None
    most: float | None = None
    """Bounds of a number, both included."""
    longest: int | None = None
    """Characters of a text, items of a list."""

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value; everything may be null, because a document may not say it."""
        said = {"description": self.description} if self.description else {}
        if self.kind == "object":
            return {"type": "object", "additionalProperties": False, "required": [one.name for one in self.parts],
                    "properties": {one.name: one.schema() for one in self.parts}, **said}
        if self.kind == "list":
            return {"type": "array", "items": self.parts[0].schema(), "maxItems": MOST_ITEMS, **said}
        return {"type": [_JSON_TYPES.get(self.kind, "string"), "null"], **said}


def schema_of(fields: tuple[Field, ...]) -> dict[str, Any]:
    """JSON Schema of an object with these fields."""
    return Field("", "object", parts=fields).schema()


def leaves(fields: tuple[Field, ...]) -> Iterator[Field]:
    """Every field that has a value of its own, at any depth."""
    for one in fields:
        if one.kind in SCALARS:
            yield one
        else:
            yield from leaves(one.parts)
