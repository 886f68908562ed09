"""Plain text and Markdown. UTF-8 only: another encoding is a guess, and a wrong one garbles silently."""

from __future__ import annotations

from chatbot.documents.furniture import Page
from chatbot.documents.layout import blocks_of
from chatbot.documents.letters import visible
from chatbot.documents.reading import Reading
from chatbot.documents.refusals import MOST_CHARACTERS, EmptyFile, Mislabelled, NotUtf8, TooMuchText


def read_text(data: bytes) -> Reading:
    """The paragraphs of a text. Raises NotUtf8, Mislabelled, TooMuchText, EmptyFile."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotUtf8
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    if "\0" in text:
        raise Mislabelled
    if len(text) > MOST_CHARACTERS:
        raise TooMuchText
    text = visible(text.replace("\f", "\n\n"))
    if not text.strip():
        raise EmptyFile
    return Reading(title="", pages=None, blocks=blocks_of([Page(None, tuple(text.split("\n")))]), text=text.strip())
