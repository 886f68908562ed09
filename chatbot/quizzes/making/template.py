"""Items made without any model: a card's own question, key and misconceptions. They cost nothing and take no time.

The card's words were written to be a quiz item, so this is the floor that every quiz stands on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from chatbot.knowledge.cards import Card, Language
from chatbot.quizzes.item import Bloom, Item, MadeBy
from chatbot.quizzes.making.arrange import Places
from chatbot.quizzes.making.distractors import nearest, siblings
from chatbot.quizzes.making.draft import Draft
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.quantity import quantities

_WHY = ("why ", "kwa nini ", "kwa sababu gani ")


def items_from_cards(cards: Sequence[Card], count: int, language: Language = "en", *, options: int = 4,
                     seed: int | None = None) -> tuple[Item, ...]:
    """Up to `count` items from distinct cards, in random order (repeatable with `seed`)."""
    chosen = random.Random(seed).sample(list(cards), min(count, len(cards)))  # noqa: S311 - a shuffle, not a secret
    places = Places(seed)
    return tuple(_item(fact_of_card(card, language), options, places) for card in chosen)


def _item(fact: Fact, options: int, places: Places) -> Item:
    item = draft_of_card(fact, options).item(fact, places, MadeBy(path="template"))
    places.keep(item.answer_index)
    return item


def fact_of_card(card: Card, language: Language) -> Fact:
    """The card's fact in one of its two languages."""
    return Fact(card.wording(language).text, language, card.stage, card.topic, card=card)


def draft_of_card(fact: Fact, options: int) -> Draft:
    """The card's own item with so many options. The fact must come from a card."""
    assert fact.card is not None
    wording = fact.card.wording(fact.language)
    wanted = options - 1
    wrong = nearest(wording.key, wording.misconceptions, wanted)
    if len(wrong) < wanted:
        wrong += siblings(fact, wording.key)[:wanted - len(wrong)]
    return Draft(wording.question, wording.key, wrong, bloom=bloom_of(wording.question),
                 difficulty="medium" if quantities(wording.key) else "easy")


def bloom_of(stem: str) -> Bloom:
    """A question after a reason asks to understand; any other asks to remember."""
    return "understand" if stem.casefold().startswith(_WHY) else "remember"


def legacy_question(item: Item) -> dict[str, object]:
    """The shape that installed clients read: `{question, options, answer, correctReason, incorrectReason}`."""
    quote = item.evidence.quote
    right, wrong, answer = ("Sahihi.", "Sivyo.", "Jibu ni") if item.language == "sw" else (
        "Correct.", "Not quite.", "The answer is")
    return {"question": item.stem, "options": list(item.options), "answer": item.key,
            "correctReason": f"{right} {quote}", "incorrectReason": f"{wrong} {answer}: {item.key}. {quote}"}
