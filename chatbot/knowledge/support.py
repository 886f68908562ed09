"""Is a sentence supported by the passages it should rest on? Only what is supported is shown or becomes a key.

A sentence is supported when each of its words stands in the passages, and one sentence of a passage carries nearly all
of them, all of its figures with their units and bounds, and denies what it denies and nothing else. It is strict on
purpose: a true paraphrase that is turned away costs a fallback to the card's own words; an invented dose could cost a
life. Measured: `python -m tests.chatbot.knowledge.score_support`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chatbot.knowledge.negation import Polarity, read_polarity
from chatbot.knowledge.quantities import Quantity, figure_of, is_unit, quantities

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^\sa-z])|\n+")
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
_TURNS = {word: turn for turn, words in {
    "only": "only pekee", "before": "before kabla", "after": "after baada", "all": "all zote wote yote vyote",
    "unless": "unless isipokuwa"}.items() for word in words.split()}
"""Small words that turn a meaning though they carry none: what is said before a birth is not said after it."""
_SUFFIXES = ("ations", "ation", "ingly", "ments", "ment", "ings", "ness", "ing", "ies", "ied", "ers", "est", "ed",
             "es", "er", "ly", "s")
_SUBJECT_AND_TENSE = re.compile(r"^(?:ni|u|a|tu|m|wa|i|zi|ki|vi|li|ya)(?:na|ta|me|li)(?=\w{4})")
NEARLY_ALL, HALF = 0.8, 0.5
"""Share of a sentence's words and figures that one sentence of a passage must carry: with what it says "it" for, and
by itself."""
SUBJECT_WORDS = 2
"""The first content words of a passage name what it is about; its later sentences say "it" for them."""
_BEGINS_WITH_IT = re.compile(
    r"(?:it|they|this|these|that|those|most|mara nyingi hu\w{3,}|(?:hu|ina|zina|vina|yana|hai|hazi|havi|haya)\w{3,})\b",
    re.IGNORECASE)
_SAYS_IT = re.compile(r"\b(?:it|its|they|them|their|these|this)\b", re.IGNORECASE)
"""A sentence that speaks of what an earlier one named. Swahili says "it" by the prefix of a verb that comes first."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: dict[str, frozenset[Polarity]]
    quantities: tuple[Quantity, ...]
    turns: frozenset[str]


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line break ends one too."""
    return [part.strip() for part in SENTENCE_END.split(text) if part.strip()]


class Passages:
    """The texts that an answer may rest on."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sentences: list[tuple[_Sentence, frozenset[str]]] = []
        for text in texts:
            subject: frozenset[str] = frozenset()
            before: frozenset[str] = frozenset()
            for sentence in sentences(text):
                read = _read(sentence)
                subject = subject or frozenset(list(read.words)[:SUBJECT_WORDS])
                begins = _BEGINS_WITH_IT.match(sentence) is not None
                named = subject if begins or _SAYS_IT.search(sentence) else frozenset()
                self._sentences.append((read, named | before if begins else named))
                before = frozenset(word for word, polarity in read.words.items() if polarity != {"denied"})
        self._words = frozenset(word for sentence, _ in self._sentences for word in sentence.words)

    def support(self, text: str) -> bool:
        """Whether one sentence says nothing that these passages do not."""
        said = _read(text)
        if not all(_stands_in(word, self._words) for word in said.words):
            return False
        if not said.words and not said.quantities:
            return True
        carrying = [passage for passage, subject in self._sentences if _carries(passage, subject, said)]
        return bool(carrying) and all(_agrees(passage, said) for passage in carrying)

    def may_say(self, text: str) -> bool:
        """Whether these passages may say so: for the opposite caution, that an answer meant to be wrong be wrong.

        Every word and figure stands in them, and one sentence carries half, whatever it denies.
        """
        said = _read(text)
        figures = {one.figure for one in said.quantities}
        if not all(_stands_in(word, self._words) for word in said.words):
            return False
        if not figures <= {one.figure for passage, _ in self._sentences for one in passage.quantities}:
            return False
        whole = len(said.words) + len(figures)
        return not whole or any(_overlap(said, figures, passage) >= HALF * whole for passage, _ in self._sentences)


def _carries(passage: _Sentence, subject: frozenset[str], said: _Sentence) -> bool:
    """Whether one sentence of a passage, whose subject may be named too, speaks of what `said` speaks of."""
    if not all(any(one.is_said_by(other) for other in passage.quantities) for one in said.quantities):
        return False
    if not said.turns <= passage.turns or "only" in passage.turns - said.turns:
        return False
    known = frozenset(passage.words)
    there = [word for word in said.words if _stands_in(word, known)]
    if any(word not in there and is_unit(word) for word in said.words):
        return False
    named = sum(word not in there and _stands_in(word, subject) for word in said.words)
    figures = len(said.quantities)
    whole = len(said.words) + figures
    return len(there) + figures >= HALF * whole and len(there) + named + figures >= NEARLY_ALL * whole


def _agrees(passage: _Sentence, said: _Sentence) -> bool:
    """Whether both deny the same of the words they share."""
    return all("either" in polarity or "either" in known or polarity <= known
               for word, polarity in said.words.items() if (known := _polarities(word, passage)))


def _overlap(said: _Sentence, figures: set[str], passage: _Sentence) -> int:
    known = frozenset(passage.words)
    return (sum(_stands_in(word, known) for word in said.words)
            + len(figures & {one.figure for one in passage.quantities}))


def _polarities(word: str, passage: _Sentence) -> frozenset[Polarity]:
    return frozenset(polarity for other, found in passage.words.items() if _stands_in(word, frozenset((other,)))
                     for polarity in found)


def _read(text: str) -> _Sentence:
    read = read_polarity(text)
    words: dict[str, frozenset[Polarity]] = {}
    for raw, polarity in read:
        if raw in _COMMON or figure_of(raw):
            continue
        for part in raw.split("-"):
            if part not in _COMMON:
                words[_stem(part)] = words.get(_stem(part), frozenset()) | {polarity}
    turns = frozenset(_TURNS[raw] for raw, _ in read if raw in _TURNS)
    return _Sentence(words, quantities([raw for raw, _ in read]), turns)


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
