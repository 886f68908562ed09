"""A message tried on rules: what is found, by which rule, and what was made of each word that could have mattered.

The message goes nowhere: it is read and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.safety.levels import Level
from chatbot.safety.signs import Sign
from chatbot.safety.triage import Match, matches
from chatbot.safety.words.framing import set_aside
from chatbot.safety.words.lexicon import Kind, the_lexicon
from chatbot.safety.words.negation import mark_denied
from chatbot.safety.words.reading import Mention, Reading, read

Fate = Literal["counts", "denied", "over", "set aside"]
"""denied: `no bleeding`. over: `the bleeding stopped`, which weighs one level less. set aside: a question for
information, somebody else's past, a plan (`framing.py`)."""

_TELLING = frozenset({"symptom", "function"})


@dataclass(frozen=True, slots=True)
class Understood:
    """One concept, and what became of it."""

    concept: str
    words: str
    """As read: small letters, misspellings left as they are."""
    kind: Kind
    fate: Fate


@dataclass(frozen=True, slots=True)
class Trial:
    """What one set of rules makes of a message."""

    level: Level
    matches: tuple[Match, ...]


def try_message(message: str, stage: str | None, signs: Sequence[Sign]) -> Trial:
    """What these rules find in a message."""
    found = matches(message, stage, signs)
    return Trial(found[0].level if found else "none", found)


def understood(message: str, signs: Iterable[Sign]) -> tuple[Understood, ...]:
    """What the message holds that these rules could use, in the order of its words, with what became of it.

    Words that only frame a sentence (`my`, `is`, `because`) are left out unless a rule names them.
    """
    named = {concept for sign in signs for pattern in sign.patterns for concept in pattern.concepts()}
    kinds = the_lexicon().kinds
    reading = read(message, the_lexicon())
    mark_denied(reading)
    everything = list(reading.mentions)
    set_aside(reading)
    left = {id(mention) for mention in reading.mentions}
    return tuple(Understood(one.concept, _words(reading, one), kinds.get(one.concept, "thing"),
                            _fate(one, kept=id(one) in left))
                 for one in everything if one.concept in named or one.kind in _TELLING)


def _words(reading: Reading, mention: Mention) -> str:
    return " ".join(reading.tokens[mention.start : mention.end + 1])


def _fate(mention: Mention, *, kept: bool) -> Fate:
    if not kept:
        return "set aside"
    if mention.over:
        return "over"
    return "denied" if mention.denied and mention.kind != "thing" else "counts"
