"""What a version holds as text: only what differs from what ships, as TOML that a person can read.

    removed = ["spotting"]

    [[sign]]
    id = "fits"
    group = "obstetric"
    tier = "emergency"
    ...

    [reply.urgent.newborn]
    en = "Please have your baby seen today. ..."
    sw = "..."

A version is laid over whatever ships, so that an update of the system brings its new signs to an installation that has
changed others.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from chatbot.safety.levels import LEVELS
from chatbot.safety.signs import Sign, shipped_signs, sign_of
from chatbot.safety.wordings import Language, Wording, Wordings, faults_of, shipped_wordings

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


def changes_text(signs: Iterable[Sign], wordings: Wordings | None = None) -> str:
    """What differs between these signs and wordings and the shipped ones; empty when nothing does."""
    wanted, shipped = {sign.id: sign for sign in signs}, {sign.id: sign for sign in shipped_signs()}
    removed = [id_ for id_ in shipped if id_ not in wanted]
    changed = [sign for id_, sign in wanted.items() if shipped.get(id_) != sign]
    parts = [f"removed = [{', '.join(map(_string, removed))}]\n"] if removed else []
    reworded = [wording_text(key, wording) for key, wording in (wordings or {}).items()
                if shipped_wordings().get(key) != wording]
    return "\n".join([*parts, *map(sign_text, changed), *reworded])


def wording_text(key: str, wording: Wording) -> str:
    """One wording as TOML, a line of the text on each line, so that a diff shows the line that differs."""
    texts = [f'{language} = """\n{_lines(wording[language])}"""' for language in get_args(Language)]
    return "\n".join([f"[reply.{key}]", *texts]) + "\n"


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


def wordings_from(changes: str) -> Wordings:
    """The shipped wordings with these changes laid over them. Raises ValueError for one that cannot be read."""
    found: dict[str, Wording] = dict(shipped_wordings())
    for tier, kinds in tomllib.loads(changes).get("reply", {}).items():
        for kind, texts in kinds.items():
            key = f"{tier}.{kind}"
            if key not in found:
                continue  # an update of the system dropped this kind: nothing asks for its words any more
            wording = {language: texts.get(language, "").strip() for language in get_args(Language)}
            if faults := [*faults_of(wording["en"]), *faults_of(wording["sw"])]:
                raise ValueError(f"reply {key}: {faults[0]}")
            found[key] = wording
    return found


def _lines(text: str) -> str:
    """For a TOML string of several lines: its escapes are those of `_string`, but for the ends of the lines."""
    return "\n".join(_string(line)[1:-1] for line in text.strip().split("\n"))


def _string(text: str) -> str:
    """A TOML basic string (toml.io/en/v1.0.0#string): JSON's escapes are a part of TOML's; DEL is written out."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
