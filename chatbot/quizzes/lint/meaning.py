"""What a text says, word by word: its meaningful words in order, its numbers, and whether a clause denies.

Stricter than `knowledge.support`: that module judges an answer about pregnancy, where `mother`, `before` or `baby` tell
nothing; a quiz option may differ from the key in just such a word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from chatbot.knowledge.support import same_word, sentences
from chatbot.knowledge.swahili_roots import swahili_root
from chatbot.quizzes.numerals import in_digits

_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?|[^\W\d_]+(?:'[^\W\d_]+)*")
_EMPTY = frozenset(
    """
    a an the and or of to in on at by for from with as is are be been being was were am it its it's this that these
    those there their them they he she his her him i we our us you your yours who whom whose which what where how why
    will would can could may might must should shall do does did has have had so than then such also very well if
    into about some any one's per
    na ya wa kwa ni la za cha vya katika kama au hii hiyo huo hilo hizo huyu hao haya hizi hivi ile lile zile wale
    yake wake lake zake chake vyake yako wako lako zako chako vyako yao wao zao lao yangu wangu ili kuwa ndiyo ndio
    ndicho tu sana kwamba ambao ambayo ambaye ambazo ambacho pia kwenye wewe mimi yeye sisi nyinyi ana una nina wana
    ina zina lina yana mwenye wenye yenye zenye lenye je
    """.split()
)
_IRREGULAR = dict.fromkeys("nenda uende aende waende twende kwenda endeni nendeni".split(), "enda")
"""Forms of one word that no rule brings together."""
_DENIALS = frozenset(
    """
    no not never none cannot nor neither without nobody nothing
    hapana si sio siyo wala bila kamwe hakuna hana hawana hayana haina hauna hazina
    """.split()
)
_HU_DENIES = frozenset("hupaswi hufai hutaki huwezi huruhusiwi hutakiwi".split())
_AVOIDING = frozenset("avoid avoids avoided avoiding epuka epukeni kuepuka".split())
"""Denials that are words of their own too."""
_DENYING_VERB = re.compile(
    r"^(?:usi|msi|wasi|asi|isi|zisi|yasi|kisi|visi|lisi|tusi|nisi)(?!po|yo|ye|zo|cho|vyo)\w{3}"
    r"|^(?:ha|hawa|hai|hau|haya|hazi|haki|havi|hali|hatu|ham)\w{2,}(?:i|wi)$|^ha\w*(?:ku|ja)\w{3,}$|^huja\w{3}|n't$")
"""Swahili's negative verbs. Not the habitual hu-, nor `lisipotoka` (if it does not) and `asiyepumua` (who does not):
they deny a condition, not the clause."""
_NOT_DENYING = frozenset(
    """
    hadi hai haki hakiki hakimu hali halisi hamsini haraka haribu hasi hatari hatarini hodari hospitali hospitalini
    habari hakuzalia msichana msindikizaji msimamizi msimu msingi msiba usingizi usiku wasichana wasindikizaji wasiwasi
    kisigino visigino asili asilimia asidi asante visima haiwezekani
    """.split()
)
_SOFTENED = re.compile(
    r"\b(?:not only|no (?:more|less|later|fewer|sooner) than|not (?:more|less|later|fewer) than|without delay|no matter"
    r"|without waiting|bila kuchelewa|bila kusita|si (?:zaidi|chini) ya|sio tu|si tu)\b")
_SUBORDINATE = frozenset("who whose which if when unless ambaye ambao ambayo ambazo ikiwa kama endapo".split())
"""A `not` close behind one of these denies a condition or describes somebody; the clause itself still says yes.
As the first word of a question it asks (`when should you not`)."""
_OPEN = re.compile(r"[aeiou]$")
_LEAST_ROOT = 4
_EDGE = 3
"""Letters that forms of one word share at one of their ends at the least."""
_CLAUSE = re.compile(r"[,;:()–—]|\b(?:but|while|whereas|although|lakini|bali|ingawa)\b")


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The meaningful words and numbers of a text, in order, lower case; numerals as digits."""
    return tuple(_IRREGULAR.get(word, word.removesuffix("'s")) for word in _WORD.findall(in_digits(text))
                 if word not in _EMPTY and word not in _DENIALS)


def missing(said: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Which of the words stand in none of their forms among the known ones."""
    known = frozenset(known)
    return tuple(word for word in said if not _in(word, known))


def shared(some: Iterable[str], others: Iterable[str]) -> int:
    """How many of the words stand among the others."""
    others = frozenset(others)
    return sum(_in(word, others) for word in frozenset(some))


def denies(text: str) -> bool:
    """Whether a clause says no; two denials in it undo each other.

    >>> denies("Do not wait"), denies("Usingoje"), denies("not only milk"), denies("Go at once")
    (True, True, False, False)
    """
    said = _WORD.findall(_SOFTENED.sub(" ", in_digits(text)))
    asks = int(text.rstrip().endswith("?"))
    count = sum(is_denial(word) and not _SUBORDINATE & set(said[max(asks, place - 3):place])
                for place, word in enumerate(said))
    return count % 2 == 1


def is_denial(word: str) -> bool:
    """Whether a lower-case word alone says no."""
    return word in _DENIALS or word in _AVOIDING or word in _HU_DENIES or (
        word not in _NOT_DENYING and _DENYING_VERB.search(word) is not None)


def clauses(text: str) -> tuple[str, ...]:
    """The clauses of all sentences of a text: the reach of a `not`."""
    return tuple(part.strip() for sentence in sentences(text) for part in _CLAUSE.split(sentence) if part.strip())


def same(text: str) -> str:
    """Lower case with single spaces and plain marks, for finding one text in another."""
    return " ".join(_WORD.findall(in_digits(text)))


@lru_cache(maxsize=32768)
def _in(word: str, known: frozenset[str]) -> bool:
    if word in known:
        return True
    if len(word) < _EDGE or word[0].isdigit():
        return False
    begins, ends, roots = _edges(known)
    return _root(word) in roots or any(
        same_word(word, other) for other in (*begins.get(word[:_EDGE], ()), *ends.get(word[-_EDGE:], ())))


@lru_cache(maxsize=1024)
def _edges(known: frozenset[str]) -> tuple[dict[str, list[str]], dict[str, list[str]], frozenset[str]]:
    """Words by their first letters, which forms of an English word share, and by their last (Swahili); verb roots."""
    begins: dict[str, list[str]] = defaultdict(list)
    ends: dict[str, list[str]] = defaultdict(list)
    for word in known:
        if len(word) >= _EDGE and not word[0].isdigit():
            begins[word[:_EDGE]].append(word)
            ends[word[-_EDGE:]].append(word)
    return begins, ends, frozenset(map(_root, known))


def _root(word: str) -> str:
    """The root of a word that looks Swahili and is long enough to tell; else the word."""
    root = swahili_root(word) if _OPEN.search(word) else word
    return root if len(root) >= _LEAST_ROOT else word
