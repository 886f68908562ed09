"""Reads the facts at the head of a GGUF file: architecture, context length, chat template. Loads no weights.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 2 and 3, little endian).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from chatbot.errors import NotReady

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_LONGEST = 1 << 20
"""Bytes; no name or template of a real model is longer."""
_MOST = 4 << 20
"""Items in an array: vocabularies are well under a million words."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a GGUF says about itself."""

    name: str
    architecture: str
    context: int
    """Tokens it was trained to read; 0 when it does not say."""
    chat_template: str


def read_head(path: Path) -> Head:
    """Read the head of `path`. Raises NotReady when it is no GGUF file."""
    try:
        with path.open("rb") as file:
            facts = _facts(file)
    except (OSError, struct.error, ValueError) as error:
        raise NotReady(f"{path.name} is not a readable GGUF file.",
                       remedy="Run `python setup_huggingface.py` to fetch the weights again.") from error
    architecture = str(facts.get("general.architecture", ""))
    return Head(name=str(facts.get("general.name", "")), architecture=architecture,
                context=int(facts.get(f"{architecture}.context_length", 0)),
                chat_template=str(facts.get("tokenizer.chat_template", "")))


def _facts(file: BinaryIO) -> dict[str, Any]:
    if file.read(4) != b"GGUF":
        raise ValueError("no GGUF magic")
    version, _tensors, count = struct.unpack("<IQQ", file.read(20))
    if version not in (2, 3) or count > _MOST:
        raise ValueError("unknown GGUF version")
    facts = {}
    for _ in range(count):
        key = _string(file)
        (kind,) = struct.unpack("<I", file.read(4))
        facts[key] = _value(file, kind)
    return facts


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _LONGEST:
        raise ValueError("a string is too long")
    return file.read(length).decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int) -> Any:
    """A number or a string; arrays (vocabularies) are read over and answered as their length."""
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        form = _NUMBERS.get(kind)
        if form is None:
            raise ValueError("unknown value type")
        return struct.unpack(form, file.read(struct.calcsize(form)))[0]
    item, count = struct.unpack("<IQ", file.read(12))
    if count > _MOST:
        raise ValueError("an array is too long")
    if item in _NUMBERS:
        file.seek(struct.calcsize(_NUMBERS[item]) * count, 1)
        return count
    for _ in range(count):
        _value(file, item)
    return count
