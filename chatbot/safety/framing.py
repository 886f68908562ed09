"""Sentences that only sound alarming: a question for information, somebody else's past, an earlier pregnancy.

Careful on purpose: a sentence is set aside only when nothing in it says that it is happening now or to the speaker.
"Is bleeding normal after birth?" is set aside; "I am bleeding, is it normal?" is not.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatbot.safety.reading import Mention, Reading

_TURNS = frozenset({"but", "lakini", "ila", "however", "though", "although", "lkn", "bt", "ingawa"})
_OWNS = frozenset({"have", "having", "got", "am", "im", "ive", "my", "her", "his", "feel", "feeling", "started", "this",
                   "has", "experiencing", "nina", "ana", "niko", "ako", "nimepata", "amepata", "yangu", "wangu", "hii",
                   "getting", "keep", "keeps", "nikona", "nko", "mimi", "iam"})
_GENERIC = frozenset({"during", "after", "in", "for", "baada", "wakati", "kwa", "before", "kabla"})


def set_aside(reading: Reading) -> None:
    """Drops the symptoms and functions of sentences that do not speak of a present trouble."""
    dropped: set[int] = set()
    for start, end in _segments(reading):
        here = reading.between(start, end)
        if _about_others(here) or _asks_about(reading, here, start) or _asks_in_general(reading, here, start, end):
            dropped |= {id(mention) for mention in here if mention.kind in {"symptom", "function", "degree"}}
    if dropped:
        reading.mentions = [mention for mention in reading.mentions if id(mention) not in dropped]


def _segments(reading: Reading) -> Iterator[tuple[int, int]]:
    """Sentences, cut at `but` and at `and now`."""
    tokens = reading.tokens
    for start, end in reading.sentences:
        begin = start
        for position in range(start, end):
            following = tokens[position + 1] if position + 1 < end else ""
            if tokens[position] in _TURNS or (tokens[position] in {"and", "na"} and following in {"now", "sasa"}):
                yield begin, position
                begin = position
        yield begin, end


def _concepts(mentions: list[Mention]) -> set[str]:
    return {mention.concept for mention in mentions if not mention.denied}


def _about_others(here: list[Mention]) -> bool:
    concepts = _concepts(here)
    if "just-now" in concepts:
        return False
    return {"other-person", "past"} <= concepts or {"earlier", "past"} <= concepts or (
        "earlier" in concepts and "other-person" in concepts)


def _asks_about(reading: Reading, here: list[Mention], start: int) -> bool:
    concepts = _concepts(here)
    if "supposes" in concepts and "just-now" not in concepts:
        return True
    return "asks-about" in concepts and "just-now" not in concepts and not _present(reading, here, start)


def _present(reading: Reading, here: list[Mention], start: int) -> bool:
    """Whether somebody has the trouble: `i have`, `my`, `this`, `nina` shortly before a symptom."""
    for mention in here:
        if mention.kind in {"symptom", "function"} and mention.concept != "known":
            before = reading.tokens[max(start, mention.start - 2) : mention.start]
            if _OWNS & set(before) or reading.tokens[mention.start - 1 : mention.start] == ["i"]:
                return True
    return False


def _asks_in_general(reading: Reading, here: list[Mention], start: int, end: int) -> bool:
    """`is bleeding normal after birth`: no speaker, no number, no severity, no time, and a general setting."""
    concepts = _concepts(here)
    if "asks-if" not in concepts or concepts & {"self", "just-now", "severe", "heavy", "always", "week-count"}:
        return False
    words = set(reading.tokens[start:end])
    return bool(words & _GENERIC) and not words & _OWNS and not any(
        mention.kind == "function" and mention.denied for mention in here)
