"""A second pair of eyes: a linear vote over words, letters and concepts, learned from our own written examples.

It may raise what the rules left at `none` or `soon` to `urgent`, and what a doubtful rule left at `soon` to that rule's
tier (`patterns.py`); it never lowers anything. The weights are data
(`vote.json`, written by `python -m training.danger_votes`); reading them and voting needs the standard library only.

A feature is a short text (`w:bleeding`, `c:!move`, `g:blee`), filed under its CRC-32 modulo the number of weights
(the hashing trick, Weinberger 2009, https://arxiv.org/abs/0902.2206). The score is the logistic regression's
log-odds: 0 is "as likely as not".
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from chatbot.safety.words.reading import Mention, Reading

LEARNED_VOTE = "learned-vote"
"""The name under which a rule of a sign asks for the vote."""
WEIGHTS_FILE = Path(__file__).parent / "vote.json"
WEIGHTS = 1 << 17
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
    agreement: float = -0.8
    """The score from which it agrees with a doubtful rule: below it, most such messages are calm."""

    def score(self, reading: Reading) -> float:
        """The log-odds of danger of the gravest part of a message; minus infinity for a message without words."""
        return max((self._score(part) for part in parts(reading)), default=-math.inf)

    def _score(self, features: set[str]) -> float:
        total = 0
        for feature in features:
            weight = self.weights[crc32(feature.encode()) % WEIGHTS]
            total += weight - 256 if weight > 127 else weight
        return self.bias + self.scale * total / math.sqrt(len(features))

    def agrees(self, reading: Reading) -> bool:
        """Whether the message, or one sentence of it, may well be as grave as a doubtful rule says."""
        sentences = (set(features(reading.tokens[start:end], reading.between(start, end)))
                     for start, end in reading.sentences)
        return self.score(reading) >= self.agreement or any(
            self._score(found) >= self.agreement for found in sentences if found)

    def raises(self, reading: Reading) -> bool:
        """Whether the message should be seen today although no rule says so."""
        return self.score(reading) >= self.threshold


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


@cache
def the_vote() -> Vote:
    """The weights that ship with the system, read once."""
    table = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    weights = base64.b85decode(table["weights"])
    if len(weights) != WEIGHTS:
        raise ValueError(f"{WEIGHTS_FILE.name}: {len(weights)} weights instead of {WEIGHTS}")
    return Vote(table["bias"], table["threshold"], table["scale"], weights, table["agreement"])
