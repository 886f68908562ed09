"""What changed between two versions of an item or of a quiz, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from chatbot.quizzes.item import Item

Action = Literal["made", "added", "edited", "regenerated", "rolled_back", "submitted", "approved", "rejected",
                 "published", "retired", "reopened", "deleted"]
Diff = list[dict[str, Any]]
FIELDS = ("stem", "options", "keys", "rationale", "evidence", "difficulty", "bloom", "tags", "topic", "stage",
          "language")


@dataclass(frozen=True, slots=True)
class Version:
    """One row of a history."""

    version: int
    at: datetime
    by: str
    """Principal's id."""
    action: str
    reason: str
    diff: Diff
    """`{field, before, after}` each; `before` is None in a first version."""
    status: str = ""
    item: Item | None = None
    """The item as it was then; None in a quiz's history."""


def changes(before: Item | None, after: Item) -> Diff:
    """Fields whose value differs; lists place by place (`options.2`)."""
    old: dict[str, Any] = before.model_dump(mode="json") if before else {}
    new = after.model_dump(mode="json")
    found: Diff = []
    for name in FIELDS:
        found += _differing(name, old.get(name), new[name])
    return found


def moved(before: str | None, after: str, field: str = "status") -> Diff:
    """The change of one plain value; nothing when it stays."""
    return [] if before == after else [{"field": field, "before": before, "after": after}]


def _differing(name: str, before: Any, after: Any) -> Diff:
    if before == after:
        return []
    if name in ("options", "rationale") and isinstance(before, list) and len(before) == len(after):
        return [{"field": f"{name}.{place}", "before": old, "after": new}
                for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    return [{"field": name, "before": before, "after": after}]
