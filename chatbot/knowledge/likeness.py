"""How alike a question is to those that people are known to ask of each card.

A question is the set of its words, their first letters, neighbours and four-letter pieces, so that a misspelling or
another form still shares much. Two questions are as alike as the cosine of these sets weighted by rarity (tf-idf with
each feature counted once: Manning, Raghavan and Schuetze, *Introduction to Information Retrieval*, 2008, chapter 6). A
card is as like as its few most alike questions together. The questions are data; nothing is trained.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from chatbot.knowledge.asked import Asked
from chatbot.knowledge.words import words_of

NEIGHBOURS = 6
"""So many of a card's questions count."""
NEAREST = 200
"""So many questions are looked at in all."""
PIECE = 4
STEM = 5
"""So many first letters stand for a word's forms."""
LONGEST_WORD = 24
MAX_WORDS = 60
UNKNOWN = 0.5
"""What a feature that no question has counts, beside the rarest that one has."""


class Likeness:
    """An index of the questions that are asked, built once; reading it needs no lock."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._cards = [one.card for one in asked]
        holders: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        for number, one in enumerate(asked):
            for feature in features(one.text):
                holders[feature].append(number)
        self._holders = dict(holders)
        self._weights = {feature: math.log(len(asked) / len(held)) ** 2 for feature, held in holders.items()}
        self._unknown = UNKNOWN * math.log(max(len(asked), 2)) ** 2
        self._squares = self._of_each(self._holders)

    def cards(self, question: str) -> dict[str, float]:
        """Id of a card (or `NO_CARD`) -> how alike its questions are to this one: 0 to the root of `NEIGHBOURS`."""
        seen = features(question)
        length = self._length(seen)
        shared = self._of_each(seen & self._holders.keys())
        alike = ((total / (length * math.sqrt(self._squares[number])), number) for number, total in shared.items()
                 if total)
        squares: defaultdict[str, list[float]] = defaultdict(list)
        for cosine, number in heapq.nlargest(NEAREST, alike):
            squares[self._cards[number]].append(cosine ** 2)
        return {card: math.sqrt(sum(of_card[:NEIGHBOURS])) for card, of_card in squares.items()}

    def _of_each(self, seen: Iterable[str]) -> dict[int, float]:
        """Number of a question -> what the features that it has of `seen` weigh."""
        total: defaultdict[int, float] = defaultdict(float)
        for feature in seen:
            weight = self._weights[feature]
            for number in self._holders[feature]:
                total[number] += weight
        return dict(total)

    def _length(self, seen: Iterable[str]) -> float:
        return math.sqrt(sum(self._weights.get(feature, self._unknown) for feature in seen)) or 1.0


def features(question: str) -> frozenset[str]:
    """What two questions are compared by."""
    words = [word[:LONGEST_WORD] for word in words_of(question)[:MAX_WORDS]]
    return frozenset(_features(words))


def _features(words: list[str]) -> Iterator[str]:
    for word in words:
        yield f"word {word}"
        if len(word) > STEM:
            yield f"stem {word[:STEM]}"
        edged = f"<{word}>"
        for at in range(len(edged) - PIECE + 1):
            yield f"piece {edged[at:at + PIECE]}"
    for left, right in pairwise(["<", *words, ">"]):
        yield f"pair {left} {right}"
