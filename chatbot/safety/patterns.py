"""The rule language of the sign files, and how a rule meets a reading.

    "headache vision"            both, within seven words of each other in one sentence
    "headache vision @20"        within twenty words
    "headache & vision"          both, anywhere in the message
    "baby !move|still"           a baby, and either a denied `move` ("not moving") or `still`
    "bleed ^after-birth"         bleeding, and no mention of a birth anywhere in the message
    "pain severe ~mild"          no `mild` within three words of anything that was found
    "? blood & pregnant"         a doubtful rule: it says `soon`, and the learned vote raises that to the sign's tier

A name is a concept of the lexicon or of `measures.py`, a stage fact (`stage:antenatal`), `learned-vote` or
`learned-emergency` (`vote.py`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chatbot.safety.words.reading import Mention

WINDOW, NEAR = 7, 3
_DOUBTFUL = "? "
_TERM = re.compile(r"!?[a-z0-9:-]+(?:\|!?[a-z0-9:-]+)*")
Find = Callable[[str], list[Mention]]


@dataclass(frozen=True, slots=True)
class Group:
    """Terms that stand together; a term is its alternatives as (concept, denied)."""

    terms: tuple[tuple[tuple[str, bool], ...], ...]
    window: int
    not_near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One rule of a sign."""

    text: str
    groups: tuple[Group, ...]
    nowhere: tuple[str, ...]
    needs: tuple[frozenset[str], ...]
    """Of each of these sets the message must mention one concept: most rules are out at a glance."""
    doubtful: bool = False
    """It has cried wolf, so it wants the vote's agreement."""

    @property
    def rule(self) -> str:
        """The text without the mark of doubt."""
        return self.text.removeprefix(_DOUBTFUL)

    def concepts(self) -> set[str]:
        """Every concept the rule names."""
        named = {concept for group in self.groups for term in group.terms for concept, _ in term}
        barred = [*self.nowhere, *(concept for group in self.groups for concept in group.not_near)]
        return named | {concept.lstrip("!") for concept in barred}


class Index:
    """Mentions by concept; things are found whether denied or not."""

    def __init__(self, mentions: Iterable[Mention], facts: Iterable[str] = ()) -> None:
        self._by_concept: dict[str, list[Mention]] = defaultdict(list)
        for mention in mentions:
            self._by_concept[mention.concept].append(mention)
        for fact in facts:
            self._by_concept[fact].append(Mention(fact, "thing", 0, 0, -1))
        self.said = frozenset(self._by_concept)

    def has(self, concept: str) -> bool:
        """Whether the message mentions it; `!fever`: whether it denies it."""
        if concept.startswith("!"):
            return bool(self.find(concept[1:], True))
        return any(mention.kind == "thing" or not mention.denied for mention in self._by_concept.get(concept, ()))

    def find(self, concept: str, denied: bool) -> list[Mention]:
        return [mention for mention in self._by_concept.get(concept, ())
                if mention.denied == denied or (mention.kind == "thing" and not denied)]


def parse(text: str) -> Pattern:
    """Raises ValueError for a rule that cannot be read."""
    groups: list[Group] = []
    nowhere: list[str] = []
    rule = text.removeprefix(_DOUBTFUL)
    near = tuple(concept for word in rule.split() if word[0] == "~" for concept in word[1:].split("|"))
    for part in rule.split(" & "):
        terms, window = [], WINDOW
        for word in part.split():
            if word[0] == "@":
                window = int(word[1:])
            elif word[0] == "^":
                nowhere += word[1:].split("|")
            elif word[0] == "~":
                continue
            elif _TERM.fullmatch(word):
                terms.append(tuple((one.lstrip("!"), one.startswith("!")) for one in word.split("|")))
            else:
                raise ValueError(f"cannot read {word!r} in rule {text!r}")
        if not terms:
            raise ValueError(f"nothing to find in rule {text!r}")
        groups.append(Group(tuple(terms), window, near))
    needs = tuple(frozenset(concept for concept, _ in term) for group in groups for term in group.terms)
    return Pattern(text, tuple(groups), tuple(nowhere), needs, rule != text)


def match(pattern: Pattern, index: Index) -> list[Mention] | None:
    """The mentions that satisfy the rule, or None. The first set that is not over is preferred."""
    for need in pattern.needs:
        if need.isdisjoint(index.said):
            return None
    if any(index.has(concept) for concept in pattern.nowhere):
        return None
    found: list[Mention] = []
    for group in pattern.groups:
        together = _match_group(group, index)
        if together is None:
            return None
        found += together
    return found


def _match_group(group: Group, index: Index) -> list[Mention] | None:
    candidates = []
    for term in group.terms:
        mentions = [mention for concept, denied in term for mention in index.find(concept, denied)]
        if not mentions:
            return None
        candidates.append(mentions)
    blockers = [mention for concept in group.not_near for mention in index.find(concept, False)]
    past: list[Mention] | None = None
    for anchor in candidates[0]:
        chosen = _around(anchor, candidates[1:], group.window)
        if chosen is None or any(_distance(blocker, one) <= NEAR for blocker in blockers for one in chosen):
            continue
        if not any(one.over for one in chosen):
            return chosen
        past = past or chosen
    return past


def _around(anchor: Mention, others: list[list[Mention]], window: int) -> list[Mention] | None:
    chosen = [anchor]
    for mentions in others:
        near = [one for one in mentions if one.sentence in {anchor.sentence, -1} or anchor.sentence == -1]
        near = [one for one in near if one.sentence == -1 or anchor.sentence == -1 or _distance(anchor, one) <= window]
        if not near:
            return None
        chosen.append(min(near, key=lambda one: (one.over, _distance(anchor, one))))
    return chosen


def _distance(one: Mention, other: Mention) -> int:
    if one.sentence != other.sentence:
        return 1_000_000
    return max(0, max(one.start, other.start) - min(one.end, other.end))
