"""How far a typed word may be from the one meant, SymSpell fashion (https://github.com/wolfgarbe/SymSpell)."""

from __future__ import annotations

from collections.abc import Iterator

VERY_TOLERANT_FROM = 9
"""From so many letters on two of them may be wrong, else one."""


def with_letters_left_out(word: str, very: bool = True) -> Iterator[str]:
    """The word itself and every way to leave one letter out (if `very`, two from nine letters on)."""
    yield word
    for one in range(len(word)):
        shorter = word[:one] + word[one + 1 :]
        yield shorter
        if very and len(word) >= VERY_TOLERANT_FROM:
            for two in range(one, len(shorter)):
                yield shorter[:two] + shorter[two + 1 :]
