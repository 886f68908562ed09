"""The last look before a byte leaves: is a phone number, an e-mail address, an ID or a KRA PIN still in there?

It looks with its own, simpler patterns, at every text of the request (also a schema's keys and the stop texts), so that
a mistake in the redaction does not go unnoticed. What it finds stops the request; nothing is mended here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chatbot.alerts import alert
from chatbot.errors import NotAllowed
from chatbot.providers.interface import ChatRequest

_FORMS: dict[str, re.Pattern[str]] = {
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w"),
    "phone": re.compile(r"(?<!\d)(?:\+?25[456][ .()/-]{0,2}0?|0)[1-7](?:[ .()/-]{0,2}\d){8}(?!\d)"),
    "tax_pin": re.compile(r"(?<![A-Za-z0-9])[AP]\d{9}[A-Z](?![A-Za-z0-9])", re.IGNORECASE),
    "id": re.compile(r"\b(?:ID|id|Id|kitambulisho|passport)\b[\w\s:.#-]{0,24}?(?<!\d)\d{7,9}(?!\d)"),
}


class IdentifierLeft(NotAllowed):
    code = "identifier_left"
    title = "An identifier was still in the text, so it did not leave this machine"


def look_once_more(request: ChatRequest, provider: str) -> None:
    """Raise IdentifierLeft, and an alert that names the kind and no word, when one is found."""
    found = sorted({kind for text in texts_of(request) for kind, form in _FORMS.items() if form.search(text)})
    if found:
        alert("identifier_left", provider, kinds=", ".join(found))
        raise IdentifierLeft(f"What looks like an identifier ({', '.join(found)}) was still in the text.")


def texts_of(request: ChatRequest) -> Iterator[str]:
    """Every text of a request that would leave."""
    for message in request.messages:
        yield message.content
    yield from request.stop
    yield from _texts(request.schema)


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for name, value in part.items():
            yield str(name)
            yield from _texts(value)
    elif isinstance(part, list):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield str(part)
