"""The danger signs of a version as text: only what differs from the shipped ones, as TOML that a person can read.

    removed = ["spotting"]

    [[sign]]
    id = "fits"
    group = "obstetric"
    tier = "emergency"
    ...

A version is laid over whatever ships, so that an update of the system brings its new signs to an installation that has
changed others.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from chatbot.safety.levels import LEVELS
from chatbot.safety.signs import Sign, shipped_signs, sign_of

LISTS = ("stages", "sources", "patterns", "examples", "counter_examples")


def table_of(sign: Sign) -> dict[str, Any]:
    """A sign as the table that a sign file has for it, with its group."""
    return {"id": sign.id, "group": sign.group, "title": dict(sign.title), "tier": sign.tier,
            "stages": list(sign.stages), "sources": [source.id for source in sign.sources],
            **({"reply": sign.reply} if sign.reply else {}),
            "patterns": [pattern.text for pattern in sign.patterns], "examples": list(sign.examples),
            "counter_examples": list(sign.counter_examples)}


def sign_from(table: Mapping[str, Any]) -> Sign:
    """The sign of such a table. Raises KeyError, TypeError, ValueError saying what is wrong with it."""
    if not table["patterns"]:
        raise ValueError("needs a rule")
    return sign_of({name: value for name, value in table.items() if name != "group"}, table["group"])


def sign_text(sign: Sign) -> str:
    """One sign as TOML."""
    lines = ["[[sign]]"]
    for name, value in table_of(sign).items():
        if name in LISTS:
            lines += [f"{name} = [", *(f"    {_string(one)}," for one in value), "]"]
        elif isinstance(value, dict):
            lines.append(f"{name} = {{ {', '.join(f'{key} = {_string(text)}' for key, text in value.items())} }}")
        else:
            lines.append(f"{name} = {_string(value)}")
    return "\n".join(lines) + "\n"


def changes_text(signs: Iterable[Sign]) -> str:
    """What differs between these signs and the shipped ones; empty when nothing does."""
    wanted, shipped = {sign.id: sign for sign in signs}, {sign.id: sign for sign in shipped_signs()}
    removed = [id_ for id_ in shipped if id_ not in wanted]
    changed = [sign for id_, sign in wanted.items() if shipped.get(id_) != sign]
    parts = [f"removed = [{', '.join(map(_string, removed))}]\n"] if removed else []
    return "\n".join([*parts, *map(sign_text, changed)])


def signs_from(changes: str) -> tuple[Sign, ...]:
    """The shipped signs with these changes laid over them, gravest tier first.

    Raises ValueError naming the sign that cannot be read (an update of the system may have dropped a word it uses).
    """
    found = {sign.id: sign for sign in shipped_signs()}
    tables = tomllib.loads(changes)
    for id_ in tables.get("removed", ()):
        found.pop(id_, None)
    for table in tables.get("sign", ()):
        try:
            found[table["id"]] = sign_from(table)
        except (KeyError, TypeError, ValueError) as fault:
            raise ValueError(f"sign {table.get('id', '?')}: {fault}") from fault
    return tuple(sorted(found.values(), key=lambda sign: -LEVELS.index(sign.tier)))


def _string(text: str) -> str:
    """A TOML basic string (toml.io/en/v1.0.0#string): JSON's escapes are a part of TOML's; DEL is written out."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
