"""Two sets of rules held against each other: what one looks for less than the other, and what differs, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import unified_diff
from typing import Literal

from chatbot.safety.levels import LEVELS
from chatbot.safety.signs import Sign
from chatbot.safety.versions_text import sign_text


@dataclass(frozen=True, slots=True)
class Lowered:
    """One way in which a version would find less, or test itself less, than the one before it."""

    sign: str
    kind: Literal["removed", "tier", "examples"]
    """removed: nobody looks for it any more. tier: it is taken less seriously. examples: messages that it had to find
    are no longer tried."""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """How one sign differs."""

    sign: str
    lines: tuple[str, ...]
    """A unified diff of its text, without file names: each line begins with `@`, `+`, `-` or a space."""


def lowered(before: Iterable[Sign], after: Iterable[Sign]) -> tuple[Lowered, ...]:
    """What `after` looks for less than `before`."""
    new = {sign.id: sign for sign in after}
    found: list[Lowered] = []
    for old in before:
        sign = new.get(old.id)
        if sign is None:
            found.append(Lowered(old.id, "removed"))
            continue
        if LEVELS.index(sign.tier) < LEVELS.index(old.tier):
            found.append(Lowered(old.id, "tier", old.tier, sign.tier))
        if gone := set(old.examples) - set(sign.examples):
            found.append(Lowered(old.id, "examples", str(len(old.examples)), str(len(old.examples) - len(gone))))
    return tuple(found)


def differences(before: Iterable[Sign], after: Iterable[Sign]) -> tuple[Changed, ...]:
    """The signs that differ, each with a diff."""
    old, new = ({sign.id: sign for sign in signs} for signs in (before, after))
    return tuple(Changed(id_, _diff(old.get(id_), new.get(id_)))
                 for id_ in dict.fromkeys([*old, *new]) if old.get(id_) != new.get(id_))


def as_json(found: Iterable[Lowered]) -> str:
    return json.dumps([asdict(one) for one in found])


def from_json(text: str) -> tuple[Lowered, ...]:
    return tuple(Lowered(**one) for one in json.loads(text))


def _diff(old: Sign | None, new: Sign | None) -> tuple[str, ...]:
    before, after = (sign_text(sign).splitlines() if sign else [] for sign in (old, new))
    return tuple(unified_diff(before, after, lineterm="", n=2))[2:]
