"""The clauses of a sentence and when they speak of: now, then, usually, or only if.

What framing asks about a clause before it decides whether it tells of a present trouble.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.safety.words.reading import Mention, Reading

TURNS = frozenset({"but", "lakini", "ila", "however", "though", "although", "lkn", "bt", "ingawa", "yet", "japo"})
NOW = frozenset({"now", "sasa", "sai", "saii", "sahii", "today", "leo"})
HAS_NOW = frozenset({"have", "having", "am", "im", "ive", "nina", "niko", "nko", "iam", "keep", "keeps", "still",
                      "has", "ana", "ako"})
WHENEVER = re.compile(r"(?:ni|u|a|tu|m|wa|i|li|ya|zi|ki|vi|ku|pa)ki[a-z]{3,}")
"""Swahili -ki-, "if" or "when": `ikipasuka`, `nikianza`; code-mix too: `ikibreak`."""
HAVING = re.compile(r"(?:ni|u|a|tu|m|wa|i|li|ya|zi|ki|vi)ki(?:wa|pata|anza|zaliwa|pat|get|start)")
"""The same of a helping verb: `akiwa na homa`, `akipata homa`."""
USUALLY = re.compile(r"hu(?!yu|yo|ko|ku|ru|sika|enda|wezi|jui|na)[a-z]{4,}")
"""Swahili hu-, what usually happens: `huwekwa kwenye taa`, `hutibiwa`."""
DID = re.compile(
    r"(?:ni|u|a|tu|m|wa|i|li|ya|zi|ki|vi|ku)li[a-z]{3,}|[a-z]{2,}[^e]ed|fell|broke|bled|lost|had|was|were")
"""A past tense: Swahili -li- (`nilitoka`, `nilibleed`), English -ed and a few that are irregular."""
_I_AM = frozenset({"am", "im", "iam", "nina", "nikona"})
_WHO = frozenset({"i", "she", "he", "we"})
_AGAIN = frozenset({"again", "tena"})
NO_TROUBLE = frozenset({"known", "week-count", "early-weeks", "preterm-weeks", "term-weeks", "days-count"})
UNREAL = frozenset({"symptom", "function", "degree"})


def segments(reading: Reading, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, cut at `but`, at `and now` and at `, now`."""
    tokens = reading.tokens
    begin = start
    for position in range(start, end):
        following = [word for word in tokens[position + 1 : min(position + 3, end)] if word != "not"]
        if tokens[position] in TURNS or (tokens[position] in {"and", "na", ",", "then"} and NOW & set(following[:1])):
            yield begin, position
            begin = position
    yield begin, end


def asserted(mentions: list[Mention]) -> set[str]:
    """The concepts that are not denied."""
    return {mention.concept for mention in mentions if not mention.denied}


def told_in_the_past(reading: Reading, concepts: set[str], start: int, end: int) -> bool:
    """A past tense, or a time that is over; `concepts` are those of the clause."""
    return bool(concepts & {"past", "earlier", "last-week"}) or any(map(DID.fullmatch, reading.tokens[start:end]))


def is_trouble(mention: Mention) -> bool:
    """A symptom or a function, not an age or an everyday verb."""
    return mention.kind in {"symptom", "function"} and mention.concept not in NO_TROUBLE


def has_it_now(reading: Reading, here: list[Mention], start: int) -> bool:
    """Whether `am`, `have`, `nina` stands with a symptom."""
    return any(HAS_NOW & set(reading.tokens[max(start, mention.start - 2) : mention.end + 1])
               for mention in here if is_trouble(mention))


def told_outright(reading: Reading, found: list[Mention]) -> bool:
    """`i am bleeding`, `nina homa`, `my bleeding today`, `bleeding again`, a baby that does not move: no vote."""
    return any(_outright(reading, mention) for mention in found if mention.sentence >= 0 and is_trouble(mention))


def _outright(reading: Reading, mention: Mention) -> bool:
    tokens, start = reading.tokens, mention.start
    if mention.denied:
        return mention.concept == "move"
    if mention.kind != "symptom" or mention.over:
        return False
    before, after = set(tokens[max(0, start - 2) : start]), set(tokens[mention.end + 1 : mention.end + 3])
    if _I_AM & before or ("have" in before and _WHO & set(tokens[max(0, start - 4) : start])) or _AGAIN & after:
        return True
    begin, finish = next(one for one in reading.sentences if one[0] <= start < one[1])
    return tokens[start - 1 : start] == ["my"] and "just-now" in asserted(reading.between(begin, finish))


def usually(reading: Reading, start: int, end: int) -> bool:
    """Whether a verb says what usually happens."""
    return any(USUALLY.fullmatch(token) for token in reading.tokens[start:end])
