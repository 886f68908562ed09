"""The words of danger: concepts in `lexicon/*.toml`, and the index that finds them in a misspelt message.

A concept is a meaning (`bleed`, `belly`, `severe`) with its forms in English, Swahili and the mix of both. The
forms of all languages are always looked up together, so nobody has to say which language they write.
Tolerance is computed when the lexicon is loaded, SymSpell fashion (https://github.com/wolfgarbe/SymSpell): each long
word is filed under itself with one letter (nine letters or more: two) left out, and a lookup does the same.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from chatbot.safety.words import swahili
from chatbot.safety.words.spelling import with_letters_left_out

LEXICON_FOLDER = Path(__file__).parent / "lexicon"
Kind = Literal["symptom", "function", "degree", "frame", "thing"]
"""symptom: negation cancels it. function: its negation is the sign. thing: negation does not matter.
degree and frame (how much, when, who, what kind of sentence): they end the reach of a negation."""

TOLERANT_FROM, LONGEST_TOLERATED = 5, 20
SHORT_ROOT = 2
SHORTEST_BORROWED = 4
"""English verbs from this length on may carry a Swahili prefix (`nableed`, `hamove`)."""
_VOWELS = re.compile(r"(?<!^)[aeiou]")
_LONG_REPEATS = re.compile(r"(.)\1{2,}")
_REPEATS = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to say a concept: its words in order, as word ids."""

    concept: str
    words: tuple[str, ...]


@dataclass(slots=True)
class Lexicon:
    """All concepts, indexed for reading. Build it with `read_lexicon`."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    phrases: dict[str, list[Phrase]] = field(default_factory=lambda: defaultdict(list))
    """Word id of the first word -> the phrases that start so, longest first."""
    _foreign: set[str] = field(default_factory=set)
    """English words, which take no Swahili verb endings of their own."""
    _exact: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _beginnings: dict[str, str] = field(default_factory=dict)
    _roots: dict[str, str] = field(default_factory=dict)
    _collapsed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _skeletons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _near: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _things: set[str] = field(default_factory=set)
    """Nouns that are a thing by themselves."""
    _plain: frozenset[str] = frozenset()
    _english: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, tuple[frozenset[str], bool]] = field(default_factory=dict)
    _filed: set[tuple[str, bool, bool]] = field(default_factory=set)

    def words_of(self, token: str) -> tuple[frozenset[str], bool]:
        """The word ids a typed token stands for, and whether the token negates itself (`hachezi`)."""
        found = self._seen.get(token)
        if found is None:
            found = self._look_up(token)
            if len(self._seen) < 20_000 and len(token) <= LONGEST_TOLERATED:
                self._seen[token] = found
        return found

    def _look_up(self, token: str) -> tuple[frozenset[str], bool]:
        collapsed = _REPEATS.sub(r"\1", token)
        token = _LONG_REPEATS.sub(r"\1\1", token)
        if exact := self._exact.get(token):
            no_verb = token in self._foreign or token in self._plain
            verbs, negated = (set(), False) if no_verb else self._verb(token)
            if token in self._things:  # mume is a husband, not m-um-e, "may it hurt"
                verbs = {root for root in verbs if len(root) > SHORT_ROOT + 1}
            return frozenset(exact | self._begun(token) | (set() if negated else verbs)), False
        if token in self._plain or token.isdigit():
            return frozenset(), False
        verbs, negated = self._verb(token)
        if not verbs and collapsed != token:
            verbs, negated = self._verb(collapsed)
        if found := verbs | self._begun(token):
            return frozenset(found), negated
        alike = self._collapsed.get(collapsed) or self._nearly(token)
        return frozenset(set().union(*(self._exact.get(word, set()) | self._begun(word) for word in alike))), False

    def _begun(self, token: str) -> set[str]:
        return {self._beginnings[token[:cut]] for cut in range(3, len(token) + 1) if token[:cut] in self._beginnings}

    def _verb(self, token: str) -> tuple[set[str], bool]:
        """Swahili verb forms; the reading with the longest root wins."""
        best: tuple[int, set[str], bool] = (0, set(), False)
        for rest, negated in [(token, False), *swahili.splits(token)]:
            bare = len(rest) == len(token)
            for cut in range(len(rest), 0, -1):
                root = self._roots.get(rest[:cut])
                if root is None or (bare and cut < 3) or not swahili.is_ending(rest[cut:]):
                    continue
                if cut <= SHORT_ROOT and len(rest) == cut:  # moja, mto, kali: a short root without its ending is chance
                    continue
                if cut > best[0]:
                    best = (cut, {root}, negated)
                elif cut == best[0] and negated == best[2]:
                    best[1].add(root)
            word = None if bare or len(rest) < SHORTEST_BORROWED else self._english.get(rest)
            if word and len(rest) > best[0]:
                best = (len(rest), {word}, negated)
        return best[1], best[2]

    def _nearly(self, token: str) -> set[str]:
        few_vowels = len(token) >= 4 and len(_VOWELS.findall(token)) <= 1
        if few_vowels and (found := self._skeletons.get(_VOWELS.sub("", token))):
            return found
        if not TOLERANT_FROM <= len(token) <= LONGEST_TOLERATED:
            return set()
        return {word for key in with_letters_left_out(token) for word in self._near.get(key, ())
                if word[0] == token[0] or word[:2] == token[1::-1]}

    def add(self, concept: str, kind: Kind, forms: Iterable[str], *, english: bool) -> None:
        """Files the forms of one concept in one language."""
        self.kinds[concept] = kind
        for form in forms:
            words = tuple(_root_of(word) for word in form.split())
            self.phrases[words[0]].append(Phrase(concept, words))
            if kind == "thing" and len(words) == 1:
                self._things.add(words[0].strip("=*"))
            tolerant = kind not in {"degree", "frame"}
            for word in words:
                if (word, english, tolerant) not in self._filed:
                    self._filed.add((word, english, tolerant))
                    self._file(word, english, tolerant)

    def finish(self, plain: Iterable[str]) -> None:
        """Sorts the phrases; `plain` are everyday words that must not be mistaken for a misspelt concept."""
        self._plain = frozenset(plain)
        for starting in self.phrases.values():
            starting.sort(key=lambda phrase: -len(phrase.words))

    def _file(self, word: str, english: bool, tolerant: bool) -> None:
        if word.startswith("-"):
            self._roots[word[1:]] = word
            return
        bare = word.strip("=*")
        if word.endswith("*"):
            self._beginnings[bare] = word
        else:
            self._exact[bare].add(word)
        if english:
            self._foreign.add(bare)
            if len(bare) >= SHORTEST_BORROWED:
                self._english[bare] = word
        if word.startswith("=") or len(bare) < TOLERANT_FROM or not tolerant:
            return
        if not english and swahili.is_conjugated(bare):  # a letter less makes it another verb: anakufa, anakua
            return
        self._collapsed[_REPEATS.sub(r"\1", bare)].add(bare)
        if len(bare) >= 7 and len(skeleton := _VOWELS.sub("", bare)) >= 4:
            self._skeletons[skeleton].add(bare)
        for key in with_letters_left_out(bare, very=english):
            self._near[key].add(bare)


def _root_of(word: str) -> str:
    """`-uma` and `-um` are the same root."""
    return word[:-1] if word.startswith("-") and word.endswith("a") and len(word) > 3 else word


def read_lexicon(folder: Path = LEXICON_FOLDER) -> Lexicon:
    """All concepts of a folder. Raises ValueError naming the concept at fault."""
    lexicon = Lexicon()
    plain: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        plain += tables.pop("plain", {}).get("words", "").split()
        for concept, table in tables.items():
            if concept in lexicon.kinds:
                raise ValueError(f"{path.name}: concept {concept!r} is defined twice")
            if table.get("kind") not in {"symptom", "function", "degree", "frame", "thing"}:
                raise ValueError(f"{path.name}: concept {concept!r} has no kind")
            for language in ("en", "sw"):
                forms = [form.strip() for form in table.get(language, "").split(",")]
                lexicon.add(concept, table["kind"], dict.fromkeys(filter(None, forms)), english=language == "en")
    lexicon.finish(plain)
    return lexicon


@cache
def the_lexicon() -> Lexicon:
    """The lexicon that ships with the system, read once."""
    return read_lexicon()
