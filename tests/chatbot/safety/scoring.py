"""Recall and false alarms of triage over labelled messages. Urgent and emergency count as an alarm."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.safety.triage import triage

HERE = Path(__file__).parent
ALARM = {"urgent", "emergency"}


@dataclass(frozen=True)
class Score:
    recall: float
    false_alarms: float
    missed: tuple[str, ...]
    alarmed: tuple[str, ...]


def dev_messages() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((HERE / "dev_messages.toml").read_text(encoding="utf-8"))


def fresh_messages() -> dict[str, dict[str, list[dict[str, Any]]]]:
    return tomllib.loads((HERE / "fresh_messages.toml").read_text(encoding="utf-8"))


def score(messages: list[dict[str, Any]]) -> Score:
    grave = [one["text"] for one in messages if one["level"] in ALARM]
    other = [one["text"] for one in messages if one["level"] not in ALARM]
    missed = tuple(text for text in grave if triage(text).level not in ALARM)
    alarmed = tuple(text for text in other if triage(text).level in ALARM)
    return Score(1 - len(missed) / len(grave), len(alarmed) / len(other), missed, alarmed)
