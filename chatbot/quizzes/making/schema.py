"""The JSON that a model must answer with, and how it is read: whole, or not at all (faults.md F28)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chatbot.calling.validity import check_schema
from chatbot.errors import SchemaBroken

CANDIDATES = 2
"""Over-generated: the better one is kept."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One candidate, as the model wrote it. Nothing in it is trusted."""

    stem: str
    key: str
    distractors: tuple[str, ...]


def candidate_schema(distractors: int) -> dict[str, Any]:
    """The schema of an answer with two candidates of so many wrong answers each."""
    text = {"type": "string"}
    candidate = {
        "type": "object", "additionalProperties": False, "required": ["stem", "key", "distractors"],
        "properties": {"stem": text, "key": text, "distractors": {
            "type": "array", "items": text, "minItems": distractors, "maxItems": distractors}}}
    return {"type": "object", "additionalProperties": False, "required": ["items"], "properties": {
        "items": {"type": "array", "items": candidate, "minItems": 1, "maxItems": CANDIDATES}}}


def proposals(text: str, schema: dict[str, Any]) -> tuple[Proposal, ...]:
    """The candidates of a model's answer. Words around the JSON are cut off. Raises SchemaBroken."""
    first, last = text.find("{"), text.rfind("}")
    if first < 0 or last < first:
        raise SchemaBroken("the answer is not JSON")
    whole = text[first:last + 1]
    try:
        check_schema(whole, schema)
    except RecursionError as error:
        raise SchemaBroken("the JSON is nested too deep") from error
    return tuple(Proposal(_plain(one["stem"]), _plain(one["key"]), tuple(map(_plain, one["distractors"])))
                 for one in json.loads(whole)["items"])


def _plain(text: str) -> str:
    return " ".join(text.split())
