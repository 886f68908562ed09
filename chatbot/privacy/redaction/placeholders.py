"""Placeholders: `[PHONE-1]` for a value, the same for the same value, and put back in the answer for who wrote it.

The values live in this object only, for one request; nothing of it is written down.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

from chatbot.privacy.redaction.kinds import KINDS

_PLACEHOLDER = re.compile(r"\[([A-Z]{2,10}(?:-PIN)?)-(\d{1,4})\]")
_BEGUN = re.compile(r"\[(?:[A-Z]{1,10}(?:-(?:P(?:I(?:N(?:-\d{0,4})?)?)?|\d{0,4})?)?)?")
"""The beginning of a placeholder, at the end of a piece of a stream."""
_LONGEST = 22


class Placeholders:
    """Numbers the values of one request."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """`texts` are read for placeholders that somebody wrote by hand: their numbers are not given out."""
        self._written = {one[0] for text in texts for one in _PLACEHOLDER.finditer(text)}
        self._of_value: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._last: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"Placeholders({len(self._values)})"  # never a value: a traceback or a log may print it

    def of(self, kind: str, value: str) -> str:
        """The placeholder of a value; a phone number is the same with +254 and with 0."""
        key = kind, _canonical(kind, value)
        if key not in self._of_value:
            self._of_value[key] = self._next(KINDS[kind].label)
            self._values[self._of_value[key]] = value
        return self._of_value[key]

    def put_back(self, text: str, *, in_json: bool = False) -> str:
        """`text` with its placeholders replaced by their values (escaped, inside JSON)."""
        if not self._values or "[" not in text:
            return text

        def value(one: re.Match[str]) -> str:
            found = self._values.get(one[0], one[0])
            return json.dumps(found, ensure_ascii=False)[1:-1] if in_json else found

        return _PLACEHOLDER.sub(value, text)

    def _next(self, label: str) -> str:
        while True:
            self._last[label] += 1
            if (made := f"[{label}-{self._last[label]}]") not in self._written:
                return made


class PutBack:
    """Puts values back into an answer that comes in pieces: a placeholder may be split over any of them."""

    def __init__(self, placeholders: Placeholders, *, in_json: bool = False) -> None:
        self._placeholders = placeholders
        self._in_json = in_json
        self._held = ""

    def feed(self, piece: str) -> str:
        """What may go on now: all but the beginning of a placeholder at the end."""
        text = self._held + piece
        cut = text.rfind("[", max(0, len(text) - _LONGEST))
        if cut < 0 or not _BEGUN.fullmatch(text, cut):
            cut = len(text)
        self._held = text[cut:]
        return self._placeholders.put_back(text[:cut], in_json=self._in_json)

    def end(self) -> str:
        """What was held back, when no more comes."""
        held, self._held = self._held, ""
        return held


def _canonical(kind: str, value: str) -> str:
    if kind == "phone":
        digits = "".join(char for char in value if char.isdecimal())
        if len(digits) >= 9:
            return digits[-9:]
    return "".join(char for char in value.casefold() if char.isalnum())
