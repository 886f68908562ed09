"""What an export is: a quiz in, one file out. To add one: a file here with a subclass, and its row in `EXPORTS`.

`render` gets a quiz that `selection.selected` made: only items to be shown, their text free of characters that no file
format takes, each checked by `check`. It must not raise for any other text, and must give the same bytes for the same
quiz. What text means in the format (`=`, `<`, `{`) is escaped here, never cut out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from chatbot.errors import InvalidInput
from chatbot.quizzes.item import BankItem, Quiz


class CannotExport(InvalidInput):
    """The quiz, or one item of it, does not fit the format. `field` is `items.N`, from 0, where it is one item."""

    code = "cannot_export"
    title = "The quiz does not fit this format"


class Export(ABC):
    """One file format. Override `render` and the five names."""

    name: ClassVar[str]
    """As a client asks for it: `moodle-xml`."""
    title: ClassVar[str]
    """For people."""
    extension: ClassVar[str]
    """Without a dot."""
    media_type: ClassVar[str]
    opens_in: ClassVar[str]
    """Where such a file is used, in a few words."""

    @abstractmethod
    def render(self, quiz: Quiz) -> bytes:
        """The whole file. Heavy libraries are imported in here."""

    def check(self, quiz: Quiz) -> None:
        """Raise CannotExport for the first item that does not fit. Extended where a format has limits of its own."""
        for place, shown in enumerate(quiz.items):
            item = shown.item
            if len(item.keys) != 1 or not 0 <= item.keys[0] < len(item.options):
                raise does_not_fit(place, shown, "does not have exactly one right answer", "Mark one option as right.")
            if len(item.options) < 2:
                raise does_not_fit(place, shown, "has fewer than two options", "Add a wrong answer.")
            if not item.stem or not all(item.options):
                raise does_not_fit(place, shown, "has an empty question or option", "Write it, or take it out.")

    def timed(self, seconds: int) -> Export:
        """The same format with `seconds` to answer each question. Raises InvalidInput where a format has no clock."""
        raise InvalidInput(f"{self.title} has no time limit.", field="seconds", remedy="Leave `seconds` out.")


def does_not_fit(place: int, shown: BankItem, why: str, remedy: str) -> CannotExport:
    """The error for one item; `place` counts from 0, the words from 1."""
    return CannotExport(f"Item {place + 1} ({shown.id}) {why}.", field=f"items.{place}", remedy=remedy)
