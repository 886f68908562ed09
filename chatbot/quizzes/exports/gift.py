r"""GIFT, Moodle's plain-text format (https://docs.moodle.org/en/GIFT_format).

Every question is `[plain]` text, so that Moodle shows `<script>` as these letters. `~ = # { } :` and the backslash are
escaped as Moodle's own exporter does it (question/format/gift/format.php, `repchar`); a line end is `\n`.
"""

from __future__ import annotations

from chatbot.quizzes.exports.citation import citation
from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import one_line
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import BankItem, Quiz

ESCAPES = {"\\": "\\\\", "~": "\\~", "=": "\\=", "#": "\\#", "{": "\\{", "}": "\\}", ":": "\\:", "\n": "\\n"}
_ESCAPES = str.maketrans(ESCAPES)
LONGEST_NAME = 80


class Gift(Export):
    """One question a paragraph, feedback beside each option, the source as general feedback."""

    name = "gift"
    title = "GIFT"
    extension = "gift.txt"
    media_type = "text/plain; charset=utf-8"
    opens_in = "Moodle, H5P"

    def render(self, quiz: Quiz) -> bytes:
        """UTF-8 without a byte order mark."""
        return ("\n\n".join(_question(shown) for shown in quiz.items) + "\n").encode()


def _question(shown: BankItem) -> str:
    item = shown.item
    lines = [f"::{_escaped(one_line(item.stem, LONGEST_NAME))}::[plain]{_escaped(item.stem)} {{"]
    for place, (option, why) in enumerate(zip(item.options, rationales(item), strict=True)):
        sign = "=" if place in item.keys else "~"
        lines.append(f"\t{sign}{_guarded(option)}" + (f"#{_guarded(why)}" if why else ""))
    if source := citation(item.evidence, item.language):
        lines.append(f"\t####{_guarded(source)}")
    return "\n".join([*lines, "}"])


def _guarded(text: str) -> str:
    """A text that begins with `[` or `%` would be read as a format or a weight."""
    return ("[plain]" if text.startswith(("[", "%")) else "") + _escaped(text)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
