"""A text cut into words and numbers, once, for every finder. One pass from left to right: time grows with length."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)*")


Phrases = dict[str, tuple[tuple[int, ...], frozenset[tuple[str, ...]]]]
"""Lower-case phrases by their first word: their lengths, the longest first, and all of them."""


class Token(NamedTuple):
    """A run of digits, or a word (with its apostrophes: Ng'ang'a)."""

    start: int
    end: int
    text: str
    lower: str


class Found(NamedTuple):
    """A piece of text that must not leave, and what it is."""

    start: int
    end: int
    kind: str
    """A name in `kinds.KINDS`."""
    coarse: str = ""
    """What stands for it where something coarser may leave (the week of a date); empty: a placeholder does."""


@dataclass(slots=True)
class Reading:
    """A text, its lower case (as long as the text), and its tokens."""

    text: str
    lower: str = field(init=False)
    tokens: list[Token] = field(init=False)
    _words: list[str] = field(init=False)
    _places: dict[str, list[int]] = field(init=False)
    """Where each word stands, as indices of `tokens`."""

    def __post_init__(self) -> None:
        lower = self.text.lower()
        if len(lower) != len(self.text):  # a few letters grow in lower case; places must stay places
            lower = "".join(char.lower()[:1] for char in self.text)
        self.lower = lower = lower.replace("’", "'")
        text = self.text
        self.tokens = [Token(start, end, text[start:end], lower[start:end])
                       for start, end in (one.span() for one in _TOKEN.finditer(text))]
        self._words = [token.lower for token in self.tokens]
        self._places = {}
        for index, word in enumerate(self._words):
            self._places.setdefault(word, []).append(index)

    def gap(self, index: int) -> str:
        """The text between a token and the next one; a line end where there is no next one."""
        if index + 1 >= len(self.tokens):
            return "\n"
        return self.text[self.tokens[index].end:self.tokens[index + 1].start]

    def has(self, *needles: str) -> bool:
        """Whether any of these stands in the lower-case text: a quick look before a slower search."""
        return any(needle in self.lower for needle in needles)

    def after(self, phrases: Phrases) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Where a phrase ends: the index of the token after it, and the phrase. The longest at each place wins."""
        words = self._words
        for index in self.where(phrases):
            lengths, known = phrases[words[index]]
            for length in lengths:
                phrase = tuple(words[index:index + length])
                if phrase in known:
                    yield index + length, phrase
                    break

    def where(self, words: Collection[str]) -> list[int]:
        """The tokens that are one of these lower-case words, in the order of the text."""
        if len(words) < len(self._places):
            present = [word for word in words if word in self._places]
        else:
            present = [word for word in self._places if word in words]
        return self._in_order(present)

    def where_digits(self, words: Collection[str]) -> list[int]:
        """The tokens that are digits, or one of these words."""
        return self._in_order([word for word in self._places if word in words or word[0].isdecimal()])

    def _in_order(self, present: list[str]) -> list[int]:
        return sorted([index for word in present for index in self._places[word]])


def by_first_word(phrases: list[str]) -> Phrases:
    """Phrases as `Reading.after` wants them."""
    index: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        index.setdefault(phrase.split()[0], []).append(tuple(phrase.split()))
    return {first: (tuple(sorted({len(one) for one in known}, reverse=True)), frozenset(known))
            for first, known in index.items()}
