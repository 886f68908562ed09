"""How well the lint sees, rule by rule: `python -m tests.chatbot.quizzes.lint.score [dev|held-out] [--errors]`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from chatbot.quizzes.lint import RULES
from tests.chatbot.quizzes.lint.flawed import Case, cases

BLOCKING = frozenset(rule.id for rule in RULES if rule.severity == "block")


@dataclass
class Score:
    """Counts by rule id."""

    caught: Counter[str] = field(default_factory=Counter)
    flaws: Counter[str] = field(default_factory=Counter)
    false_alarms: Counter[str] = field(default_factory=Counter)
    near_misses: Counter[str] = field(default_factory=Counter)
    blocked: int = 0
    """Items without a blocking flaw that were blocked."""
    sound: int = 0
    """Items without a blocking flaw."""
    errors: list[str] = field(default_factory=list)

    def recall(self, rules: Iterable[str]) -> float:
        rules = list(rules)
        return sum(self.caught[rule] for rule in rules) / max(1, sum(self.flaws[rule] for rule in rules))

    @property
    def false_blocks(self) -> float:
        return self.blocked / max(1, self.sound)


def scored(some: Iterable[Case]) -> Score:
    score = Score()
    for case in some:
        found = {finding.rule for finding in case.findings()}
        score.flaws.update(case.fires)
        score.caught.update(case.fires & found)
        score.near_misses.update(case.quiet)
        score.false_alarms.update(case.quiet & found)
        if not case.fires & BLOCKING:
            score.sound += 1
            score.blocked += bool(found & BLOCKING)
        wrong = (case.fires - found) | (case.quiet & found) | ((found - case.fires) & BLOCKING)
        if wrong:
            score.errors.append(f"{case.name}: wanted {sorted(case.fires)}, found {sorted(found)}: "
                                f"{case.items[0].stem[:70]!r} {[option[:40] for option in case.items[0].options]}")
    return score


def main(arguments: list[str]) -> None:
    wanted = {"dev": (False,), "held-out": (True,)}.get(arguments[0] if arguments else "", (False, True))
    score = scored(case for case in cases() if case.held_out in wanted)
    print(f"{'rule':28} {'severity':9} caught  false alarms")
    for rule in RULES:
        print(f"{rule.id:28} {rule.severity:9} {score.caught[rule.id]:2}/{score.flaws[rule.id]:<3}  "
              f"{score.false_alarms[rule.id]:2}/{score.near_misses[rule.id]}")
    warning = [rule.id for rule in RULES if rule.id not in BLOCKING]
    print(f"blocking flaws caught: {score.recall(BLOCKING):.1%}; warnings: {score.recall(warning):.1%}; "
          f"false blocks: {score.blocked}/{score.sound} = {score.false_blocks:.1%}")
    if "--errors" in arguments:
        print("\n".join(score.errors))


if __name__ == "__main__":
    main(sys.argv[1:])
