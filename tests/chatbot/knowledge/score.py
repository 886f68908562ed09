"""How well the search finds the cards: `python -m tests.chatbot.knowledge.score`.

Plays the two sets of tests/data/knowledge, `questions.toml` and `short_questions.toml` (each written before the search
was tried on it), and counts, for each half and for English and Swahili with code-mix: hit@1 and hit@3 over the
questions that some card answers, and the wrong-card rate over those that none does, which must be told "not in my
sources".
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from chatbot.knowledge.cards import Language
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.search import CardSearch, card_search

SETS = ("questions", "short_questions")
FOLDER = Path(__file__).parents[2] / "data" / "knowledge"
HALVES = ("dev", "frozen")
LANGUAGES: tuple[Language, ...] = ("en", "sw")
IN_THREE: dict[Language, float] = {"en": 0.90, "sw": 0.80}
"""Floors of hit@3."""
WRONG_CARD = 0.15
"""Ceiling of the share of unanswerable questions that get a card."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and the ids of the cards that answer it; none when no card does."""

    half: str
    language: Language
    """What it is counted as: `sw` also for code-mix."""
    text: str
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Shares from 0 to 1, with the counts they rest on."""

    answerable: int
    first: float
    in_three: float
    outside: int
    wrong_card: float
    misses: tuple[str, ...]


def questions(of: str) -> tuple[Asked, ...]:
    """The whole set of this name, in the order it was written."""
    tables = tomllib.loads((FOLDER / f"{of}.toml").read_text(encoding="utf-8"))["question"]
    return tuple(Asked(one["half"], "en" if one["language"] == "en" else "sw", one["text"], tuple(one["cards"]))
                 for one in tables)


def found_ids(search: CardSearch, asked: Asked) -> tuple[str, ...]:
    """What the chat would find: no stage, the language as it is detected."""
    return tuple(one.card.id for one in search.find(asked.text, detect_language(asked.text), None))


def score(search: CardSearch, asked: Sequence[Asked]) -> Score:
    """The shares over `asked`, which must hold questions of both kinds."""
    found = {one: found_ids(search, one) for one in asked}
    inside = [one for one in asked if one.cards]
    outside = [one for one in asked if not one.cards]
    first = sum(found[one][0] in one.cards for one in inside if found[one])
    lost = [one for one in inside if not set(found[one]) & set(one.cards)]
    wrong = [one for one in outside if found[one]]
    return Score(len(inside), first / len(inside), 1 - len(lost) / len(inside), len(outside),
                 len(wrong) / len(outside),
                 tuple(f"{one.text!r} wants {' or '.join(one.cards) or 'nothing'}, gets "
                       f"{', '.join(found[one]) or 'nothing'}" for one in [*lost, *wrong]))


def main(show: str) -> None:
    """Print one line a half and language, and the misses of the half named `show`."""
    search = card_search()
    for of, half, language in product(SETS, HALVES, LANGUAGES):
        got = score(search, [one for one in questions(of) if (one.half, one.language) == (half, language)])
        sys.stdout.write(f"{of:<16}{half:<7}{language}  hit@1 {got.first:.3f}  hit@3 {got.in_three:.3f} of "
                         f"{got.answerable}   wrong card {got.wrong_card:.3f} of {got.outside}\n")
        for miss in got.misses if half == show else ():
            sys.stdout.write(f"    {miss}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "dev")
