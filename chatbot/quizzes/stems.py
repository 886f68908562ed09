"""When do two stems ask the same? `stem_key` finds stems that are the same but for writing, `alike` near ones.

Both read English and Swahili. They are kept apart because they are used apart: equal keys block an item, so a key
forgets only what cannot change a question (case, punctuation, articles, spelling, plural s); likeness only warns, so it
also matches word forms, synonyms and word order.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from chatbot.knowledge.support import same_word
from chatbot.knowledge.words import SYNONYMS, content_words
from chatbot.quizzes.numerals import NUMBER, in_digits

NEAR = 0.8
"""Stems at least this alike are near duplicates."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_DROPPED = frozenset("a an the je kindly please tafadhali".split())
_SPELLINGS = {"labor": "labour", "anemia": "anaemia", "cesarean": "caesarean", "fiber": "fibre", "color": "colour",
              "hemorrhage": "haemorrhage", "diarrhea": "diarrhoea", "fetus": "foetus", "immunization": "immunisation",
              "women": "woman", "men": "man", "children": "child"}
"""American spellings, and plurals without an s."""
_TURNING = frozenset(
    """
    when why who where how many much which before after during first second third last not except never without
    more less most least start stop begin end mother father man woman baby
    lini nini nani wapi vipi ngapi gani ipi zipi kabla baada kwanza pili mwisho si sio isipokuwa bila zaidi mume baba
    mama mtoto mwanamume mwanamke
    """.split()
)
"""Words that turn a question into another one, however much else is the same."""


@lru_cache(maxsize=4096)
def stem_key(text: str) -> str:
    """What stays of a stem when only its writing changes; the same for the same question. Empty for no words.

    >>> stem_key("When is the FIRST visit?") == stem_key("when is first visit")
    True
    >>> stem_key("What helps before birth?") == stem_key("What helps after birth?")
    False
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", in_digits(text)) if not unicodedata.combining(mark))
    words = (_SPELLINGS.get(word, word) for word in _WORD.findall(plain))
    return " ".join(_without_plural(word) for word in words if word not in _DROPPED)


def alike(a: str, b: str) -> float:
    """How alike two stems are: 1 the same, 0 nothing in common.

    Seven tenths are the share of content words found in both (Dice 1945), three tenths that of all words. Stems
    that differ in a number or in a word that turns the question (before and after, when and why) are at most 0.5 alike.
    """
    if stem_key(a) == stem_key(b):
        return 1.0
    one, other = _content(a), _content(b)
    if not one or not other:
        return 0.0
    meant = sum(_found(word, other) for word in one) + sum(_found(word, one) for word in other)
    all_one, all_other = set(stem_key(a).split()), set(stem_key(b).split())
    written = 2 * len(all_one & all_other) / (len(all_one) + len(all_other))
    likeness = 0.7 * meant / (len(one) + len(other)) + 0.3 * written
    return min(likeness, 0.5) if _turns(a) != _turns(b) else likeness


@lru_cache(maxsize=4096)
def _content(text: str) -> tuple[str, ...]:
    return content_words(stem_key(text))


@lru_cache(maxsize=4096)
def _turns(text: str) -> frozenset[str]:
    key = stem_key(text).replace("kwa nini", "why")
    return frozenset(NUMBER.findall(key)) | (_TURNING & set(key.split()))


def _found(word: str, words: tuple[str, ...]) -> bool:
    return any(same_word(word, other) or other in SYNONYMS.get(word, ()) for other in words)


def _without_plural(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
