"""The questions people ask, each with the card that answers it: what the search likens a new question to.

One line a question in `asked/<stage>.txt`: `card-id|language|question`, the language being `en`, `sw` or `mix`. Those
in `asked/outside.txt` are answered by no card and carry `none`. Written one by one for this system, by a language model
that had seen the cards and nothing of the search or of its measuring sets; no mother's message is among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from chatbot.knowledge.cards import all_cards

ASKED_FOLDER = Path(__file__).parent / "asked"
NO_CARD = "none"
LANGUAGES = ("en", "sw", "mix")


class Asked(NamedTuple):
    """One question, and the id of the card that answers it, or `NO_CARD`."""

    card: str
    language: str
    text: str


def read_asked(cards: Iterable[str], folder: Path = ASKED_FOLDER) -> tuple[Asked, ...]:
    """The questions of a folder on the cards with these ids. Raises ValueError naming the line at fault."""
    known = {*cards, NO_CARD}
    return tuple(_question(line, known, f"{path.name}:{number}") for path in sorted(folder.glob("*.txt"))
                 for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1))


def _question(line: str, known: set[str], place: str) -> Asked:
    fields = line.split("|")
    if len(fields) != 3 or not fields[2].strip():
        raise ValueError(f"{place}: not `card-id|language|question`: {line!r}")
    if fields[0] not in known:
        raise ValueError(f"{place}: no card is called {fields[0]!r}")
    if fields[1] not in LANGUAGES:
        raise ValueError(f"{place}: the language is one of {', '.join(LANGUAGES)}, not {fields[1]!r}")
    return Asked(*fields)


@cache
def all_asked() -> tuple[Asked, ...]:
    """The questions that ship with the system, read once."""
    return read_asked(card.id for card in all_cards())
