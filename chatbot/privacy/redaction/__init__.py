"""Takes out of a text what tells who wrote it, and keeps what the question is about.

Each finding is replaced by a placeholder of its kind (`[PHONE-1]`), so that the sentence still reads and an answer can
speak of it; days become weeks. Doses, pressures, temperatures, ages and weeks stay. What each kind catches, and how
much of our own corpus, is measured: `python -m tests.chatbot.privacy.score`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chatbot.privacy.redaction.finders import find
from chatbot.privacy.redaction.names import parts_of
from chatbot.privacy.redaction.placeholders import Placeholders
from chatbot.privacy.redaction.reading import Found, Reading
from chatbot.providers.interface import ChatRequest

_WORDS_OF_A_SCHEMA = frozenset({"description", "title", "$comment", "examples", "default"})
"""Parts of a JSON Schema that a model reads and no check uses."""
MOST_NAME_PARTS = 50


@dataclass(frozen=True, slots=True)
class Redaction:
    """A request that holds no identifier we know of, and the way back for its answer."""

    request: ChatRequest
    placeholders: Placeholders
    counts: Mapping[str, int]
    """Findings by kind."""


def redact(request: ChatRequest) -> Redaction:
    """Redact every turn, the stop texts, and the words in the schema, with one set of placeholders.

    Pictures are untouched: `permit.py` says which may leave.
    """
    schema_words = list(_strings(request.schema)) if request.schema else []
    texts = [message.content for message in request.messages] + list(request.stop) + schema_words
    redactor = _Redactor(texts)
    clean = replace(
        request, stop=tuple(map(redactor.clean, request.stop)),
        messages=tuple(replace(one, content=redactor.clean(one.content)) for one in request.messages),
        schema=_clean_schema(request.schema, redactor) if request.schema else request.schema)
    return Redaction(clean, redactor.placeholders, dict(redactor.counts))


def redact_text(text: str) -> str:
    """One text, redacted."""
    return _Redactor([text]).clean(text)


def without_identifiers(text: str) -> str:
    """One text with nothing where identifiers stood: what a search should look for."""
    out, at = [], 0
    for one in find(Reading(text)):
        out.append(text[at:one.start])
        at = one.end
    return " ".join([*out, text[at:]])


class _Redactor:
    """Cleans the texts of one request: what is found to be a name in one is a name in all."""

    def __init__(self, texts: list[str]) -> None:
        self.placeholders = Placeholders(texts)
        self.counts: Counter[str] = Counter()
        self._found = {text: find(Reading(text)) for text in dict.fromkeys(texts)}
        self._names = self._parts_of_names()
        self._again = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, self._names))})(?!\w)") if self._names else None

    def clean(self, text: str) -> str:
        out, at = [], 0
        for one in self._with_names(text):
            value = text[one.start:one.end]
            self.counts[one.kind] += 1
            out += [text[at:one.start], one.coarse or self.placeholders.of(one.kind, self._whole(one.kind, value))]
            at = one.end
        return "".join(out) + text[at:]

    def _parts_of_names(self) -> dict[str, str]:
        """Each part of each name, with the whole name."""
        parts: dict[str, str] = {}
        for text, found in self._found.items():
            for one in found:
                if one.kind == "name" and len(parts) < MOST_NAME_PARTS:
                    name = text[one.start:one.end]
                    parts.update({part: name for part in parts_of(name) if part not in parts})
        return parts

    def _whole(self, kind: str, value: str) -> str:
        return self._names.get(value, value) if kind == "name" else value

    def _with_names(self, text: str) -> list[Found]:
        """The findings of a text, and the other places where a part of a name stands."""
        found = self._found[text]
        if self._again is None:
            return found
        taken = bytearray(len(text))
        for one in found:
            taken[one.start:one.end] = b"\1" * (one.end - one.start)
        more = [Found(*one.span(), "name") for one in self._again.finditer(text)
                if taken.find(1, *one.span()) < 0]
        return sorted(found + more)


def _strings(part: Any) -> list[str]:
    """Every text under the words of a schema."""
    if isinstance(part, dict):
        return [text for name, value in part.items()
                for text in (_leaves(value) if name in _WORDS_OF_A_SCHEMA else _strings(value))]
    return [text for one in part for text in _strings(one)] if isinstance(part, list) else []


def _leaves(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, dict):
        return [text for value in part.values() for text in _leaves(value)]
    return [text for one in part for text in _leaves(one)] if isinstance(part, list) else []


def _clean_schema(part: Any, redactor: _Redactor, *, words: bool = False) -> Any:
    if isinstance(part, str):
        return redactor.clean(part) if words else part
    if isinstance(part, dict):
        return {name: _clean_schema(value, redactor, words=words or name in _WORDS_OF_A_SCHEMA)
                for name, value in part.items()}
    return [_clean_schema(one, redactor, words=words) for one in part] if isinstance(part, list) else part
