"""Stored text holds no character that a person cannot see but a program obeys.

Taken out: control characters but line break and tab, bidirectional overrides and isolates (which show a text in another
order than it is read; CVE-2021-42574), and Unicode tag characters (which carry hidden text). Emoji and their joiners
stay.
"""

from __future__ import annotations

import re
from typing import Any

from chatbot.quizzes.item import Item

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")


def plain(text: str) -> str:
    """The text without what is hidden in it, and without space around it."""
    return _HIDDEN.sub("", text).strip()


def plain_item(item: Item) -> Item:
    """The item with all its texts made plain; its quote stays as long as it is visible."""
    return Item.model_validate(_plain(item.model_dump()))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
