"""Danger signs told over several turns: "I have a headache" ... "and now I see spots".

A message is first read alone, and what is found there stands. Then the rules read it together with the few turns before
it, and what only both together say is added: a sign that neither the message nor what went before it held already. So
it raises and never lowers, one alarm is not repeated at every later turn, and a first message is read as ever. Of the
learned vote a talk has only its agreement with doubtful rules: alone it judges single messages, as it was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chatbot.safety.levels import LEVELS, Level, Triage
from chatbot.safety.triage import Match, matches, triage
from chatbot.safety.vote import LEARNED_EMERGENCY, LEARNED_VOTE

TURNS = 3
"""Turns before the message that are read with it."""
WITHIN = timedelta(hours=6)
"""How old a turn may be where its time is known: a headache of this morning belongs to the spots of this afternoon."""
MOST_CHARACTERS = 1_500
"""Of the turns before, together, and of the message: a reading stays under 50 ms. A turn is left out whole, since half
of one could lose its "no"; a longer message is read alone."""


def triage_in_talk(message: str, earlier: Sequence[str], stage: str | None = None) -> Triage:
    """What a message says, alone and with the turns before it.

    Args:
        message: the newest turn, as `triage` takes it.
        earlier: the same person's turns before it, oldest first.
        stage: as `triage` takes it.
    """
    turns = [*_latest(earlier, message), message] if len(message) <= MOST_CHARACTERS else [message]
    alone = [matches(turn, stage) for turn in turns]
    found = _as_triage(alone[-1])
    if found.level == "emergency" or len(turns) == 1:
        return found
    telling = [bool(one) for one in alone]
    known = [*_by_rules(matches(_joined(turns[:-1], telling[:-1]), stage)), *(one for some in alone for one in some)]
    together = _by_rules(matches(_joined(turns, telling), stage))
    return merged(found, _as_triage([one for one in together if _is_new(one, known)]))


def triage_of_turns(turns: Sequence[str], new: int) -> Triage:
    """What the `new` last turns of one person say: each of them, the latest in the light of the turns before it.

    `new` is 1 or more. Many turns cost no more than their length: only the last `TURNS` + 1 are read together.
    """
    first, together = len(turns) - new, len(turns) - TURNS - 1
    return merged(*(triage_in_talk(turns[at], turns[:at]) if at >= together else triage(turns[at])
                    for at in range(first, len(turns))))


def merged(*found: Triage) -> Triage:
    """The gravest level, and all signs, those of the gravest first."""
    gravest_first = sorted(found, key=lambda one: -LEVELS.index(one.level))
    level: Level = gravest_first[0].level if gravest_first else "none"
    return Triage(level, tuple(dict.fromkeys(sign for one in gravest_first for sign in one.signs)))


def _latest(earlier: Sequence[str], message: str) -> list[str]:
    """The last turns that fit into the limits, oldest first. A message that is sent again stands where it stood."""
    if message in earlier:
        earlier = earlier[:earlier.index(message)]
    kept: list[str] = []
    for turn in reversed(earlier[-TURNS:]):
        if sum(map(len, kept)) + len(turn) > MOST_CHARACTERS:
            break
        kept.append(turn)
    return kept[::-1]


def _joined(turns: Sequence[str], telling: Sequence[bool]) -> str:
    """The turns as one text. The last one goes on where the one before it ended ("I have a headache" ... "so severe")
    when one of the two tells of a sign by itself; any other turn ends its sentence, so that none of its words is near
    one of the next."""
    *before, last = turns
    if not before:
        return last
    goes_on = telling[-1] or telling[-2]
    return "\n".join(before).rstrip(" .!\n") + (", " if goes_on else "\n") + last


def _by_rules(found: Sequence[Match]) -> list[Match]:
    """Without what the learned vote raised."""
    return [one for one in found if one.rule not in {LEARNED_VOTE, LEARNED_EMERGENCY}]


def _is_new(one: Match, known: Sequence[Match]) -> bool:
    return not any(old.sign.id == one.sign.id and LEVELS.index(old.level) >= LEVELS.index(one.level) for old in known)


def _as_triage(found: Sequence[Match]) -> Triage:
    return Triage(found[0].level, tuple(one.sign.id for one in found)) if found else Triage()
