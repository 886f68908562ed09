"""Takes identifiers out of text before it may leave the machine: phone numbers, e-mail addresses, document numbers.

Each is replaced by a placeholder of its class, so that the sentence still reads. When in doubt a long run
of digits goes: no health fact needs seven digits in a row.
"""

from __future__ import annotations

import re
from dataclasses import replace

from chatbot.providers.interface import ChatRequest

_CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("[email]", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")),
    # KRA PIN: a letter, nine digits, a letter (kra.go.ke).
    ("[id]", re.compile(r"\b[A-Z]\d{9}[A-Z]\b", re.IGNORECASE)),
    # Coordinates with four or more decimals: better than 11 m.
    ("[place]", re.compile(r"-?\b\d{1,3}\.\d{4,}\s*,\s*-?\d{1,3}\.\d{4,}")),
    # Phone and document numbers: seven digits or more, however they are spaced.
    ("[number]", re.compile(r"\+?\d(?:[ \u00a0().-]{0,2}\d){6,}")),
)


def redact_text(text: str) -> str:
    """`text` with its identifiers replaced by placeholders."""
    for placeholder, pattern in _CLASSES:
        text = pattern.sub(placeholder, text)
    return text


def redact(request: ChatRequest) -> ChatRequest:
    """The request with the text of every turn redacted. Pictures are untouched: `permit.py` says which may leave."""
    return replace(request, messages=tuple(
        replace(message, content=redact_text(message.content)) for message in request.messages))
