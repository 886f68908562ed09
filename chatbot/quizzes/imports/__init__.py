"""Questions of other programs as items: one file a format, and their index.

To add a format: a subclass of `interface.Import` in a file here, and its row in `IMPORTS`. The contract test runs over
the index.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.errors import InvalidInput, TooLong
from chatbot.knowledge.cards import Language
from chatbot.quizzes.imports.csv_file import Csv
from chatbot.quizzes.imports.gift import Gift
from chatbot.quizzes.imports.interface import CannotImport, Import, Skipped
from chatbot.quizzes.imports.judging import judged
from chatbot.quizzes.imports.moodle_xml import MoodleXml
from chatbot.quizzes.item import Item

__all__ = ["IMPORTS", "CannotImport", "Import", "Imported", "Skipped", "import_items"]

IMPORTS: dict[str, Import] = {one.name: one for one in (Gift(), MoodleXml(), Csv())}
"""Name -> format."""
LONGEST_FILE = 1_000_000
"""Characters."""
MOST_QUESTIONS = 1_000
"""In one file, whether they can be used or not."""
MOST_ITEMS = 200
"""That can be used: what a quiz holds."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave: items without evidence, which an educator attaches, and what was left out."""

    items: tuple[Item, ...]
    skipped: tuple[Skipped, ...]


def import_items(text: str, name: str, *, stage: str, language: Language = "en") -> Imported:
    """Read a file of the format `name`.

    Raises TooLong; CannotImport when it is no such file or nothing in it can be used; InvalidInput for a format that is
    not read.
    """
    if name not in IMPORTS:
        raise InvalidInput("This format is not read.", field="format", remedy=f"Choose one of {', '.join(IMPORTS)}.")
    if len(text) > LONGEST_FILE:
        raise TooLong(f"The file has more than {LONGEST_FILE} characters.", field="content",
                      remedy="Import it in parts.")
    items: list[Item] = []
    skipped: list[Skipped] = []
    for count, question in enumerate(IMPORTS[name].read(text), 1):
        if count > MOST_QUESTIONS:
            raise TooLong(f"The file has more than {MOST_QUESTIONS} questions.", field="content",
                          remedy="Import it in parts.")
        found = question if isinstance(question, Skipped) else judged(question, stage=stage, language=language)
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            items.append(found)
    if len(items) > MOST_ITEMS:
        raise TooLong(f"The file has more than {MOST_ITEMS} questions to import.", field="content",
                      remedy="Import it in parts.")
    if not items:
        first = f" The first one ({skipped[0].place}): {skipped[0].reason}" if skipped else ""
        raise CannotImport(f"The file has no question that can be imported.{first}",
                           remedy="Multiple choice with one right answer is read.")
    return Imported(tuple(items), tuple(skipped))
