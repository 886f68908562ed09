"""How well the support check tells what a card says from what it does not.

`python -m tests.chatbot.knowledge.score_support` plays tests/data/knowledge/claims.toml, each sentence against its own
card's text alone, and counts for each half the unsupported sentences that were accepted (by kind: figures, negation,
drugs and places must never be) and the true paraphrases that were turned away (each costs a fallback to the card's own
words, no more).
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.knowledge.cards import Language, all_cards
from chatbot.knowledge.support import Passages

CLAIMS = Path(__file__).parents[2] / "data" / "knowledge" / "claims.toml"
HALVES = ("dev", "frozen")
NEVER = frozenset({"number", "unit", "swap", "dose", "negation", "drug", "place"})
"""Kinds of which not one may be accepted."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence and whether its card says so."""

    half: str
    language: Language
    card: str
    supported: bool
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """What the check got wrong."""

    accepted: tuple[Claim, ...]
    """Unsupported, yet accepted."""
    turned_away: tuple[Claim, ...]
    """Supported, yet turned away."""
    unsupported: int
    supported: int


def claims(path: Path = CLAIMS) -> tuple[Claim, ...]:
    """The whole set, in the order it was written."""
    return tuple(Claim(**one) for one in tomllib.loads(path.read_text(encoding="utf-8"))["claim"])


def score(judged: Sequence[Claim]) -> Score:
    """Plays every claim against its card."""
    cards = {card.id: card for card in all_cards()}
    said = {one: Passages([cards[one.card].wording(one.language).text]).support(one.text) for one in judged}
    return Score(tuple(one for one in judged if said[one] and not one.supported),
                 tuple(one for one in judged if not said[one] and one.supported),
                 sum(not one.supported for one in judged), sum(one.supported for one in judged))


def main(show: str) -> None:
    """Print one line a half, and the mistakes of the half named `show`."""
    for half in HALVES:
        got = score([one for one in claims() if one.half == half])
        sys.stdout.write(f"{half:<7} accepted though unsupported {len(got.accepted)} of {got.unsupported}, "
                         f"of them figures, negation, drug, place {sum(one.kind in NEVER for one in got.accepted)}; "
                         f"turned away though supported {len(got.turned_away)} of {got.supported}\n")
        for one in (*got.accepted, *got.turned_away) if half == show else ():
            sys.stdout.write(f"    {one.kind:<10} {one.card}: {one.text}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "dev")
