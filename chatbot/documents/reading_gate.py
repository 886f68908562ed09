"""Judges a model's JSON about a document: whole and of the asked shape, or a failed try that says what to repair."""

from __future__ import annotations

import json
from typing import Any

from chatbot.calling.validity import WholeGate, check_schema
from chatbot.errors import SchemaBroken
from chatbot.providers.interface import FinishReason


class ReadingGate(WholeGate):
    """Keeps the answer in `answers`; the last good one counts. Raises SchemaBroken, which says what to mend."""

    def __init__(self, schema: dict[str, Any], answers: list[dict[str, Any]]) -> None:
        super().__init__(lambda text: answers.append(self._read(text)))
        self._names = frozenset(schema["properties"])
        self._schema = _tolerant(schema)

    def end(self, finish_reason: FinishReason | None) -> str:
        try:
            return super().end(finish_reason)
        except SchemaBroken as error:
            error.repair = f"(Your last answer could not be used: {error.detail}. Answer with the JSON object only.)"
            raise

    def _read(self, text: str) -> dict[str, Any]:
        """The object in the answer; words around it are cut off."""
        first, last = text.find("{"), text.rfind("}")
        whole = text[first:last + 1] if 0 <= first < last else text
        try:
            check_schema(whole, self._schema)
            answer: dict[str, Any] = json.loads(whole)
        except RecursionError:
            raise SchemaBroken("the JSON is nested too deep") from None
        if not self._names & answer.keys():
            raise SchemaBroken("the JSON has none of the form's names")
        return answer


def _tolerant(schema: dict[str, Any]) -> dict[str, Any]:
    """The same for judging: a name left out is null, and one that nobody asked for is not looked at."""
    kept = {key: part for key, part in schema.items() if key not in ("required", "additionalProperties")}
    if "properties" in kept:
        kept["properties"] = {name: _tolerant(part) for name, part in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _tolerant(kept["items"])
    return kept
