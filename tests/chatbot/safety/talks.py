"""What reading several turns together does, on the dev half: `python -m tests.chatbot.safety.talks`.

Emergencies are told in two turns, cut at a clause or in half; routine messages follow each other, or an urgent one.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterable

from chatbot.safety.levels import LEVELS
from chatbot.safety.talk import triage_in_talk
from chatbot.safety.triage import triage
from tests.chatbot.safety.measuring import messages

SEED, TRIPLES, PAIRS = 3, 300, 200
_CLAUSE = re.compile(r"(?<=[,.;])\s+| and | na ")
Turns = tuple[str, str]


def halves(text: str) -> Turns | None:
    words = text.split()
    middle = len(words) // 2
    return (" ".join(words[:middle]), " ".join(words[middle:])) if middle >= 3 else None


def clauses(text: str) -> Turns | None:
    first, *rest = _CLAUSE.split(text, maxsplit=1)
    return (first, rest[0]) if rest and min(len(first.split()), len(rest[0].split())) >= 2 else None


def told_in_two(emergencies: Iterable[str], cut: Callable[[str], Turns | None]) -> tuple[int, int, int]:
    """How many could be cut; of how many a turn alone is an emergency; of how many the talk is."""
    turns = [two for text in emergencies if (two := cut(text)) is not None]
    alone = sum("emergency" in {triage(first).level, triage(second).level} for first, second in turns)
    talk = sum("emergency" in {triage(first).level, triage_in_talk(second, [first]).level} for first, second in turns)
    return len(turns), alone, talk


def raised(message: str, before: list[str]) -> bool:
    """Whether what went before makes an alarm of a message that is none alone."""
    level, alone = triage_in_talk(message, before).level, triage(message).level
    return LEVELS.index(level) > max(LEVELS.index("soon"), LEVELS.index(alone))


def main() -> int:
    by_tier = {tier: [one.text for one in messages("dev") if one.tier == tier] for tier in LEVELS}
    for name, cut in (("a clause", clauses), ("the middle", halves)):
        count, alone, talk = told_in_two(by_tier["emergency"], cut)
        print(f"emergencies cut at {name}: {talk} of {count} called one, {alone} without the talk")
    chance = random.Random(SEED)
    triples = [chance.sample(by_tier["none"], 3) for _ in range(TRIPLES)]
    print(f"routine triples raised: {sum(raised(last, before) for *before, last in triples)} of {TRIPLES}")
    pairs = [(chance.choice(by_tier["urgent"]), chance.choice(by_tier["none"])) for _ in range(PAIRS)]
    print(f"routine messages raised after an urgent one: {sum(raised(last, [one]) for one, last in pairs)} of {PAIRS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
