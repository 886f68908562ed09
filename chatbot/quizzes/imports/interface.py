"""What an import is: text of a file in, questions out, and what was left out.

A reader finds questions of any kind and says what each is; `judging.py` decides which become items. The text is hostile
until read: no reader resolves an entity, opens an address, or takes more than linear time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from chatbot.errors import Unreadable


class CannotImport(Unreadable):
    """Nothing of the file can be used; the words never quote it."""

    code = "cannot_import"
    title = "The file cannot be imported"

    def __init__(self, detail: str, *, remedy: str | None = None) -> None:
        super().__init__(detail, field="content", remedy=remedy)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A question that was left out."""

    place: str
    """Where in the file, for a person: `row 4`, `question 2 (line 9)`."""
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """A multiple-choice question as its file has it, not yet looked at."""

    place: str
    stem: str
    options: tuple[str, ...]
    keys: tuple[int, ...]
    """Places of the options that get full marks."""
    rationale: tuple[str, ...] = ()
    difficulty: str = ""
    bloom: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()


class Import(ABC):
    """One file format. Override `read` and the two names."""

    name: ClassVar[str]
    """As a client asks for it: that of the export of the same format."""
    title: ClassVar[str]

    @abstractmethod
    def read(self, text: str) -> Iterator[Question | Skipped]:
        """Everything in the file, in its order. Raises CannotImport where it is no such file at all."""
