"""Flaws that no single item has: what the items of one quiz do to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from chatbot.quizzes.item import Item
from chatbot.quizzes.lint.meaning import missing, shared, words
from chatbot.quizzes.lint.rule import Flaw
from chatbot.quizzes.stems import NEAR, alike, stem_key

FEWEST_ITEMS = 5
MOST_KEY_SHARE, MOST_TOPIC_SHARE = 0.45, 0.6


def unbalanced_keys(items: Sequence[Item], topics: Collection[str]) -> Iterator[Flaw]:
    places = Counter(item.keys[0] for item in items if len(item.keys) == 1)
    if len(items) >= FEWEST_ITEMS and places:
        place, count = places.most_common(1)[0]
        if count > MOST_KEY_SHARE * len(items):
            yield Flaw("keys", f"{chr(65 + place % 26)}: {count}/{len(items)}")


def topics_missing(items: Sequence[Item], topics: Collection[str]) -> Iterator[Flaw]:
    absent = sorted(set(topics) - {item.topic for item in items})
    if absent:
        yield Flaw("", ", ".join(absent))


def topic_too_big(items: Sequence[Item], topics: Collection[str]) -> Iterator[Flaw]:
    """In a quiz of several topics."""
    counts = Counter(item.topic for item in items)
    if len(items) >= FEWEST_ITEMS and len(counts) > 1:
        topic, count = counts.most_common(1)[0]
        if topic and count > MOST_TOPIC_SHARE * len(items):
            yield Flaw("", f"{topic}: {count}/{len(items)}")


def repeated_stem(items: Sequence[Item], topics: Collection[str]) -> Iterator[Flaw]:
    first: dict[str, int] = {}
    for place, item in enumerate(items):
        key = stem_key(item.stem)
        if key and key in first:
            yield Flaw(f"items.{place}", f"{first[key] + 1} = {place + 1}")
        first.setdefault(key, place)


def similar_stems(items: Sequence[Item], topics: Collection[str]) -> Iterator[Flaw]:
    for (here, one), (there, other) in combinations(enumerate(items), 2):
        is_repeated = stem_key(one.stem) == stem_key(other.stem)
        if one.language == other.language and not is_repeated and alike(one.stem, other.stem) >= NEAR:
            yield Flaw(f"items.{there}", f"{here + 1} ~ {there + 1}")


def answer_given_away(items: Sequence[Item], topics: Collection[str]) -> Iterator[Flaw]:
    """A stem that says another item's whole key, in the words of that item's own stem."""
    for here, one in enumerate(items):
        if len(one.keys) != 1 or not 0 <= one.keys[0] < len(one.options):
            continue
        key, asked = words(one.key), words(one.stem)
        about = missing(asked, key)
        for there, other in enumerate(items):
            told = words(other.stem)
            if here != there and key and not missing(key, told) and 2 * shared(about, told) >= max(len(about), 2):
                yield Flaw(f"items.{there}", f"{there + 1} → {here + 1}")
