"""What is over: treated, recovered from, or told in the past with a good end."""

from __future__ import annotations

from chatbot.safety.words.clauses import NOW, UNREAL, asserted, is_trouble, segments, told_in_the_past
from chatbot.safety.words.reading import Mention, Reading

_RECOVERED_FROM = 3
"""So many words after `recovered from` still belong to it."""


def treated(reading: Reading, here: list[Mention], start: int) -> set[int]:
    """What stands before `and was treated`, right after `recovered from`, or, long ago, before `fine now`: ids to drop.

    What was not long ago and is only said to be fine now is marked as over, and so weighs one level less.
    """
    dropped: set[int] = set()
    for ending in here:
        if ending.concept not in {"treated", "well"} or ending.denied:
            continue
        before = [mention for mention in here if mention.end < ending.start and mention.kind in UNREAL]
        since = [mention for mention in here if mention.concept == "just-now" and mention.end < ending.start - 2]
        if since:
            continue
        if ending.concept == "treated":
            dropped |= {id(mention) for mention in [*before, *_recovered_from(reading, here, ending)]}
        elif asserted(here) & {"earlier", "last-week"}:
            dropped |= {id(mention) for mention in before}
        elif told_in_the_past(reading, asserted(here), start, ending.start):
            _over(before)
    return dropped


def _recovered_from(reading: Reading, here: list[Mention], ending: Mention) -> list[Mention]:
    last = reading.tokens[ending.end]
    if last not in {"over", "from"} and not last.endswith("pona"):
        return []
    return [mention for mention in here if 0 < mention.start - ending.end <= _RECOVERED_FROM]


def _over(mentions: list[Mention]) -> None:
    for mention in mentions:
        mention.over = True


def mark_ended_well(reading: Reading, begin: int, finish: int) -> None:
    """`nilitapika mpaka nikalazwa, sasa nakula vizuri`: told in the past, and the part that begins with now is well."""
    before: list[Mention] = []
    told = False
    for start, end in segments(reading, begin, finish):
        here = reading.between(start, end)
        if told and NOW & set(reading.tokens[start : start + 3]):
            if asserted(here) & {"known", "well", "thanks"} and not any(is_trouble(mention) for mention in here):
                _over(before)
            return
        told = told_in_the_past(reading, asserted(here), start, end) and "just-now" not in asserted(here)
        before = [mention for mention in here if mention.kind in UNREAL]
