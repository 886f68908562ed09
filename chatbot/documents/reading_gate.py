"""Judges a model's JSON about a document: whole and of the asked shape, or a failed try that says what to repair."""

from __future__ import annotations

import json
from typing import Any

from chatbot.calling.validity import Gate, check_schema, judge
from chatbot.errors import SchemaBroken
from chatbot.providers.interface import FinishReason


class ReadingGate(Gate):
    """Keeps the answer in `answers`; the last good one counts. Raises SchemaBroken, which says what to mend."""

    def __init__(self, schema: dict[str, Any], answers: list[dict[str, Any]]) -> None:
        self._names = frozenset(schema["properties"])
        self._schema = _tolerant(schema)
        self._answers = answers
        self._text = ""

    def feed(self, text: str) -> str:
        self._text += text
        return ""

    def end(self, finish_reason: FinishReason | None) -> str:
        judge(self._text, finish_reason)
        try:
            self._answers.append(self._read(finish_reason))
        except SchemaBroken as error:
            error.repair = f"(Your last answer could not be used: {error.detail}. Answer with the JSON object only.)"
            raise
        return self._text

    def _read(self, finish_reason: FinishReason | None) -> dict[str, Any]:
        """The object in the answer; words around it are cut off."""
        if finish_reason == "length":
            raise SchemaBroken("the JSON was cut at the token limit")
        first, last = self._text.find("{"), self._text.rfind("}")
        whole = self._text[first:last + 1] if 0 <= first < last else self._text
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
