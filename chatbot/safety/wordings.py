"""The fixed words as data: those that ship (`replies.toml`), those of the published version, and what they must say.

A wording is named by its tier and its kind, `urgent.newborn`, and has a text in each language. The clinical lead's page
changes it; what every wording must say stays here, so that a text which forgets to send her is noticed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from chatbot.safety.levels import LEVELS

REPLIES_FILE = Path(__file__).parent / "replies.toml"
LONGEST_WORDING = 2_000
"""Characters: a text that is longer is not read on a small phone by somebody who is afraid."""
Language = Literal["en", "sw"]
Wording = Mapping[str, str]
"""The text by language."""
Wordings = Mapping[str, Wording]
"""By `tier.kind`."""

_NOW = {"en": re.compile(r"\b(now|at once|immediately|right away)\b", re.I),
        "sw": re.compile(r"\b(sasa|mara moja|haraka iwezekanavyo)\b", re.I)}
_TODAY = {"en": re.compile(r"\btoday\b", re.I), "sw": re.compile(r"\bleo\b", re.I)}
MUST_SAY: dict[str, dict[str, dict[str, re.Pattern[str]]]] = {
    "emergency": {"now": _NOW}, "urgent": {"today": _TODAY, "now": _NOW}, "soon": {"now": _NOW}}
"""By tier, by sense: in an emergency to go now; below it also when to go at once (the safety net)."""
_SHAPES = ((re.compile(r"\d"), "Write numbers in words: a telephone number is the deployer's setting, with the day "
                               "it was last checked."),
           (re.compile(r"https?:|www\.|\]\(|<", re.I), "No links and no markup: the sources stand below the text."),
           (re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]"), "It has a character that nobody sees."))


@cache
def reply_words() -> Mapping[str, Any]:
    """The whole file of fixed words, as it ships."""
    return tomllib.loads(REPLIES_FILE.read_text(encoding="utf-8"))


@cache
def shipped_wordings() -> Wordings:
    """The wordings that ship with the system, gravest tier first."""
    words = reply_words()
    return {f"{tier}.{kind}": {language: text.strip() for language, text in wording.items()}
            for tier in reversed(LEVELS[1:]) for kind, wording in words[tier].items()}


@cache
def reply_kinds() -> tuple[str, ...]:
    """What a sign's `reply` may name beside the general words."""
    return tuple(key.removeprefix("emergency.") for key in shipped_wordings()
                 if key.startswith("emergency.") and key != "emergency.general")


_published: Wordings | None = None


def use_wordings(wordings: Wordings | None) -> None:
    """Answer with these from now on, in this process (`versions_in_force.py` calls this); None: the shipped ones."""
    global _published  # noqa: PLW0603 - as `signs.use_signs`: one assignment
    _published = wordings


def all_wordings() -> Wordings:
    """Those of the published version, else the shipped ones."""
    return _published or shipped_wordings()


def faults_of(text: str) -> tuple[str, ...]:
    """Why a text cannot be a wording, in sentences; empty when it can."""
    if not text.strip():
        return ("The text is empty.",)
    long = (f"The text is longer than {LONGEST_WORDING} characters.",) if len(text) > LONGEST_WORDING else ()
    return long + tuple(says for pattern, says in _SHAPES if pattern.search(text))


def unsaid(key: str, wording: Wording) -> tuple[str, ...]:
    """What a wording of this tier must say and does not, as `sense/language`: `now/sw`."""
    senses = MUST_SAY[key.partition(".")[0]]
    return tuple(f"{sense}/{language}" for sense, patterns in senses.items() for language in get_args(Language)
                 if not patterns[language].search(wording[language]))
