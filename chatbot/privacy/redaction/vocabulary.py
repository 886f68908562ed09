"""Which words are names, which are places, which are neither: lists of our own, and the words of our fact cards."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from chatbot.knowledge.cards import all_cards
from chatbot.knowledge.words import ENGLISH_STOP_WORDS, SWAHILI_STOP_WORDS

_LISTS = Path(__file__).with_name("words.toml")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_VERB = re.compile(
    r"(?:si|hu|ha|ni|na|u|a|tu|m|wa|i|li|ya|ki|vi|zi|ku|pa)(?:na|me|li|ta|ki|nge|ja|ka|po)(?:[a-z]{0,2})[a-z]{2,12}[ae]")
"""The shape of a Swahili verb with its subject and tense: `nina...`, `ali...`, `hawaja...`."""


@dataclass(frozen=True)
class Vocabulary:
    """All words in lower case."""

    names: frozenset[str]
    """First names and surnames that are no other word: a name wherever they stand."""
    names_and_words: frozenset[str]
    """Names that are words as well (Grace, Neema): a name only after a cue, with a capital letter."""
    places: frozenset[str]
    """Towns, estates and counties. Countries are not among them: a country tells nothing."""
    places_and_words: frozenset[str]
    """Places that are words as well (Moshi is smoke): a place with a capital letter only."""
    common: frozenset[str]
    """Everyday words: no name, whatever their letters."""

    @cached_property
    def names_and_theirs(self) -> frozenset[str]:
        """`names`, and the same with 's."""
        return self.names | {f"{name}'s" for name in self.names}

    def is_common(self, word: str) -> bool:
        """Whether a lower-case word is an everyday one, as far as lists and shapes tell."""
        bare = word.removesuffix("'s")
        return bare in self.common or (bare[-1:] == "s" and bare[:-1] in self.common) or bool(_VERB.fullmatch(bare))


@cache
def vocabulary() -> Vocabulary:
    """Read once a process."""
    lists = {name: frozenset(words.split()) for name, words in tomllib.loads(_LISTS.read_text("utf-8")).items()}
    names, both = lists["names"], lists["names_and_words"]
    common = (lists["everyday"] | _of_our_cards() | ENGLISH_STOP_WORDS | SWAHILI_STOP_WORDS | both) - names
    return Vocabulary(names, both, lists["places"] - names, lists["places_and_words"], common)


def _of_our_cards() -> frozenset[str]:
    texts = [part for card in all_cards() for wording in (card.en, card.sw)
             for part in (wording.title, wording.question, wording.text, *wording.misconceptions)]
    return frozenset(word.lower().replace("’", "'") for text in texts for word in _WORD.findall(text))
