"""The validity gate: an empty, HTML, truncated, looping or schema-breaking answer is a failed try, never an answer.

A gate sees the text of one try as it comes and says what of it may be shown now. `feed` and `end` raise
`BadAnswer` when the answer is no good; `Withheld` ends an answer early and keeps what was shown.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from chatbot.errors import EmptyAnswer, Filtered, Looping, NotText, SchemaBroken, Truncated
from chatbot.providers.interface import FinishReason

_HTML_STARTS = ("<!doctype", "<html", "<head", "<body", "<?xml")
HELD_BACK = 24
"""Characters kept back until we know that an answer does not begin like a web page."""
TAIL, REPEATS = 240, 4
"""An answer loops when its last 240 characters are 4 or more copies of one piece."""
LOOK_EVERY = 80
"""Characters between two looks for a loop."""


class Withheld(Exception):
    """The rest of an answer is not shown."""


class Gate(ABC):
    """Judges the text of one try. Override `feed` and `end`."""

    @abstractmethod
    def feed(self, text: str) -> str:
        """Take the next piece; return what may be shown now (possibly nothing yet). Raises BadAnswer, Withheld."""

    @abstractmethod
    def end(self, finish_reason: FinishReason | None) -> str:
        """The answer is over; return what may still be shown. Raises BadAnswer."""


class TextGate(Gate):
    """For free text: shows it as it comes, once it is sure not to be a web page."""

    def __init__(self) -> None:
        self._text = ""
        self._shown = 0
        self._looked = 0

    def feed(self, text: str) -> str:
        self._text += text
        if len(self._text) - self._looked >= LOOK_EVERY:
            self._looked = len(self._text)
            if is_looping(self._text):
                raise Looping("the answer repeats itself")
        return self._release() if len(self._text.lstrip()) >= HELD_BACK else ""

    def end(self, finish_reason: FinishReason | None) -> str:
        judge(self._text, finish_reason)
        return self._release()

    def _release(self) -> str:
        if not self._shown and is_html(self._text):
            raise NotText("the answer is a web page, not text")
        fresh, self._shown = self._text[self._shown:], len(self._text)
        return fresh


class WholeGate(Gate):
    """Shows all of an answer at its end, or nothing: `check` raises SchemaBroken for one that is of no use."""

    def __init__(self, check: Callable[[str], object]) -> None:
        self._check = check
        self._text = ""

    def feed(self, text: str) -> str:
        self._text += text
        return ""

    def end(self, finish_reason: FinishReason | None) -> str:
        judge(self._text, finish_reason)
        if finish_reason == "length":
            raise SchemaBroken("the JSON was cut at the token limit")
        self._check(self._text)
        return self._text


class JsonGate(WholeGate):
    """For an answer that must satisfy a JSON Schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(lambda text: check_schema(text, schema))


def judge(text: str, finish_reason: FinishReason | None) -> None:
    """Raise the BadAnswer that a whole answer deserves, if any. Source: faults.md F12, F16, F18, F23."""
    if finish_reason == "content_filter":
        raise Filtered("the provider's content filter stopped the answer")
    if finish_reason is None:
        raise Truncated("the answer was cut off")
    if not text.strip():
        raise EmptyAnswer("the answer was empty")
    if is_html(text):
        raise NotText("the answer is a web page, not text")
    if is_looping(text):
        raise Looping("the answer repeats itself")


def is_html(text: str) -> bool:
    return text.lstrip()[:16].lower().startswith(_HTML_STARTS)


def is_looping(text: str) -> bool:
    """Whether the end of `text` is one piece over and over (smallest period, by Knuth-Morris-Pratt's failure table)."""
    tail = text[-TAIL:]
    if len(tail) < TAIL:
        return False
    failure = [0] * len(tail)
    matched = 0
    for index in range(1, len(tail)):
        while matched and tail[index] != tail[matched]:
            matched = failure[matched - 1]
        if tail[index] == tail[matched]:
            matched += 1
        failure[index] = matched
    period = len(tail) - failure[-1]
    return period * REPEATS <= len(tail)


def check_schema(text: str, schema: dict[str, Any]) -> None:
    """Raise SchemaBroken unless `text` is JSON that satisfies `schema`."""
    import jsonschema

    try:
        jsonschema.validate(json.loads(text), schema)
    except json.JSONDecodeError as error:
        raise SchemaBroken("the answer is not JSON") from error
    except jsonschema.ValidationError as error:
        where = "/".join(str(part) for part in error.absolute_path) or "the top"
        raise SchemaBroken(f"the JSON breaks its schema at {where}") from error
