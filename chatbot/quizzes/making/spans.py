"""Finds the verbatim span of a source that a model's key means, so that no word of a key is the model's own."""

from __future__ import annotations

import re

from chatbot.knowledge.support import Passages, sentences
from chatbot.knowledge.words import content_words

_WORD = re.compile(r"\S+")
_NO = re.compile(
    r"\b(?:no|not|never|without|avoid|cannot|stop|don't|do not|nor|usi\w+|msi\w+|si|bila|kamwe|epuka|acha)\b", re.I)
_CLAUSE = re.compile(r"[,;:]|\b(?:but|lakini)\b")
SHORTER, LONGER = 2, 5
"""How many words fewer or more than the key a span may have."""
MOST_WORDS = 18


def verbatim(key: str, text: str) -> str:
    """`key` as `text` writes it, or the span that holds all its content words and numbers; empty when none does."""
    wanted = " ".join(key.split()).strip(" .\"'“”")
    if not wanted:
        return ""
    exact = re.search(r"\s+".join(rf"(?<!\w){re.escape(part)}(?!\w)" if part.isalnum() else re.escape(part)
                                  for part in wanted.split()), text, re.I)
    return exact[0] if exact else _nearest_span(wanted, text)


def _nearest_span(key: str, text: str) -> str:
    """The shortest span of one sentence that supports the key."""
    if not content_words(key):
        return ""
    length = len(key.split())
    for words in sorted(range(max(1, length - SHORTER), min(MOST_WORDS, length + LONGER) + 1)):
        for sentence in sentences(text):
            found = list(_WORD.finditer(sentence))
            for first in range(len(found) - words + 1):
                span = sentence[found[first].start():found[first + words - 1].end()].strip(" ,;:.")
                if Passages([span]).support(key):
                    return span
    return ""


def cut_from_a_no(span: str, text: str, stem: str) -> bool:
    """Whether the source denies what `span` says by itself: `give water` cut from `Do not give water`."""
    sentence = next((one for one in sentences(text) if span in one), text)
    before = _CLAUSE.split(sentence[:max(sentence.find(span), 0)])[-1]
    return bool(_NO.search(before)) and not _NO.search(stem) and not _NO.search(span)
