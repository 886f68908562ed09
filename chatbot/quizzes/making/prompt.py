"""What a model is told when it writes items: the rules, one example, one fact. The words are in prompts.toml.

The fact is fenced and said to be data; a fence inside it is taken out, so that a document cannot close it.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.knowledge.cards import Card, all_cards
from chatbot.knowledge.turn_tokens import broken_up
from chatbot.providers.interface import Message
from chatbot.quizzes.item import Bloom, Difficulty
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.schema import CANDIDATES

OPEN, CLOSE = "=====BEGIN SOURCE=====", "=====END SOURCE====="


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("prompts.toml").read_text(encoding="utf-8"))


def item_messages(fact: Fact, distractors: int, bloom: Bloom | None,
                  difficulty: Difficulty | None) -> tuple[Message, ...]:
    """The turns that ask for items on one fact."""
    words = _words()
    level = " ".join(words[name][wish] for name, wish in (("bloom", bloom), ("difficulty", difficulty)) if wish)
    system = words["system"].format(
        open=OPEN, close=CLOSE, candidates=CANDIDATES, language=words["languages"][fact.language], level=level,
        distractors=distractors).strip()
    example = _example(fact)
    wording = example.wording(fact.language)
    shown = {"items": [{"stem": wording.question, "key": wording.key,
                        "distractors": list(wording.misconceptions[:distractors])}]}
    return (Message("system", system), Message("user", _fenced(wording.text)),
            Message("assistant", json.dumps(shown, ensure_ascii=False)), Message("user", _fenced(fact.text)))


def _example(fact: Fact) -> Card:
    """A card that is not the one to ask about."""
    wanted = [name for name in _words()["example"]["cards"] if fact.card is None or fact.card.id != name]
    return next(card for card in all_cards() if card.id == wanted[0])


def _fenced(source: str) -> str:
    for fence in (OPEN, CLOSE, "====="):
        source = source.replace(fence, " ")
    return str(_words()["user"]).format(open=OPEN, close=CLOSE, source=broken_up(source)).strip()
