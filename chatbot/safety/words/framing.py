"""Sentences that only sound alarming: a question for information, a story, a dream, somebody else's past, what is over.

Careful on purpose: a sentence is set aside only when nothing in it says that it is happening now or to the speaker.
"Is bleeding normal after birth?" is set aside; "I am bleeding, is it normal?" is not.
"""

from __future__ import annotations

import re

from chatbot.safety.words.clauses import (
    HAS_NOW,
    HAVING,
    UNREAL,
    USUALLY,
    WHENEVER,
    asserted,
    has_it_now,
    is_trouble,
    segments,
    told_in_the_past,
    usually,
)
from chatbot.safety.words.ended import mark_ended_well, treated
from chatbot.safety.words.reading import Mention, Reading

_OWNS = frozenset({"have", "having", "got", "am", "im", "ive", "my", "her", "his", "feel", "feeling", "started", "this",
                   "has", "experiencing", "nina", "ana", "niko", "ako", "nimepata", "amepata", "yangu", "wangu", "hii",
                   "getting", "keep", "keeps", "nikona", "nko", "mimi", "iam"})
_GENERIC = frozenset({"during", "after", "in", "for", "baada", "wakati", "kwa", "before", "kabla", "always", "ever"})
_MAY = frozenset({"can", "could", "does", "do", "will", "would", "might", "inaweza", "yaweza", "kunaweza", "unaweza",
                  "linaweza", "zinaweza", "yanaweza", "inaeza", "inaezana", "je"})
_EFFECT = frozenset({"cause", "causes", "harm", "hurt", "affect", "bring", "lead", "prevent", "prevented",
                     "kudhuru", "kuzuia", "kuzuiwa", "kumdhuru", "kuleta", "leta", "kusababisha", "kuharibu",
                     "haribu", "kuathiri", "huleta", "husababisha"})
_NORMAL = frozenset({"normal", "common", "kawaida"})
_IF = frozenset({"if", "incase", "ikiwa", "iwapo", "endapo"})
_REACH_OF_IF, _SHORTEST_WITH_JE = 8, 5
_BEGINS_A_CLAUSE = frozenset({"i", "it", "he", "she", "we", "they", ","})
_SPEAKS_OF_ME = re.compile(r"na[a-z]{4,}|ni(?!ni)[a-z]{3,}|[a-z]{1,4}ni[a-z]{3,}")
"""Swahili verbs with me in them: `natoka`, `nimeanguka`, `ananipiga`."""
_ASKING = frozenset({"nini", "gani", "ngapi", "vipi", "aje", "lini", "wapi", "what", "how", "which"})
_NOT_TOLD = frozenset({"today", "leo", "now", "sasa", "since", "tangu"})
_FIGURES_OF_SPEECH = frozenset({"threat", "very-ill", "die"})
_HARM_BY_ANIMALS = frozenset({"bite", "hit", "fall", "crash", "harm", "burn", "open-wound", "me", "hurt",
                               "pain", "poison", "swallow"})
"""With these an animal is what hurt her, not what the sentence is about."""
_LAUGHED_AWAY = _FIGURES_OF_SPEECH | {"breathless", "breathe"}


def set_aside(reading: Reading) -> None:
    """Drops the symptoms and functions of sentences that do not speak of a present trouble."""
    dropped: set[int] = set()
    for begin, finish in reading.sentences:
        asked = {mention.concept for mention in reading.between(begin, finish)}
        for start, end in segments(reading, begin, finish):
            here = reading.between(start, end)
            if (_about_others(reading, here, start, end, asked) or _told(reading, here, start, end)
                    or _of_animals(reading, here, start)):
                dropped |= {id(mention) for mention in here if mention.kind in UNREAL}
            elif _asks_about(reading, here, start) or _asks_in_general(reading, here, start, end):
                dropped |= {id(mention) for mention in here if mention.kind in UNREAL and not _despairs(mention)}
            dropped |= _supposed(reading, here, start, end, asked) | _in_jest(here)
        dropped |= treated(reading, reading.between(begin, finish), begin)
        mark_ended_well(reading, begin, finish)
    if dropped:
        reading.mentions = [mention for mention in reading.mentions if id(mention) not in dropped]


def _despairs(mention: Mention) -> bool:
    """`what is the use of living` is no question; `what is suicide` is one."""
    return mention.concept == "self-harm-words" and mention.end > mention.start


def _about_others(reading: Reading, here: list[Mention], start: int, end: int, asked: set[str]) -> bool:
    """Another person's past, or an earlier pregnancy; the first one is earlier when this one is spoken of as well."""
    concepts = asserted(here)
    if "first-one" in concepts and "this-time" in asked:
        concepts |= {"earlier"}
    if "just-now" in concepts or has_it_now(reading, here, start):
        return False
    if {"other-person", "past"} <= concepts or ("earlier" in concepts and "other-person" in concepts):
        return True
    return "earlier" in concepts and told_in_the_past(reading, concepts - {"earlier"}, start, end)


def _told(reading: Reading, here: list[Mention], start: int, end: int) -> bool:
    """A dream, a film, a sermon, a lesson: unless it goes on to say `I have` or `today`."""
    return ("told" in asserted(here) and not has_it_now(reading, here, start)
            and not _NOT_TOLD & set(reading.tokens[start:end]))


def _of_animals(reading: Reading, here: list[Mention], start: int) -> bool:
    """A sick goat, a day at the butchery, a word of faith: unless she goes on to say `I have`, or was hurt by it."""
    concepts = asserted(here)
    if not concepts & {"animal", "of-faith"} or has_it_now(reading, here, start):
        return False
    return "of-faith" in concepts or not concepts & _HARM_BY_ANIMALS


def _supposed(reading: Reading, here: list[Mention], start: int, end: int, asked: set[str]) -> set[int]:
    """`if my water breaks at night what should I carry`, `chupa ikipasuka nifanye nini`: a plan, not an event."""
    now = any(mention.concept == "just-now" and not WHENEVER.fullmatch(reading.tokens[mention.start])
              for mention in here)
    asking = asked & {"what-to-do", "asks-about", "supposes"} or any(map(_asks, reading.tokens[start:end]))
    if now or not asking:
        return set()
    supposed = set()
    for mention in here:
        span = reading.tokens[mention.start : mention.end + 1]
        before = reading.tokens[max(start, mention.start - _REACH_OF_IF) : mention.start]
        whenever = any(map(WHENEVER.fullmatch, span)) or any(map(HAVING.fullmatch, before[-2:]))
        if mention.kind in UNREAL and (whenever or _follows_if(before)):
            supposed.add(id(mention))
    return supposed


def _asks(token: str) -> bool:
    """A question word, or a Swahili verb with -je: `humsaidiaje`."""
    return token in _ASKING or (len(token) > _SHORTEST_WITH_JE and token.endswith("je"))


def _follows_if(before: list[str]) -> bool:
    """`if it bleeds`, not `if I stand I faint`, whose second clause tells what happens to her."""
    at = next((place for place, token in enumerate(before) if token in _IF), None)
    if at is None or HAS_NOW & set(before[at:]):
        return False
    return sum(token in _BEGINS_A_CLAUSE for token in before[at + 1 :]) <= 1 and "," not in before[at:]


def _in_jest(here: list[Mention]) -> set[int]:
    """`my boss will kill me haha`, `dying for mangoes`: what is said in jest is no threat and no illness."""
    concepts = asserted(here)
    if not concepts & {"jest", "eager"} or "partner" in concepts:
        return set()
    meant = _LAUGHED_AWAY if "jest" in concepts else _FIGURES_OF_SPEECH
    return {id(mention) for mention in here if mention.concept in meant}


def _asks_about(reading: Reading, here: list[Mention], start: int) -> bool:
    concepts = asserted(here)
    if "supposes" in concepts and "just-now" not in concepts and not has_it_now(reading, here, start):
        return True
    return "asks-about" in concepts and "just-now" not in concepts and not _present(reading, here, start)


def _present(reading: Reading, here: list[Mention], start: int) -> bool:
    """Whether somebody has the trouble: `i have`, `my`, `this`, `nina` shortly before a symptom."""
    for mention in here:
        if is_trouble(mention):
            before = reading.tokens[max(start, mention.start - 2) : mention.start]
            if _OWNS & set(before) or reading.tokens[mention.start - 1 : mention.start] == ["i"]:
                return True
    return False


def _asks_in_general(reading: Reading, here: list[Mention], start: int, end: int) -> bool:
    """`is bleeding normal after birth`, `can stress cause bleeding`: no speaker, no time, and a general setting."""
    concepts = asserted(here)
    words = set(reading.tokens[start:end])
    if "just-now" in concepts or words & _OWNS:
        return False
    if words & _MAY and words & _EFFECT and "self" not in concepts:
        return True
    if usually(reading, start, end) and words & _ASKING and "self" not in concepts and not any(
            map(_SPEAKS_OF_ME.fullmatch, words)) and not any(
            USUALLY.fullmatch(reading.tokens[mention.start]) for mention in here if is_trouble(mention)):
        return True
    asks = any(mention.concept == "asks-if" and (mention.start == start or mention.end > mention.start
               or reading.tokens[mention.start] in _NORMAL) for mention in here)
    if not asks or concepts & {"self", "severe", "heavy", "always", "week-count"}:
        return False
    return bool(words & _GENERIC) and not any(mention.kind == "function" and mention.denied for mention in here)
