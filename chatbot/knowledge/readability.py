"""How hard a text is to read: the US school grade of English, the length of Swahili sentences and words.

English: the Flesch-Kincaid grade level, 0.39 words/sentence + 11.8 syllables/word - 15.59 (Kincaid, Fishburne, Rogers
and Chissom, *Derivation of New Readability Formulas for Navy Enlisted Personnel*, Research Branch Report 8-75, 1975).
Swahili has no validated formula, so words a sentence and syllables a word are measured and no grade is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TARGET_GRADE = 6.0
"""The grade we write for: the median of the cards stays at or below it."""
HARDEST_GRADE = 9.5
"""No text of ours, and no answer that is shown, is above this grade."""
ENOUGH_WORDS = 25
"""A grade of fewer words says little."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+|\n+")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^aeiouyl]e|[^aeiouytd]ed)$")
_SWAHILI_SYLLABLE = re.compile(r"[aeiou]|m(?=[bp]?[^aeiouybpw\W]|$)")


def grade(text: str) -> float:
    """US school grade of an English text; 0.0 for no words.

    >>> grade("The cat sat. It ate the fish.") < 2 < 12 < grade("Prophylactic supplementation diminishes anaemia.")
    True
    """
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return 0.39 * len(words) / _sentences(text) + 11.8 * sum(map(english_syllables, words)) / len(words) - 15.59


def english_syllables(word: str) -> int:
    """Groups of vowels less a silent end, at least 1: right for about nine words of English in ten.

    >>> [english_syllables(word) for word in ("baby", "tablets", "like", "helped", "table")]
    [2, 2, 1, 1, 2]
    """
    word = word.casefold()
    return max(1, len(_VOWELS.findall(word)) - bool(_SILENT.search(word)))


def swahili_syllables(word: str) -> int:
    """Syllables of one Swahili word, at least 1: its syllables are open, so vowels are counted (and a syllabic m).

    >>> [swahili_syllables(word) for word in ("mtoto", "mjamzito", "chanjo")]
    [3, 5, 2]
    """
    return max(1, len(_SWAHILI_SYLLABLE.findall(word.casefold())))


def swahili_lengths(text: str) -> tuple[float, float]:
    """Words a sentence, and syllables a word; zeros for no words."""
    words = _WORD.findall(text)
    if not words:
        return 0.0, 0.0
    return len(words) / _sentences(text), sum(map(swahili_syllables, words)) / len(words)


def is_too_hard(text: str) -> bool:
    """Whether an English text of some length is above the hardest grade that is shown."""
    return len(_WORD.findall(text)) >= ENOUGH_WORDS and grade(text) > HARDEST_GRADE


def _sentences(text: str) -> int:
    return sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))


def by_grade(texts: Sequence[str]) -> list[tuple[float, str]]:
    """English texts with their grades, the hardest first."""
    return sorted(((grade(text), text) for text in texts), reverse=True)
