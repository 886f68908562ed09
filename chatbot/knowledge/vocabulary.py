"""How much of what a question says a card knows at all: the share of its words, by rarity, that are said with the card.

Two questions can be alike and ask of different things ("is prostate cancer painful", "is the implant painful"). A card
whose text, keywords and questions hold neither "prostate" nor "cancer" does not answer, however alike they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from chatbot.knowledge.swahili_roots import swahili_root
from chatbot.knowledge.words import content_words, words_of

STEM = 5
"""So many first letters stand for an English word's forms."""


class Vocabulary:
    """The words said with each card, built once from `texts`: for each card, everything that is said with it."""

    def __init__(self, texts: Sequence[Iterable[str]]) -> None:
        self._known = [frozenset(form for text in of_card for word in words_of(text) for form in _forms(word))
                       for of_card in texts]
        self._held_by = Counter(form for known in self._known for form in known)

    def weights(self, question: str) -> tuple[tuple[frozenset[str], float], ...]:
        """Each content word of a question, as its forms, with its rarity in nats; numbers say when, not what."""
        words = (word for word in content_words(question) if not word.isdigit())
        return tuple((forms, min(map(self._rarity, forms))) for forms in map(_forms, words))

    def share(self, weights: Sequence[tuple[frozenset[str], float]], card: int) -> float:
        """0 to 1: the share of `weights` that the card of this number knows; 0 when there is none."""
        known = self._known[card]
        whole = sum(rarity for _, rarity in weights)
        return sum(rarity for forms, rarity in weights if forms & known) / whole if whole else 0.0

    def _rarity(self, form: str) -> float:
        return math.log((len(self._known) + 1) / (self._held_by[form] + 0.5))


@lru_cache(maxsize=1 << 15)
def _forms(word: str) -> frozenset[str]:
    """The word, its first letters and its Swahili root: any of them makes two words the same."""
    return frozenset((word, f"{word[:STEM]}-" if len(word) > STEM else word, f"-{swahili_root(word)}"))
