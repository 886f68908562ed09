"""Which language a document is in: English or Swahili by their words, Korean by its script."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Literal

from chatbot.knowledge.language import detect_language

DocumentLanguage = Literal["en", "sw", "ko"]
_PASSAGES = 40
"""Passages that are looked at."""
_SHARE = 0.3


def language_of(texts: Iterable[str]) -> DocumentLanguage:
    """The language of most of a document's first passages; English when it cannot be told."""
    text = " ".join(islice(texts, _PASSAGES))
    letters = [char for char in text if char.isalpha()]
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in letters)
    return "ko" if hangul > _SHARE * len(letters) else detect_language(text)
