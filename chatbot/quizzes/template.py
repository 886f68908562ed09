"""Quiz items made from cards alone: the card's stem, its key, its misconceptions; no model writes a word.

Keys are spread evenly over the positions: each run of four items has the key once in each place.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.knowledge.cards import Card, Language


@dataclass(frozen=True, slots=True)
class Item:
    """One question with one right answer."""

    card_id: str
    stem: str
    options: tuple[str, ...]
    answer_index: int
    rationale: str
    """The card's own text, which holds the key word for word."""
    url: str

    @property
    def key(self) -> str:
        return self.options[self.answer_index]


def items_from_cards(cards: Sequence[Card], count: int, language: Language = "en",
                     seed: int | None = None) -> tuple[Item, ...]:
    """Up to `count` items from distinct cards, in random order (repeatable with `seed`)."""
    chance = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
    chosen = chance.sample(list(cards), min(count, len(cards)))
    places: list[int] = []
    items = []
    for card in chosen:
        places = places or chance.sample(range(4), 4)
        items.append(_item(card, language, places.pop(), chance))
    return tuple(items)


def _item(card: Card, language: Language, place: int, chance: random.Random) -> Item:
    wording = card.wording(language)
    options = chance.sample(wording.misconceptions, len(wording.misconceptions))
    place = min(place, len(options))
    options.insert(place, wording.key)
    return Item(card.id, wording.question, tuple(options), place, wording.text, str(card.source.url))


def legacy_question(item: Item) -> dict[str, object]:
    """The shape that installed clients read: `{question, options, answer, correctReason, incorrectReason}`."""
    return {"question": item.stem, "options": list(item.options), "answer": item.key,
            "correctReason": f"Correct. {item.rationale}",
            "incorrectReason": f"Not quite. The answer is: {item.key}. {item.rationale}"}
