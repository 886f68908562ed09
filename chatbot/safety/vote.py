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
from functools import cache
from itertools import pairwise
from pathlib import Path

from chatbot.safety.words.reading import Mention, Reading

LEARNED_VOTE, LEARNED_EMERGENCY = "learned-vote", "learned-emergency"
"""The names under which a rule of a sign asks for the danger vote and for the emergency vote."""
WEIGHTS_FILE = Path(__file__).parent / "vote.json"
WEIGHTS = 1 << 20
"""Nearly twice as many as the training messages have features, so that few share a weight; most stay 0."""
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

    def score(self, reading: Reading) -> float:
        """The log-odds of danger of the gravest part of a message; minus infinity for a message without words."""
        return max((self._score(part) for part in parts(reading)), default=-math.inf)

    def _score(self, features: set[str]) -> float:
        total = 0
        for feature in features:
            weight = self.weights[zlib.crc32(feature.encode()) % WEIGHTS]
            total += weight - 256 if weight > 127 else weight
        return self.bias + self.scale * total / math.sqrt(len(features))

    def agrees(self, reading: Reading) -> bool:
        """Whether the message, or one sentence of it, may well be as grave as a doubtful rule says."""
        return self.gravest_sentence(reading) >= self.agreement

    def gravest_sentence(self, reading: Reading) -> float:
        """The score of the message, or of the gravest of its sentences if that is higher."""
        sentences = (set(features(reading.tokens[start:end], reading.between(start, end)))
                     for start, end in reading.sentences)
        return max([self.score(reading), *(self._score(found) for found in sentences if found)])

    def raises(self, reading: Reading) -> bool:
        """Whether the message is graver than the rules say."""
        words = sum(token.isalpha() for token in reading.tokens)
        return words >= self.fewest_words and self.score(reading) >= self.threshold


def parts(reading: Reading) -> Iterator[set[str]]:
    """The features of each window of a message."""
    tokens = reading.tokens
    for start in range(0, max(1, len(tokens) - (WINDOW - STEP)), STEP):
        end = start + WINDOW
        if found := set(features(tokens[start:end], reading.between(start, end))):
            yield found


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
