"""Is a sentence supported by the passages it should rest on? Only what is supported is shown or becomes a key.

A sentence is supported when each of its content words and numbers stands in the passages, one sentence of a passage
carries at least half of them, and both say yes or both say no. It is strict on purpose: a true paraphrase that is
turned away costs a fallback to the card's own words; an invented dose could cost a life.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^\sa-z])|\n+")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER_WORDS = {word: str(value) for value, words in enumerate((
    ("zero", "sifuri"), ("one", "moja", "mmoja"), ("two", "mbili", "wawili"), ("three", "tatu", "watatu"),
    ("four", "nne", "wanne"), ("five", "tano", "watano"), ("six", "sita"), ("seven", "saba"), ("eight", "nane"),
    ("nine", "tisa"), ("ten", "kumi"))) for word in words}
_NO = frozenset("""no not never none without avoid cannot don't doesn't didn't isn't aren't won't can't shouldn't
    mustn't nor neither stop hapana si sio siyo bila kamwe hakuna hana hawana hayana haina usitumie usinywe
    epuka acha""".split())
_NO_PREFIXES = ("usi", "msi", "wasi", "asi")
_COMMON = frozenset("""a an and are as at be been being but by for from had has have he her here hers him his how i if
    in into is it its just me more most my of on or our she so some such than that the their them then there these
    they this those to too up was we were what when where which while who why will with would you your yours do does
    did can could may might must should shall also very well each any all both own same other about after before
    during because since until yes please important help helps need needs good try make makes sure take takes get
    gets give gives given keep baby babies mother mothers woman women pregnancy pregnant clinic nurse midwife doctor
    health worker provider ask talk
    na ya wa kwa ni la za cha vya katika kama au hii hiyo huo hilo hizo huyu yake wake lake zake yako wako lako zako
    kila pia ili kuwa ndiyo ndio tu sana mama mtoto mjamzito ujauzito mimba kliniki muuguzi daktari mhudumu afya
    uliza wewe mimi yeye sisi ninyi wao wakati baada kabla hadi mpaka lakini kwamba""".split())
_SUFFIXES = ("ations", "ation", "ingly", "ments", "ment", "ings", "ness", "ing", "ies", "ied", "ers", "est", "ed",
             "es", "er", "ly", "s")
_SUBJECT_AND_TENSE = re.compile(r"^(?:ni|u|a|tu|m|wa|i|zi|ki|vi|li|ya)(?:na|ta|me|li)(?=\w{4})")
HALF = 0.5


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: frozenset[str]
    numbers: frozenset[str]
    negative: bool


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line break ends one too."""
    return [part.strip() for part in SENTENCE_END.split(text) if part.strip()]


class Passages:
    """The texts that an answer may rest on."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sentences = [_read(one) for text in texts for one in sentences(text)]
        self._words = frozenset(word for sentence in self._sentences for word in sentence.words)
        self._numbers = frozenset(number for sentence in self._sentences for number in sentence.numbers)

    def support(self, text: str) -> bool:
        """Whether one sentence says nothing that these passages do not."""
        said = _read(text)
        if not said.numbers <= self._numbers:
            return False
        if not all(_stands_in(word, self._words) for word in said.words):
            return False
        weight = len(said.words) + len(said.numbers)
        if not weight:
            return True
        return any(_share(said, passage) >= HALF * weight and passage.negative == said.negative
                   for passage in self._sentences)


def _read(text: str) -> _Sentence:
    words, numbers, negative = set(), set(), False
    for raw in _WORD.findall(text.casefold().replace("’", "'")):
        if raw[0].isdigit():
            numbers.add(raw.replace(",", ""))
        elif raw in _NUMBER_WORDS:
            numbers.add(_NUMBER_WORDS[raw])
        elif raw in _NO or raw.endswith("n't") or raw.startswith(_NO_PREFIXES):
            negative = not negative if raw in _NO else True
            if raw not in _NO:
                words.add(_stem(raw))
        elif raw not in _COMMON:
            words.update(_stem(part) for part in raw.split("-") if part not in _COMMON)
    return _Sentence(frozenset(words), frozenset(numbers), negative)


def _stem(word: str) -> str:
    """A light stem: enough to match `tablets` with `tablet` and `feeding` with `feed`."""
    word = word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word.removesuffix(suffix)
    return word


def same_word(one: str, other: str) -> bool:
    """Whether two lower-case words are forms of one word, by the same light rules that support is judged by.

    >>> same_word("tablets", "tablet"), same_word("unameza", "atameza"), same_word("iron", "zinc")
    (True, True, False)
    """
    return one == other or _stands_in(_stem(one), frozenset((_stem(other),)))


def _stands_in(word: str, known: frozenset[str]) -> bool:
    return word in known or any(_alike(word, other) or _bare(word) == _bare(other) for other in known)


def _bare(word: str) -> str:
    """A Swahili verb without its subject and tense: `unameza` and `atameza` are `meza`."""
    return _SUBJECT_AND_TENSE.sub("", word)


def _alike(one: str, other: str) -> bool:
    """Forms of one word: English differs at the end, Swahili at the beginning (anapaswa, unapaswa)."""
    shorter, longer = sorted((len(one), len(other)))
    if shorter < 5:
        return False
    needed = max(5, round(0.75 * longer))
    return _common(one, other) >= needed or _common(one[::-1], other[::-1]) >= needed


def _common(one: str, other: str) -> int:
    return next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                min(len(one), len(other)))


def _share(said: _Sentence, passage: _Sentence) -> int:
    return (sum(_stands_in(word, passage.words) for word in said.words) + len(said.numbers & passage.numbers))
