"""What a model is told when it reads a document. The words are in extraction_prompt.toml.

The document is fenced and said to be data; a fence inside it is taken out, so that a document cannot close it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.documents.fields import Field
from chatbot.knowledge.turn_tokens import broken_up
from chatbot.providers.interface import Message

OPEN, CLOSE = "=====BEGIN DOCUMENT=====", "=====END DOCUMENT====="


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def reading_messages(source: str, fields: Sequence[Field], document_type: str) -> tuple[Message, ...]:
    """The turns that ask for the fields of one part of a document."""
    words = _words()
    for fence in (OPEN, CLOSE, "====="):
        source = source.replace(fence, " ")
    system = words["system"].format(open=OPEN, close=CLOSE, fields="\n".join(_lines(fields)),
                                    type=document_type.replace("_", " ") or words["any_type"])
    return (Message("system", system.strip()),
            Message("user", words["user"].format(open=OPEN, close=CLOSE, source=broken_up(source)).strip()))


def _lines(fields: Sequence[Field], indent: str = "") -> Iterator[str]:
    for one in fields:
        said = f": {one.description}" if one.description else ""
        choices = f" (one of: {', '.join(one.choices)})" if one.choices else ""
        yield f"{indent}- {one.name} [{one.kind}]{said}{choices}"
        inner = one.parts[0].parts if one.kind == "list" else one.parts
        yield from _lines(inner, indent + "  ")
