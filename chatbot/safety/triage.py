"""Triage: which danger signs a message speaks of, and how soon to be seen. No model, no network, no state.

It runs before and beside every model. Both languages are always looked at; what is over ("the bleeding stopped")
weighs one level less; when it is not clear, the answer is to seek care. A rule that is doubtful says `soon` by itself.
The learned votes (`vote.py`) raise that to the rule's tier, to `urgent` what no rule calls so, and to `emergency` what
is no more than urgent so far; they never lower.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chatbot.safety.levels import LEVELS, Level, Triage
from chatbot.safety.patterns import Index, Pattern, match
from chatbot.safety.signs import Sign, all_signs
from chatbot.safety.vote import LEARNED_EMERGENCY, LEARNED_VOTE, Evidence, Vote, the_emergency_vote, the_vote
from chatbot.safety.words.clauses import told_outright
from chatbot.safety.words.framing import set_aside
from chatbot.safety.words.lexicon import the_lexicon
from chatbot.safety.words.measures import READINGS
from chatbot.safety.words.negation import mark_denied
from chatbot.safety.words.reading import Reading, read

_URGENT = LEVELS.index("urgent")
_BORN = frozenset({"after-birth", "newborn", "young-baby", "young-age", "placenta"})


@dataclass(frozen=True, slots=True)
class Match:
    """Why a sign was found, for the reviewer of the rules: the rule's text, never the message."""

    sign: Sign
    level: Level
    rule: str
    doubted: Level | None = None
    """What a doubtful rule would say if the vote agreed with it."""


def triage(message: str, stage: str | None = None) -> Triage:
    """The gravest level found and the ids of all signs found, gravest first.

    `stage` (preconception, antenatal, birth, postnatal) is what the app knows; the message's own words win over it.
    """
    found = matches(message, stage)
    if not found:
        return Triage()
    return Triage(found[0].level, tuple(one.sign.id for one in found))


def matches(message: str, stage: str | None = None, signs: Iterable[Sign] | None = None,
            with_vote: bool = True) -> tuple[Match, ...]:
    """Every sign found with the rule that found it, gravest first.

    `signs`: others than those in force, for a draft. `with_vote=False` leaves the vote out, to measure and train it.
    """
    reading = understood(message)
    chosen, facts = tuple(signs or all_signs()), _facts(reading, stage)
    found = _match_signs(chosen, reading, facts)
    if with_vote:
        seen = Evidence(reading)
        found = _agreed(found, seen)
        if _gravest(found) < _URGENT:
            found += _voted(LEARNED_VOTE, the_vote(), chosen, seen, facts)
        if _gravest(found) == _URGENT:
            found += _voted(LEARNED_EMERGENCY, the_emergency_vote(), chosen, seen, facts)
    return tuple(sorted(found, key=lambda one: -LEVELS.index(one.level)))


def understood(message: str) -> Reading:
    """A reading with what is denied, over, or only sounds alarming marked or set aside."""
    reading = read(message, the_lexicon())
    mark_denied(reading)
    set_aside(reading)
    return reading


def _agreed(found: list[Match], seen: Evidence) -> list[Match]:
    """Doubtful matches at the level their rule stands for, where the vote agrees; it is asked once, and only then."""
    if any(one.doubted for one in found) and the_vote().agrees(seen):
        return [replace(one, level=one.doubted) if one.doubted else one for one in found]
    return found


def _gravest(found: Iterable[Match]) -> int:
    return max((LEVELS.index(one.level) for one in found), default=0)


def _voted(name: str, vote: Vote, signs: Iterable[Sign], seen: Evidence, facts: set[str]) -> list[Match]:
    """What the signs that ask for a vote by its name say when it raises the message."""
    asking = [sign for sign in signs if any(name in need for pattern in sign.patterns for need in pattern.needs)]
    return _match_signs(asking, seen.reading, facts | {name}) if asking and vote.raises(seen) else []


def _match_signs(signs: Iterable[Sign], reading: Reading, facts: set[str]) -> list[Match]:
    index = Index(reading.mentions, facts)
    return [one for sign in signs if (one := _match_sign(sign, index, reading)) is not None]


def _match_sign(sign: Sign, index: Index, reading: Reading) -> Match | None:
    """The first rule that stands by itself and is not over; else the gravest of the rest.

    A doubtful rule stands by itself, too, where the message tells outright, or with a number, what it looks for.
    """
    weaker: list[Match] = []
    for pattern in sign.patterns:
        mentions = match(pattern, index)
        if mentions is None:
            continue
        over = any(mention.over for mention in mentions)
        plain = not over and (_reads(pattern, index) or told_outright(reading, mentions))
        doubtful = pattern.doubtful and not plain
        if not over and not doubtful:
            return Match(sign, sign.tier, pattern.text)
        level = LEVELS[max(1, LEVELS.index(sign.tier) - over)]
        found = Match(sign, level, pattern.text)
        weaker.append(replace(found, level="soon", doubted=level) if doubtful else found)
    return max(weaker, key=_weight, default=None)


def _reads(pattern: Pattern, index: Index) -> bool:
    """Whether it looks for a dangerous number, such as 38.9, and the message has one."""
    return any(concept in READINGS and index.has(concept) for need in pattern.needs for concept in need)


def _weight(one: Match) -> tuple[int, int]:
    return LEVELS.index(one.level), LEVELS.index(one.doubted or one.level)


def _facts(reading: Reading, stage: str | None) -> set[str]:
    """What the stage adds, unless the message itself says otherwise.

    A postnatal stage does not make bleeding usual: only the woman's own words do, for the app may be out of date.
    """
    said = {mention.concept for mention in reading.mentions}
    facts = {f"stage:{stage}"} if stage else set()
    if stage in {"antenatal", "birth"} and not said & _BORN:
        facts.add("pregnant")
    return facts
