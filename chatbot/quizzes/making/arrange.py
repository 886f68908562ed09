"""The order of an item's options: numbers ascend, everything else is shuffled, and keys spread over the places.

Ascending numbers are what Haladyna, Downing and Rodriguez (2002, guideline 20) ask for; it wins over the spread. The
other items make up for it: each takes the place that has held the fewest keys so far.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from chatbot.quizzes.making.quantity import quantity_of


class Places:
    """Where the keys of one quiz stand. `seed` makes it repeatable."""

    def __init__(self, seed: int | None = None) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
        self._held: Counter[int] = Counter()

    def arrange(self, key: str, distractors: Sequence[str]) -> tuple[tuple[str, ...], int]:
        """The options in order, and the key's place. Call `keep` when the item is used."""
        if ordered := ascending((key, *distractors)):
            return ordered, ordered.index(key)
        options = self._chance.sample(list(distractors), len(distractors))
        place = self._rarest(len(distractors) + 1)
        options.insert(place, key)
        return tuple(options), place

    def keep(self, place: int) -> None:
        """An item whose key is at `place` went into the quiz."""
        self._held[place] += 1

    def _rarest(self, places: int) -> int:
        fewest = min(self._held[place] for place in range(places))
        return self._chance.choice([place for place in range(places) if self._held[place] == fewest])


def ascending(options: Sequence[str]) -> tuple[str, ...] | None:
    """The options from the least to the most, when each is one quantity of the same kind; else None."""
    read = [(quantity_of(option), option) for option in options]
    kinds = {quantity.kind if quantity else "" for quantity, _ in read}
    if "" in kinds or len(kinds) > 1:
        return None
    return tuple(option for _, option in sorted(read, key=lambda one: one[0].size if one[0] else (0.0, 0.0)))
