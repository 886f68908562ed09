"""A second pair of eyes: two linear votes over words, letters and concepts, learned from our own written examples.

The danger vote may raise what the rules left at `none` or `soon` to `urgent`, and what a doubtful rule left at `soon`
to that rule's tier (`patterns.py`). The emergency vote may then raise what is `urgent` to `emergency`; it learned from
grave messages alone, so nothing else is shown to it. Neither ever lowers anything. The weights are data
(`vote.json`, written by `python -m training.danger_votes`); reading them and voting needs the standard library only.

A feature is a short text (`w:bleeding`, `c:!move`, `g:blee`), filed under its CRC-32 modulo the number of weights
(the hashing trick, Weinberger 2009, https://arxiv.org/abs/0902.2206). The score is the logistic regression's
log-odds: 0 is "as likely as not".
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

from chatbot.safety.words.reading import Mention, Reading

LEARNED_VOTE, LEARNED_EMERGENCY = "learned-vote", "learned-emergency"
"""The names under which a rule of a sign asks for the danger vote and for the emergency vote."""
WEIGHTS_FILE = Path(__file__).parent / "vote.json"
WEIGHTS = 1 << 20
"""More than the training messages have features, so that few share a weight; most stay 0."""
SHORTEST_GRAM, LONGEST_GRAM = 3, 5
WINDOW, STEP = 48, 24
"""Tokens judged together, and how far apart two windows begin: a long message is as grave as its gravest part."""
LONGEST_WORD = 24
STEM = 5
"""So many first letters stand for a word's forms: `bleed`, `bleeds`, `bleeding`."""
REACH_OF_NO = 4
_NO = frozenset({"no", "not", "none", "without", "never", "dont", "doesnt", "didnt", "isnt", "sina", "hana", "hakuna",
                 "hamna", "si", "bila"})
_NO_LONGER = frozenset({",", "but", "lakini", "ila"})


@dataclass(frozen=True, slots=True)
class Vote:
    """The learned weights, and the score from which they raise a message."""

    bias: float
    threshold: float
    scale: float
    """What one step of a weight is worth: the weights are kept as -127 to 127."""
    weights: bytes
    """`WEIGHTS` signed bytes."""
    agreement: float = -0.5
    """The score from which it agrees with a doubtful rule: below it, most such messages are calm."""
    fewest_words: int = 1
    """With fewer a message raises nothing."""

    def score(self, seen: Evidence) -> float:
        """The log-odds of the graver kind, of the gravest part of a message; minus infinity for one without words."""
        return max(map(self._score, seen.windows), default=-math.inf)

    def _score(self, places: list[int]) -> float:
        total = 0
        for place in places:
            weight = self.weights[place]
            total += weight - 256 if weight > 127 else weight
        return self.bias + self.scale * total / math.sqrt(len(places))

    def agrees(self, seen: Evidence) -> bool:
        """Whether the message, or one sentence of it, may well be as grave as a doubtful rule says."""
        return self.gravest_sentence(seen) >= self.agreement

    def gravest_sentence(self, seen: Evidence) -> float:
        """The score of the message, or of the gravest of its sentences if that is higher."""
        return max([self.score(seen), *map(self._score, seen.sentences)])

    def raises(self, seen: Evidence) -> bool:
        """Whether the message is graver than the rules say."""
        return seen.words >= self.fewest_words and self.score(seen) >= self.threshold


@dataclass(frozen=True)
class Evidence:
    """What the votes see of a message: the places of its features. Made once for both votes, and only when one asks."""

    reading: Reading

    @property
    def words(self) -> int:
        return sum(token.isalpha() for token in self.reading.tokens)

    @cached_property
    def windows(self) -> list[list[int]]:
        """Of each window that has words."""
        starts = range(0, max(1, len(self.reading.tokens) - (WINDOW - STEP)), STEP)
        return self._places((start, start + WINDOW) for start in starts)

    @cached_property
    def sentences(self) -> list[list[int]]:
        """Of each sentence that has words."""
        return self._places(self.reading.sentences)

    def _places(self, of: Iterable[tuple[int, int]]) -> list[list[int]]:
        found = (set(features(self.reading.tokens[start:end], self.reading.between(start, end))) for start, end in of)
        return [[place_of(feature) for feature in one] for one in found if one]


def place_of(feature: str) -> int:
    """Which weight is a feature's."""
    return zlib.crc32(feature.encode()) % WEIGHTS


def features(tokens: list[str], mentions: Iterable[Mention]) -> Iterator[str]:
    """Words, their pieces, neighbours, what follows a "no", concepts and pairs of concepts."""
    words = [token[:LONGEST_WORD] for token in tokens if token.isalpha()]
    for word in words:
        yield f"w:{word}"
        edged = f"<{word}>"
        for size in range(SHORTEST_GRAM, LONGEST_GRAM + 1):
            for start in range(len(edged) - size + 1):
                yield f"g:{edged[start : start + size]}"
    for one, other in pairwise(words):
        yield f"p:{one} {other}"
    stems = [word[:STEM] for word in words]
    for one, other in pairwise(stems):
        yield f"q:{one} {other}"
    for one, other in zip(stems, stems[2:], strict=False):
        yield f"k:{one} {other}"
    for denied in _denied(tokens):
        yield f"n:{denied[:STEM]}"
    named = sorted({_named(mention) for mention in mentions})
    for name in named:
        yield f"c:{name}"
    meant = [name for name in named if not name.startswith("frame ")]
    for at, name in enumerate(meant):
        for other in meant[at + 1 : at + 12]:
            yield f"d:{name}+{other}"


def _denied(tokens: list[str]) -> Iterator[str]:
    """The words that stand shortly after a "no"."""
    left = 0
    for token in tokens:
        if token in _NO:
            left = REACH_OF_NO
        elif token in _NO_LONGER:
            left = 0
        elif left:
            left -= 1
            yield token


def _named(mention: Mention) -> str:
    frame = "frame " if mention.kind in {"frame", "degree"} else ""
    return f"{frame}{'!' if mention.denied else ''}{mention.concept}{' over' if mention.over else ''}"


def the_vote() -> Vote:
    """The danger vote that ships with the system."""
    return _shipped()["danger"]


def the_emergency_vote() -> Vote:
    """The vote between `urgent` and `emergency`."""
    return _shipped()["emergency"]


@cache
def _shipped() -> dict[str, Vote]:
    """Both votes, read once."""
    votes = {}
    for name, table in json.loads(WEIGHTS_FILE.read_text(encoding="utf-8")).items():
        weights = zlib.decompress(base64.b64decode(table.pop("weights")))
        if len(weights) != WEIGHTS:
            raise ValueError(f"{WEIGHTS_FILE.name}: {len(weights)} weights instead of {WEIGHTS}")
        votes[name] = Vote(weights=weights, **table)
    return votes
