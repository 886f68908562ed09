"""Which facts a quiz may be made from, in which order: topics by turns, pages by turns, the best fit first."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

from chatbot.errors import InvalidInput
from chatbot.knowledge.cards import Card
from chatbot.knowledge.search import CardSearch
from chatbot.knowledge.support import sentences
from chatbot.quizzes.item import Bloom
from chatbot.quizzes.making.cloze import facts_of_passage
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.hostile import is_not_a_fact
from chatbot.quizzes.making.order import QuizOrder
from chatbot.quizzes.making.template import bloom_of, fact_of_card

T = TypeVar("T")
MOST_FOUND = 20
"""Cards taken from a search for words that are no topic."""


def facts_of(order: QuizOrder, cards: Sequence[Card], search: CardSearch, chance: random.Random) -> list[Fact]:
    """The facts of an order, more than it needs where there are more. Raises InvalidInput when there is none."""
    facts = _of_cards(order, cards, search, chance) if order.from_cards else _of_passages(order)
    if not facts:
        raise InvalidInput("No sentence of the text can be asked about.", field="text",
                           remedy="Send whole sentences that state facts, in English or Swahili.")
    return facts


def topics_of(cards: Iterable[Card], stage: str) -> list[str]:
    """The topics that a stage's cards have, in alphabetical order."""
    return sorted({card.topic for card in cards if card.stage == stage})


def _of_cards(order: QuizOrder, cards: Sequence[Card], search: CardSearch, chance: random.Random) -> list[Fact]:
    stage = [card for card in cards if card.stage == order.stage and card.id not in order.used_cards]
    wanted = _on_topics(order, stage, search) if order.topic.strip() else stage
    if not wanted:
        raise InvalidInput("No fact card of this stage fits the topic.", field="topic",
                           remedy=f"Use one of: {', '.join(topics_of(cards, order.stage))}.")
    shuffled = chance.sample(wanted, len(wanted))
    facts = [fact_of_card(card, order.spoken) for card in _topics_by_turns(shuffled)]
    return sorted(facts, key=lambda fact: not _carries(fact, order.bloom))


def _on_topics(order: QuizOrder, cards: Sequence[Card], search: CardSearch) -> list[Card]:
    """The cards of the named topics; what is no topic is searched for."""
    found: dict[str, Card] = {}
    for name in filter(None, (part.strip() for part in order.topic.split(","))):
        slug = "-".join(name.casefold().replace("_", " ").split())
        named = [card for card in cards if card.topic == slug]
        if not named:
            hits = {one.card.id for one in search.find(name, order.spoken, order.stage, limit=MOST_FOUND)}
            named = [card for card in cards if card.id in hits]
        found |= {card.id: card for card in named}
    return list(found.values())


def _of_passages(order: QuizOrder) -> list[Fact]:
    passages = order.sources
    document = tuple(sentence for passage in passages for sentence in sentences(passage.text)
                     if not is_not_a_fact(sentence))
    by_passage = [list(facts_of_passage(passage, order.stage, order.topic, order.spoken, document))
                  for passage in passages]
    return _turns(by_passage)


def _carries(fact: Fact, bloom: Bloom | None) -> bool:
    """Whether the card's own question is of this level."""
    return bloom is None or fact.card is None or bloom_of(fact.card.wording(fact.language).question) == bloom


def _topics_by_turns(cards: Iterable[Card]) -> list[Card]:
    """One card of each topic, then a second of each, and so on."""
    topics: dict[str, list[Card]] = {}
    for card in cards:
        topics.setdefault(card.topic, []).append(card)
    return _turns(list(topics.values()))


def _turns(groups: Sequence[Sequence[T]]) -> list[T]:
    return [one for one in chain.from_iterable(zip_longest(*groups)) if one is not None]
