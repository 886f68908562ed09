"""A caller's JSON Schema, read into fields; what could hurt us is refused before anything is asked.

Understood: objects, arrays, texts, numbers, `enum` and `const` of texts, bounds, `["string", "null"]`, `anyOf` with
null, and `$ref` within the schema itself (what pydantic writes). Refused: a `$ref` to anywhere else, recursion, more
than 6 levels, more than 200 fields, and `pattern`: Python's regular expressions can be made to run for ever, and every
value is held against the document anyway. Also read: the short form `{"title": "string", "date": "string"}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chatbot.documents.fields import Field, Kind
from chatbot.errors import InvalidInput

MOST_LEVELS = 6
MOST_FIELDS = 200
MOST_CHARACTERS = 100_000
"""Of all names and descriptions together."""
_LONGEST_NAME, _LONGEST_DESCRIPTION = 100, 500
_TYPES: dict[str, Kind] = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean",
                           "object": "object", "array": "list"}
_DATES = frozenset({"date", "date-time"})
_KNOWN = frozenset({
    "$schema", "$id", "$comment", "$defs", "definitions", "$ref", "type", "title", "description", "properties",
    "required", "additionalProperties", "items", "enum", "const", "format", "minimum", "maximum", "minLength",
    "maxLength", "minItems", "maxItems", "anyOf", "oneOf", "default", "examples", "nullable", "readOnly", "deprecated"})


def fields_of(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a caller's schema. Raises InvalidInput, which names what is wrong and never quotes values."""
    if _is_short(schema):
        schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in schema.items()}}
    found = _Reader(schema).read()
    if found.kind != "object" or not found.parts:
        raise _wrong("The schema must be an object with at least one property.")
    return found.parts


def _is_short(schema: Mapping[str, Any]) -> bool:
    """`{"title": "string"}`: names and their types, without any keyword."""
    return bool(schema) and "type" not in schema and all(
        isinstance(one, str) and one in _TYPES for one in schema.values())


class _Reader:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._whole = schema
        self._left = MOST_FIELDS
        self._characters = MOST_CHARACTERS

    def read(self) -> Field:
        return self._field("", self._whole, 0, frozenset(), required=True)

    def _field(self, name: str, raw: object, level: int, open_refs: frozenset[str], *, required: bool) -> Field:
        if level > MOST_LEVELS:
            raise _wrong(f"The schema is nested deeper than {MOST_LEVELS} levels.")
        self._left -= bool(name)
        if self._left < 0:
            raise _wrong(f"The schema has more than {MOST_FIELDS} fields.")
        node, open_refs = self._resolved(raw, open_refs)
        kind = self._kind(node)
        description = self._said(node, name)
        parts: tuple[Field, ...] = ()
        if kind == "object":
            parts = self._properties(node, level, open_refs)
        elif kind == "list":
            parts = (self._field("item", node.get("items", {"type": "string"}), level + 1, open_refs, required=False),)
        return Field(name, kind, description, _labels(name, node), parts, required, _choices(node),
                     _bound(node, "minimum"), _bound(node, "maximum"), _length(node, kind))

    def _properties(self, node: Mapping[str, Any], level: int, open_refs: frozenset[str]) -> tuple[Field, ...]:
        properties, wanted = node.get("properties", {}), node.get("required", [])
        if not isinstance(properties, Mapping) or not isinstance(wanted, Sequence):
            raise _wrong("`properties` must be an object and `required` a list.")
        return tuple(self._field(name, part, level + 1, open_refs, required=name in wanted)
                     for name, part in properties.items())

    def _resolved(self, raw: object, open_refs: frozenset[str]) -> tuple[Mapping[str, Any], frozenset[str]]:
        """The node itself, its references followed and its `or null` taken off."""
        for _ in range(MOST_LEVELS):
            node = _checked(raw)
            if "$ref" in node:
                ref = str(node["$ref"])
                if ref in open_refs:
                    raise _wrong("A `$ref` of the schema leads back to itself.")
                raw, open_refs = {**_checked(self._target(ref)), **_words(node)}, open_refs | {ref}
            elif either := node.get("anyOf", node.get("oneOf")):
                raw = {**_checked(_not_null(either)), **_words(node)}
            else:
                return node, open_refs
        raise _wrong("A `$ref` of the schema leads on and on.")

    def _target(self, ref: str) -> object:
        """What a reference within the schema means; nothing is ever fetched."""
        if not ref.startswith("#/"):
            raise _wrong("A `$ref` may only point into the schema itself (`#/$defs/...`).")
        found: object = self._whole
        for escaped in ref[2:].split("/"):
            step = escaped.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or step not in found:
                raise _wrong("A `$ref` of the schema points to nothing.")
            found = found[step]
        return found

    def _kind(self, node: Mapping[str, Any]) -> Kind:
        said = node.get("type", "object" if "properties" in node else "string")
        names = [one for one in ([said] if isinstance(said, str) else said) if one != "null"] if isinstance(
            said, str | list) else []
        if len(names) != 1 or names[0] not in _TYPES:
            raise _wrong("Each field needs one `type` (and `null` beside it, if you like): "
                         f"{', '.join(_TYPES)}.")
        kind = _TYPES[names[0]]
        return "date" if kind == "text" and node.get("format") in _DATES else kind

    def _said(self, node: Mapping[str, Any], name: str) -> str:
        description = node.get("description", node.get("title", ""))
        if not isinstance(description, str):
            raise _wrong("A `description` must be text.")
        self._characters -= len(name) + len(description)
        if len(name) > _LONGEST_NAME or self._characters < 0:
            raise _wrong("The names and descriptions of the schema are too long.")
        return " ".join(description.split())[:_LONGEST_DESCRIPTION]


def _checked(node: object) -> Mapping[str, Any]:
    if not isinstance(node, Mapping):
        raise _wrong("Each part of the schema must be an object.")
    for keyword in node:
        if keyword not in _KNOWN:
            plain = isinstance(keyword, str) and keyword.isidentifier() and len(keyword) < 30
            raise _wrong(f"{f'`{keyword}`' if plain else 'A keyword'} is not understood here.",
                         "Leave it out: every value is held against the document anyway.")
    return node


def _words(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in ("title", "description") if name in node}


def _not_null(either: object) -> object:
    choices = [one for one in either if one != {"type": "null"}] if isinstance(either, list) else []
    if len(choices) != 1:
        raise _wrong("`anyOf` is understood for one type and null only.")
    return choices[0]


def _labels(name: str, node: Mapping[str, Any]) -> tuple[str, ...]:
    """What the field may be called in a document: its own name in words, and its title."""
    title = node.get("title")
    words = " ".join(name.replace("_", " ").replace("-", " ").split())
    return tuple(dict.fromkeys(one for one in (words, title) if isinstance(one, str) and 1 < len(one) <= _LONGEST_NAME))


def _choices(node: Mapping[str, Any]) -> tuple[str, ...]:
    listed = node.get("enum", [node["const"]] if "const" in node else [])
    if not isinstance(listed, list) or len(listed) > MOST_FIELDS:
        raise _wrong(f"`enum` must be a list of at most {MOST_FIELDS} texts.")
    return tuple(str(one) for one in listed if one is not None)


def _bound(node: Mapping[str, Any], keyword: str) -> float | None:
    value = node.get(keyword)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise _wrong(f"`{keyword}` must be a number.")
    return value


def _length(node: Mapping[str, Any], kind: Kind) -> int | None:
    value = node.get("maxItems" if kind == "list" else "maxLength")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise _wrong("A length must be a whole number.")
    return value


def _wrong(detail: str, remedy: str | None = None) -> InvalidInput:
    return InvalidInput(detail, field="schema", remedy=remedy or "Send a plain JSON Schema of an object.")
