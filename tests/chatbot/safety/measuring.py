"""The measuring sets of `tests/data/safety/` and what triage makes of them.

A message counts as caught when its label is urgent or emergency and triage says urgent or emergency. A false alarm is
a message labelled `none` that triage calls urgent or emergency. `soon` is reported apart: neither a catch nor an alarm.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.safety.levels import Level, Triage
from chatbot.safety.triage import matches, triage, understood
from chatbot.safety.vote import Evidence, the_vote

SETS = Path(__file__).parents[2] / "data" / "safety"
Half = Literal["dev", "test", "audit", "third_audit"]
ALARM = frozenset({"urgent", "emergency"})


@dataclass(frozen=True, slots=True)
class Message:
    """One labelled message; the fields are explained in the folder's README."""

    id: str
    language: Literal["en", "sw", "mix"]
    text: str
    tier: Level
    sign: str
    stage: str
    reason: str

    @property
    def group(self) -> str:
        """The gate's two groups: English, and Swahili with code-mix."""
        return "en" if self.language == "en" else "sw"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What triage said about a message, and how long it took."""

    message: Message
    level: Level
    milliseconds: float

    @property
    def alarmed(self) -> bool:
        return self.level in ALARM


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over some outcomes; shares are 0 to 1. When nothing was to be judged: recall 1, false alarms 0."""

    grave: int
    caught: int
    emergencies: int
    emergencies_as_such: int
    urgent: int
    urgent_as_emergency: int
    routine: int
    false_alarms: int
    routine_soon: int
    soon: int
    soon_alarmed: int
    soon_missed: int

    @property
    def recall(self) -> float:
        return self.caught / self.grave if self.grave else 1.0

    @property
    def emergency_recall(self) -> float:
        return self.emergencies_as_such / self.emergencies if self.emergencies else 1.0

    @property
    def false_alarm_share(self) -> float:
        return self.false_alarms / self.routine if self.routine else 0.0


def messages(half: Half) -> list[Message]:
    """Both languages of one half."""
    return [Message(**table) for language in ("en", "sw")
            for table in tomllib.loads((SETS / f"{half}_{language}.toml").read_text(encoding="utf-8"))["message"]]


def outcomes(of: Iterable[Message], judge: Callable[[str], Triage] = triage) -> list[Outcome]:
    """Runs triage without a stage: the message alone, as a stranger's set would be run."""
    judge("warm up")
    found = []
    for message in of:
        start = time.perf_counter()
        level = judge(message.text).level
        found.append(Outcome(message, level, (time.perf_counter() - start) * 1000))
    return found


def by_rules_alone(text: str) -> Triage:
    """Triage without the learned vote: doubtful rules say `soon`."""
    found = matches(text, with_vote=False)
    return Triage(found[0].level, tuple(one.sign.id for one in found)) if found else Triage()


def by_vote_alone(text: str) -> Triage:
    """The learned vote without the rules: urgent or nothing."""
    return Triage("urgent", ("may-be-danger",)) if the_vote().raises(Evidence(understood(text))) else Triage()


def figures(of: Sequence[Outcome]) -> Figures:
    grave = [one for one in of if one.message.tier in ALARM]
    emergencies = [one for one in of if one.message.tier == "emergency"]
    routine = [one for one in of if one.message.tier == "none"]
    soon = [one for one in of if one.message.tier == "soon"]
    return Figures(
        grave=len(grave), caught=sum(one.alarmed for one in grave), emergencies=len(emergencies),
        emergencies_as_such=sum(one.level == "emergency" for one in emergencies),
        urgent=len(grave) - len(emergencies),
        urgent_as_emergency=sum(one.level == "emergency" and one.message.tier == "urgent" for one in grave),
        routine=len(routine),
        false_alarms=sum(one.alarmed for one in routine), routine_soon=sum(one.level == "soon" for one in routine),
        soon=len(soon), soon_alarmed=sum(one.alarmed for one in soon),
        soon_missed=sum(one.level == "none" for one in soon))


def misses(of: Iterable[Outcome]) -> list[Outcome]:
    """Emergencies first."""
    missed = [one for one in of if one.message.tier in ALARM and not one.alarmed]
    return sorted(missed, key=lambda one: one.message.tier != "emergency")


def false_alarms(of: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in of if one.message.tier == "none" and one.alarmed]
