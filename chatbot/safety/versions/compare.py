"""Two versions held against each other: what one looks for or says less than the other, and what differs, by lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import unified_diff
from typing import Literal

from chatbot.safety.levels import LEVELS
from chatbot.safety.signs import Sign
from chatbot.safety.versions.text import sign_text, wording_text
from chatbot.safety.wordings import Wordings, unsaid


@dataclass(frozen=True, slots=True)
class Lowered:
    """One way in which a version would find less, say less, or test itself less, than the one before it."""

    sign: str
    """Id of the sign; of a reply its `tier.kind`."""
    kind: Literal["removed", "tier", "examples", "doubt", "reply"]
    """removed: nobody looks for it any more. tier: it is taken less seriously. examples: messages that it had to find
    are no longer tried. doubt: rules that stood by themselves want the vote's agreement now. reply: the text no longer
    says when to go."""
    before: str = ""
    after: str = ""
    """Of a reply: what it no longer says, `now/sw today/en`."""
    grave: bool = False
    """It concerns an emergency sign, or a reply: its name must be typed before it is published."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How one sign or reply differs."""

    sign: str
    lines: tuple[str, ...]
    """A unified diff of its text, without file names: each line begins with `@`, `+`, `-` or a space."""


def lowered(before: Iterable[Sign], after: Iterable[Sign]) -> tuple[Lowered, ...]:
    """What `after` looks for less than `before`."""
    new = {sign.id: sign for sign in after}
    found: list[Lowered] = []
    for old in before:
        sign, grave = new.get(old.id), old.tier == "emergency"
        if sign is None:
            found.append(Lowered(old.id, "removed", grave=grave))
            continue
        if LEVELS.index(sign.tier) < LEVELS.index(old.tier):
            found.append(Lowered(old.id, "tier", old.tier, sign.tier, grave=grave))
        if gone := set(old.examples) - set(sign.examples):
            left = len(old.examples) - len(gone)
            found.append(Lowered(old.id, "examples", str(len(old.examples)), str(left), grave=grave))
        stood = {pattern.text for pattern in old.patterns if not pattern.doubtful}
        if doubted := [pattern for pattern in sign.patterns if pattern.doubtful and pattern.rule in stood]:
            found.append(Lowered(old.id, "doubt", after=str(len(doubted)), grave=grave))
    return tuple(found)


def silenced(before: Wordings, after: Wordings) -> tuple[Lowered, ...]:
    """The replies that no longer say when to go, and did before."""
    return tuple(Lowered(key, "reply", after=" ".join(lost), grave=True) for key, wording in after.items()
                 if (lost := [one for one in unsaid(key, wording) if one not in unsaid(key, before[key])]))


def to_type(less: Iterable[Lowered]) -> tuple[str, ...]:
    """The names that a person types to say that she has seen what is lost."""
    return tuple(dict.fromkeys(one.sign for one in less if one.grave))


def differences(before: Iterable[Sign], after: Iterable[Sign]) -> tuple[Changed, ...]:
    """The signs that differ, each with a diff."""
    old, new = ({sign.id: sign for sign in signs} for signs in (before, after))
    return tuple(Changed(id_, _diff(old.get(id_), new.get(id_)))
                 for id_ in dict.fromkeys([*old, *new]) if old.get(id_) != new.get(id_))


def reworded(before: Wordings, after: Wordings) -> tuple[Changed, ...]:
    """The replies that differ, each with a diff."""
    return tuple(Changed(key, _lines_that_differ(wording_text(key, before[key]), wording_text(key, wording)))
                 for key, wording in after.items() if before[key] != wording)


def as_json(found: Iterable[Lowered]) -> str:
    return json.dumps([asdict(one) for one in found])


def from_json(text: str) -> tuple[Lowered, ...]:
    return tuple(Lowered(**one) for one in json.loads(text))


def _diff(old: Sign | None, new: Sign | None) -> tuple[str, ...]:
    return _lines_that_differ(*(sign_text(sign) if sign else "" for sign in (old, new)))


def _lines_that_differ(before: str, after: str) -> tuple[str, ...]:
    return tuple(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
