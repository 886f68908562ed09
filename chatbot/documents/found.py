"""What was found for one field: its value and where it stands, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbot.documents.evidence import Evidence, Spot

Reason = Literal["not_given", "not_in_document", "redacted", "not_beside_its_label",
                 "under_another_label", "left_blank", "breaks_schema", "not_quotable"]
"""not_given: nobody named a value. not_in_document: a value was named that the document does not hold.
redacted: what was named had been taken out before the text left this machine. not_beside_its_label: a bare number that
stands in the document, but not where its label is. under_another_label: the label of another field stands before it.
left_blank: the form has a line for it, and nothing is on it. breaks_schema: outside the bounds of the caller's schema.
not_quotable: a yes or no, which no document can be quoted for."""
WORST_FIRST: tuple[Reason, ...] = ("redacted", "not_in_document", "under_another_label", "not_beside_its_label",
                                   "left_blank", "breaks_schema",
                                   "not_quotable", "not_given")
By = Literal["model", "rules"]


@dataclass(frozen=True, slots=True)
class Found:
    """Of an object or a list, `value` is made of its `parts`, and only what has evidence is in it."""

    value: Any = None
    evidence: Evidence | None = None
    reason: Reason | None = None
    by: By | None = None
    spot: Spot | None = None
    labelled: bool = False
    """Whether a label of the field stands before it."""
    parts: dict[str, Found] = field(default_factory=dict)
    """By the name of the field, or by the number of the item."""

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Found]]:
        """Every value within it, by its path (`parties.0.name`); none for a value that has no parts."""
        for name, one in self.parts.items():
            if one.parts:
                yield from one.leaves(f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", one


def nothing(reason: Reason) -> Found:
    """No value, and why."""
    return Found(reason=reason)
