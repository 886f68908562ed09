"""Which cards answer a question, or none: by its words in the cards, and by its likeness to what people ask of each.

The full-text search (`word_search.py`) finds what is written; the likeness (`likeness.py`) finds the card on twins for
"two babies inside", and knows what no card answers. A card counts for what both say of it together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from chatbot.knowledge.asked import NO_CARD, Asked, all_asked
from chatbot.knowledge.cards import Card, Language, all_cards
from chatbot.knowledge.likeness import Likeness
from chatbot.knowledge.vocabulary import Vocabulary
from chatbot.knowledge.word_search import WordSearch

# Measured on the `dev` halves of tests/data/knowledge: `python -m tests.chatbot.knowledge.score`.
LEAST_LIKENESS, LEAST_KNOWN = 0.35, 0.5
"""What a card must reach that the full-text search does not find: likeness, and the share of the words it knows."""
BY_WORDS = 0.2
"""What the full-text search's score counts, beside the likeness."""
OUTSIDE = 1.2
"""What likeness to questions that no card answers counts, beside likeness to those that one does."""
STAGE_BOOST = 0.15


@dataclass(frozen=True)
class Passage:
    """A card that answers, in the language to answer in."""

    card: Card
    language: Language
    score: float
    """Likeness to what is asked of the card (0 to 2.5) and a fifth of what the full-text search says (0 to 0.3)."""


class CardSearch:
    """An index of cards and of the questions they answer, built once and shared by threads."""

    def __init__(self, cards: tuple[Card, ...], asked: Sequence[Asked] = ()) -> None:
        self._cards = cards
        self._words = WordSearch(cards)
        said = {card.id: list(_said(card)) for card in cards}
        for one in asked:
            said.get(one.card, []).append(one.text)
        own = [Asked(card, "", text) for card, texts in said.items() for text in texts]
        self._likeness = Likeness([*own, *(one for one in asked if one.card == NO_CARD)])
        self._vocabulary = Vocabulary([[card.en.text, card.sw.text, *said[card.id]] for card in cards])

    def find(self, question: str, language: Language, stage: str | None, limit: int = 3) -> tuple[Passage, ...]:
        """The cards that answer `question`, best first; empty when nothing in the cards fits it.

        `stage` lifts its own cards but hides no other.
        """
        by_words = self._words.find(question)
        alike = self._likeness.cards(question)
        scores = {
            number: alike.get(card.id, 0.0) + BY_WORDS * by_words.get(number, 0.0) + STAGE_BOOST * (card.stage == stage)
            for number, card in self._likely(question, by_words, alike)
        }
        if max(scores.values(), default=0.0) < OUTSIDE * alike.get(NO_CARD, 0.0):
            return ()
        order = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
        return tuple(Passage(self._cards[number], language, round(scores[number], 4)) for number in order)

    def _likely(self, question: str, by_words: Mapping[int, float],
                alike: Mapping[str, float]) -> Iterator[tuple[int, Card]]:
        """The cards that may answer, with their numbers."""
        weights = self._vocabulary.weights(question)
        for number, card in enumerate(self._cards):
            if number in by_words or (alike.get(card.id, 0.0) >= LEAST_LIKENESS
                                      and self._vocabulary.share(weights, number) >= LEAST_KNOWN):
                yield number, card


@cache
def card_search() -> CardSearch:
    """The search over the cards and questions that ship with the system, built once."""
    return CardSearch(all_cards(), all_asked())


def _said(card: Card) -> Iterator[str]:
    """A card's own questions, titles and keywords: people ask with them too."""
    for wording in (card.en, card.sw):
        yield from (wording.question, wording.title)
    yield from card.keywords
