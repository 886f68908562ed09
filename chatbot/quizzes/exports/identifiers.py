"""Names that XML formats take as identifiers (NCName): no digit first, no odd letter, none twice."""

from __future__ import annotations

import re

from chatbot.quizzes.item import Quiz

_ODD = re.compile(r"[^A-Za-z0-9_.-]")


def identifier(kind: str, own: str) -> str:
    """`kind` and an id of ours as one name."""
    return f"{kind}_{_ODD.sub('_', own)}"


def item_identifiers(quiz: Quiz) -> tuple[str, ...]:
    """One for each item, the same at every export as long as the item's id is; one that comes again gets a number."""
    names: list[str] = []
    for place, shown in enumerate(quiz.items):
        name = identifier("item", shown.id)
        names.append(name if name not in names else f"{name}_again_{place + 1}")
    return tuple(names)
