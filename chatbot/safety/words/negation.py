"""How far a "no" reaches. After NegEx (Chapman 2001, https://doi.org/10.1006/jbin.2001.1029), for English and Swahili.

"not" denies what follows it until the clause ends or a verb has taken it: in "it won't stop bleeding" the negation
belongs to `stop`, so the bleeding stands. "sina", "hakuna" and "without" reach over a list joined by "or" and "wala".
"""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.safety.words.reading import Mention, Reading

REACH, REACH_OF_CANNOT, REACH_OF_A_VERB = 6, 3, 3
_CARRIES_ON = frozenset({"feel", "come-out"})
"""A negated `feel` or `come out` also denies its object: `sisikii maumivu`, `hatoki damu`."""
_AFTERWARDS = frozenset({"hakuna", "hamna", "sina", "hana", "haina", "no", "none", "zero", "haitoki", "haijatoka"})
_OWN_NEGATION = ("si", "ha", "no", "dont", "cant", "cannot", "wont", "doesnt")
"""A phrase that begins so carries its own negation (`sina furaha`, `nothing stays down`)."""
_SPEAKER = frozenset({"i", "im", "am", "iam", "nina", "niko", "nko", "ive"})
_HEALTHY = frozenset({"move", "breathe", "suckle", "cry", "respond"})
_CLAUSE = frozenset({"but", "because"})


@dataclass(slots=True)
class _Scope:
    until: int = -1
    wide: bool = False

    def open(self, position: int, reach: int, wide: bool = False) -> None:
        self.until, self.wide = position + reach, wide

    def close(self) -> None:
        self.until = -1


def mark_denied(reading: Reading) -> None:
    """Sets `denied` and `over` on the mentions of a reading."""
    for start, end in reading.sentences:
        mentions = reading.between(start, end)
        starting: dict[int, list[Mention]] = {}
        for mention in mentions:
            starting.setdefault(mention.start, []).append(mention)
        listing = any(mention.concept in {"or", "any"} for mention in mentions)
        scope = _Scope()
        for position in range(start, end):
            if reading.tokens[position] == "," and not listing:
                scope.close()
            _step(scope, position, starting.get(position, []), reading.tokens[position], listing)
        _mark_afterwards(reading, mentions, end)
        _mark_over(mentions)


def _step(scope: _Scope, position: int, here: list[Mention], token: str, listing: bool) -> None:
    concepts = {mention.concept for mention in here}
    opening = concepts & {"not", "cannot"}
    if (concepts & _CLAUSE and not opening and not (token in {"and", "na"} and listing)) or token in _SPEAKER:
        scope.close()
    taken = False
    for mention in here:
        if mention.concept in {"not", "cannot", "any", "or"}:
            continue
        inside = position <= scope.until and not (mention.end > mention.start and token.startswith(_OWN_NEGATION))
        carries = mention.denied and mention.concept in _CARRIES_ON
        if mention.kind in {"symptom", "function", "degree"} and inside:
            mention.denied = not mention.denied
        taken = taken or (inside and mention.kind in {"function", "degree"} and mention.concept not in _CARRIES_ON)
        if carries:
            scope.open(position, REACH_OF_A_VERB)
    if taken:
        scope.close()
    if opening:
        scope.open(position, REACH_OF_CANNOT if opening == {"cannot"} else REACH)


def _mark_afterwards(reading: Reading, mentions: list[Mention], end: int) -> None:
    """`homa hakuna`, `bleeding no`: the negation stands after its noun and closes the clause."""
    clause_ends = {",", "na", "and", "wala", "au"}
    for mention in mentions:
        after = mention.end + 1
        if mention.kind == "symptom" and after < end and reading.tokens[after] in _AFTERWARDS and (
                after + 1 == end or reading.tokens[after + 1] in clause_ends
                or any(m.concept == "but" for m in mentions if m.start == after + 1)):
            mention.denied = True


def _mark_over(mentions: list[Mention]) -> None:
    """`the bleeding stopped`, `homa imeisha`; not `stopped moving`."""
    for ending in mentions:
        if ending.concept != "resolved" or ending.denied or _is_denied_at(mentions, ending.start):
            continue
        if any(m.concept in _HEALTHY and 0 < m.start - ending.end <= 3 for m in mentions):
            continue
        for mention in mentions:
            if mention.kind == "symptom" and 0 < ending.start - mention.end <= 4 and not any(
                    m.concept == "but" and mention.end < m.start < ending.start for m in mentions):
                mention.over = True


def _is_denied_at(mentions: list[Mention], position: int) -> bool:
    return any(mention.denied for mention in mentions if mention.start <= position <= mention.end)
