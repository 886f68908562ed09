"""A message read for meaning: which concepts stand where, which are denied or over, and which sentences are set aside.

"no bleeding but severe headache" holds a denied `bleed` and an asserted `headache`; "my sister had fits last year"
and "what are the danger signs?" are set aside (`framing.py`); "the fever is gone" holds a fever that is over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatbot.safety.words.lexicon import Lexicon
from chatbot.safety.words.measures import MEASURED, measures
from chatbot.safety.words.normalise import normalise

_TOKEN = re.compile(r"\d+(?:[.,/]\d+)*|[a-z]+|[°.!?\n;:,]")
_STOPS = frozenset(".!?\n;")
_HIDING = frozenset({"symptom", "thing"})


@dataclass(slots=True)
class Mention:
    """A concept at a place in the message (positions count tokens)."""

    concept: str
    kind: str
    start: int
    end: int
    """The last token it covers."""
    sentence: int
    denied: bool = False
    over: bool = False
    """It was there and has stopped."""


@dataclass(slots=True)
class Reading:
    """All mentions of one message, in the order of their places."""

    tokens: list[str]
    sentences: list[tuple[int, int]]
    """Start and end (exclusive) of each sentence, stops left out."""
    mentions: list[Mention] = field(default_factory=list)

    def between(self, start: int, end: int) -> list[Mention]:
        return [mention for mention in self.mentions if start <= mention.start < end]


def read(message: str, lexicon: Lexicon) -> Reading:
    """Tokens and mentions, before negation and framing are looked at."""
    tokens = _TOKEN.findall(normalise(message))
    reading = Reading(tokens, list(_sentences(tokens)))
    for number, (start, end) in enumerate(reading.sentences):
        found = list(_mentions(tokens, start, end, number, lexicon))
        found += [Mention(concept, "symptom" if concept in MEASURED else "thing", start + at, start + at, number)
                  for concept, at in measures(tokens[start:end])]
        reading.mentions += sorted(found, key=lambda mention: mention.start)
    return reading


def _sentences(tokens: list[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for position, token in enumerate([*tokens, "."]):
        if token in _STOPS:
            if position > start:
                yield start, position
            start = position + 1


def _mentions(tokens: list[str], start: int, end: int, number: int, lexicon: Lexicon) -> Iterator[Mention]:
    """The longest symptom or thing hides the shorter symptoms it covers: `blood pressure` is no `blood`."""
    words = [lexicon.words_of(token) for token in tokens[start:end]]
    hidden_until = -1
    for at, (ids, negates) in enumerate(words):
        matches = [(len(phrase.words), phrase.concept) for word in ids for phrase in lexicon.phrases.get(word, ())
                   if len(phrase.words) <= len(words) - at
                   and all(phrase.words[more] in words[at + more][0] for more in range(1, len(phrase.words)))]
        if not matches:
            continue
        longest = max((size for size, concept in matches if lexicon.kinds[concept] in _HIDING), default=1)
        for concept in dict.fromkeys(concept for _, concept in matches):
            kind = lexicon.kinds[concept]
            size = max(length for length, other in matches if other == concept)
            if (at <= hidden_until or size < longest) and (kind == "symptom" or concept == "just-now"):
                continue
            denied = any(words[at + more][1] for more in range(size)) if kind != "thing" else negates
            yield Mention(concept, kind, start + at, start + at + size - 1, number, denied)
        if longest > 1:
            hidden_until = max(hidden_until, at + longest - 1)
