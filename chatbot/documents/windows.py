"""A long document in parts that a model can read at once, cut between paragraphs or sentences where possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatbot.documents.passages import Passage

SMALL, LARGE = 1_200, 6_000
"""Tokens of a part, for a model of a 4,096-token context and for a large one."""


def windows(passages: Sequence[Passage], tokens: int, count: Callable[[str], int]) -> list[str]:
    """The text of a document in parts of at most `tokens` tokens, as `count` counts them; pages may share a part."""
    found: list[str] = []
    gathered: list[str] = []
    room = tokens
    for piece in _pieces(passages, tokens, count):
        size = count(piece)
        if gathered and size > room:
            found.append("\n".join(gathered))
            gathered, room = [], tokens
        gathered.append(piece)
        room -= size
    if gathered:
        found.append("\n".join(gathered))
    return found


def _pieces(passages: Sequence[Passage], tokens: int, count: Callable[[str], int]) -> Iterator[str]:
    """Passages, those that are too long cut in two as often as needed."""
    waiting = [one.text for one in reversed(passages) if one.text.strip()]
    while waiting:
        text = waiting.pop()
        if len(text) < 2 or count(text) <= tokens:
            yield text
            continue
        middle = _cut_near_the_middle(text)
        waiting += [text[middle:].strip(), text[:middle].strip()]


def _cut_near_the_middle(text: str) -> int:
    """Just after the line break, sentence or word that ends nearest before the middle; the middle if there is none."""
    half = len(text) // 2
    for cut in ("\n", ". ", "。", " "):
        at = text.rfind(cut, half // 2, half)
        if at > 0:
            return at + len(cut)
    return half
