"""Markdown (CommonMark): the questions, then the key with why and the source.

Every character that CommonMark, or GitHub's dialect of it, gives a meaning is escaped: what was typed is what is shown.
"""

from __future__ import annotations

import re

from chatbot.quizzes.exports.citation import HEADINGS, citation
from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import letter, one_line
from chatbot.quizzes.exports.selection import is_draft, rationales
from chatbot.quizzes.item import Item, Quiz

_MEANING = re.compile(r"[\\`*_\[\]<>&~|#$^!]")
_AT_LINE_START = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")
BREAK = "\\\n"


class Markdown(Export):
    """For a wiki, a repository, or a mail."""

    name = "markdown"
    title = "Markdown"
    extension = "md"
    media_type = "text/markdown; charset=utf-8"
    opens_in = "wikis, GitHub, any text editor"

    def render(self, quiz: Quiz) -> bytes:
        """UTF-8."""
        words = HEADINGS[quiz.language]
        mark = f"{words.draft}: " if is_draft(quiz) else ""
        items = [shown.item for shown in quiz.items]
        parts = [f"# {mark}{escaped(one_line(quiz.title, 200))}",
                 *(_question(place, item) for place, item in enumerate(items, 1)),
                 f"## {words.key}",
                 *(_answer(place, item, words.source) for place, item in enumerate(items, 1))]
        return ("\n\n".join(parts) + "\n").encode()


def escaped(text: str, indent: str = "") -> str:
    """`text` as Markdown that shows it; its lines kept, each after the first indented."""
    lines = [_AT_LINE_START.sub(_escaped_start, _MEANING.sub(r"\\\g<0>", line.strip())) for line in text.split("\n")]
    return f"{BREAK}{indent}".join(lines)


def _escaped_start(start: re.Match[str]) -> str:
    return f"{start[1]}\\{start[2]}" if start[1] else f"\\{start[3]}"


def _question(place: int, item: Item) -> str:
    options = "\n".join(f"- {letter(at)}) {escaped(option, '  ')}" for at, option in enumerate(item.options))
    return f"### {place}.\n\n{escaped(item.stem)}\n\n{options}"


def _answer(place: int, item: Item, source: str) -> str:
    lines = [f"**{place}. {letter(item.answer_index)})** {escaped(item.key)}"]
    why = [f"- {letter(at)}) {escaped(text, '  ')}" for at, text in enumerate(rationales(item)) if text]
    if why:
        lines.append("\n".join(why))
    if said := citation(item.evidence, item.language):
        lines.append(f"{source}: {escaped(said)}")
    return "\n\n".join(lines)
