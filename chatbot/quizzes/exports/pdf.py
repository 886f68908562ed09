"""PDF for paper: a question sheet, then the key on pages of its own, with why and the source.

The font is DejaVu Sans (`fonts/`): Latin with every Swahili letter, Greek, Cyrillic, Hebrew and Arabic letters, most
signs. A character that it lacks (an emoji, Korean) is printed as □, and a line under the sheet says so.
"""

from __future__ import annotations

from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.item import Quiz


class Pdf(Export):
    """A4, black on white."""

    name = "pdf"
    title = "PDF"
    extension = "pdf"
    media_type = "application/pdf"
    opens_in = "paper"

    def render(self, quiz: Quiz) -> bytes:
        """Dated with the quiz's own date, so that the same quiz is the same file."""
        from chatbot.quizzes.exports.pdf_pages import Pages  # imports fpdf2, 0.5 s

        return Pages(quiz).whole()
