"""Every finder, in the order in which they win, and the one pass that asks them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from chatbot.privacy.redaction.addresses import emails, handles, ips, links
from chatbot.privacy.redaction.codes import accounts, numbers, positions, secrets
from chatbot.privacy.redaction.dates import dates
from chatbot.privacy.redaction.documents import documents
from chatbot.privacy.redaction.names import names
from chatbot.privacy.redaction.phones import phones
from chatbot.privacy.redaction.places import places
from chatbot.privacy.redaction.reading import Found, Reading

Finder = Callable[[Reading], Iterator[Found]]
FINDERS: tuple[Finder, ...] = (
    links, emails, secrets, documents, accounts, positions, dates, ips, phones, handles, numbers, names, places)
"""To add a kind: a row in `kinds.KINDS`, and a finder here."""


def find(reading: Reading, finders: Iterable[Finder] = FINDERS) -> list[Found]:
    """What must not leave, in the order of the text; nothing overlaps."""
    taken = bytearray(len(reading.text))
    kept: list[Found] = []
    for finder in finders:
        for found in finder(reading):
            if found.start < found.end and taken.find(1, found.start, found.end) < 0:
                taken[found.start:found.end] = b"\1" * (found.end - found.start)
                kept.append(found)
    return sorted(kept)
