"""The pages of a quiz on paper. Imported only by `pdf.Pdf.render`: fpdf2 is slow to import."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC
from functools import partial
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from chatbot.quizzes.exports.citation import HEADINGS, citation
from chatbot.quizzes.exports.plain_text import letter, one_line
from chatbot.quizzes.exports.selection import is_draft, rationales
from chatbot.quizzes.item import Item, Quiz

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
FAMILY = "DejaVu"
TITLE, TEXT, SMALL = 16, 11, 9
"""Sizes in points."""
LINE = 1.35
"""Height of a line, in sizes of its font."""
POINT = 25.4 / 72
"""Millimetres."""
INDENT = 8.0
"""Of options, in millimetres."""
BOX = "□"
"""For a character that the font does not have."""


class Pages(FPDF):
    """One quiz, laid out."""

    def __init__(self, quiz: Quiz) -> None:
        super().__init__(format="A4")
        self._quiz, self._words = quiz, HEADINGS[quiz.language]
        self._lacking = False
        self.set_creation_date(quiz.created_at.astimezone(UTC))
        self.add_font(FAMILY, fname=FONT)
        font = self.fonts[FAMILY.lower()]
        assert isinstance(font, TTFFont)
        self._letters = font.cmap
        self.set_margin(18)
        self.set_auto_page_break(True, margin=20)
        draft = f"{self._words.draft}: " if is_draft(quiz) else ""
        self._title = self._printable(draft + one_line(quiz.title, 200))
        self.set_title(self._title)
        self.set_lang(quiz.language)

    def whole(self) -> bytes:
        """The file."""
        items = [shown.item for shown in self._quiz.items]
        self._head(self._title, f"{self._words.name}: ______________________   {self._words.date}: ______________")
        for place, item in enumerate(items, 1):
            self._together(partial(self._question, place, item))
        self._head(f"{self._words.key}: {self._title}", "")
        for place, item in enumerate(items, 1):
            self._together(partial(self._answer, place, item))
        if self._lacking:
            self.ln(4)
            self._write(self._words.missing, SMALL)
        return bytes(self.output())

    def footer(self) -> None:
        """The page's number. Called by fpdf2."""
        self.set_y(-14)
        self.set_font(FAMILY, size=SMALL)
        self.cell(0, 6, f"{self.page_no()} / {{nb}}", align="C")

    def _head(self, title: str, line: str) -> None:
        self.add_page()
        self._write(title, TITLE)
        if line:
            self.ln(2)
            self._write(line, TEXT)
        self.ln(5)

    def _question(self, place: int, item: Item) -> None:
        self._write(f"{place}. {item.stem}", TEXT)
        for at, option in enumerate(item.options):
            self._write(f"○ {letter(at)}) {option}", TEXT, INDENT)
        self.ln(4)

    def _answer(self, place: int, item: Item) -> None:
        self._write(f"{place}. {letter(item.answer_index)}) {item.key}", TEXT)
        for at, why in enumerate(rationales(item)):
            if why:
                self._write(f"{letter(at)}) {why}", SMALL, INDENT)
        if source := citation(item.evidence, item.language):
            self._write(f"{self._words.source}: {source}", SMALL, INDENT)
        self.ln(4)

    def _together(self, draw: Callable[[], None]) -> None:
        """Draw on this page if all of it fits, on the next if it fits there, else from here over several."""
        with self.offset_rendering() as trial:
            draw()
        if trial.page_break_triggered and self.get_y() > self.t_margin:
            self.add_page()
        draw()

    def _write(self, text: str, size: int, indent: float = 0.0) -> None:
        self.set_font(FAMILY, size=size)
        self.set_x(self.l_margin + indent)
        self.multi_cell(self.epw - indent, size * LINE * POINT, self._printable(text), align="L",
                        new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _printable(self, text: str) -> str:
        """`text` in letters that the font has; a box for each other one, nothing for joiners and marks."""
        return "".join(self._shown(char) for char in unicodedata.normalize("NFC", text).replace("\t", "    "))

    def _shown(self, char: str) -> str:
        plainer = unicodedata.normalize("NFKC", char)  # a full-width sign, a ligature
        for same in (char, plainer):
            if same == "\n" or all(ord(one) in self._letters for one in same):
                return same
        if unicodedata.category(char) in {"Cf", "Mn", "Me"}:
            return ""
        self._lacking = True
        return BOX
