"""The suite: every example of every sign must reach its tier, and no counter-example may raise its sign.

A sign must be found itself: that another one is found in its example, or the learned vote, does not count for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.safety.levels import LEVELS, Level
from chatbot.safety.signs import Sign
from chatbot.safety.triage import matches


@dataclass(frozen=True, slots=True)
class Failure:
    """One message that was not triaged as its sign says."""

    message: str
    wanted: Literal["found", "not found"]
    level: Level
    """What was found instead, all signs together."""
    rule: str = ""
    """The rule that raised the sign against a counter-example."""


@dataclass(frozen=True, slots=True)
class SignResult:
    """How one sign did."""

    sign: str
    tried: int
    failures: tuple[Failure, ...]
    milliseconds: float
    """Of all its messages together."""


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How all signs did."""

    signs: tuple[SignResult, ...]
    milliseconds: float
    slowest: float
    """Milliseconds of the slowest message."""

    @property
    def tried(self) -> int:
        return sum(one.tried for one in self.signs)

    @property
    def failed(self) -> tuple[SignResult, ...]:
        return tuple(one for one in self.signs if one.failures)

    @property
    def worst_first(self) -> tuple[SignResult, ...]:
        return tuple(sorted(self.signs, key=lambda one: -len(one.failures)))

    @property
    def passed(self) -> bool:
        return not self.failed


def run_suite(signs: Sequence[Sign]) -> SuiteResult:
    """Try every example and counter-example of these signs on these signs. About half a second."""
    results: list[SignResult] = []
    slowest = 0.0
    for sign in signs:
        failures, took = [], 0.0
        messages = [(one, True) for one in sign.examples] + [(one, False) for one in sign.counter_examples]
        for message, wanted in messages:
            began = time.perf_counter()
            failure = _try(message, sign, signs, wanted=wanted)
            spent = (time.perf_counter() - began) * 1_000
            took, slowest = took + spent, max(slowest, spent)
            failures += [failure] if failure else []
        results.append(SignResult(sign.id, len(messages), tuple(failures), took))
    return SuiteResult(tuple(results), sum(one.milliseconds for one in results), slowest)


def blocking(result: SuiteResult, before: Sequence[Sign], after: Sequence[Sign]) -> tuple[str, ...]:
    """The signs whose failures keep `after` from being published: those it changes, and those that it makes worse.

    What fails in `before` already, in a sign that stays as it is, must not keep anybody from mending another.
    """
    if result.passed:
        return ()
    old = {sign.id: sign for sign in before}
    known = {(one.sign, failure) for one in run_suite(before).failed for failure in one.failures}
    changed = {sign.id for sign in after if sign != old.get(sign.id)}
    return tuple(one.sign for one in result.failed
                 if one.sign in changed or any((one.sign, failure) not in known for failure in one.failures))


def _try(message: str, sign: Sign, signs: Sequence[Sign], *, wanted: bool) -> Failure | None:
    found = matches(message, signs=signs)
    level: Level = found[0].level if found else "none"
    rule = next((one.rule for one in found if one.sign.id == sign.id), None)
    if wanted:
        reached = rule is not None and LEVELS.index(level) >= LEVELS.index(sign.tier)
        return None if reached else Failure(message, "found", level)
    return None if rule is None else Failure(message, "not found", level, rule)
