"""What came instead of a picture, or a picture: told by its first bytes alone, whatever its content type says."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from typing import Any

from chatbot.errors import EmptyAnswer, Malformed, NotText
from chatbot.providers.image_interface import MediaType

MOST_BYTES = 24_000_000
"""A noisy PNG of two million pixels has 6 million bytes; base64 adds a third."""


def found_picture(data: bytes, provider: str) -> MediaType:
    """The kind of picture. Raises EmptyAnswer, and NotText for HTML, JSON or anything else."""
    if not data:
        raise EmptyAnswer(f"{provider} sent nothing")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    raise NotText(f"{provider} answered with something that is not a picture")


def json_object(data: bytes, provider: str) -> dict[str, Any]:
    """The answer as a JSON object. Raises NotText for HTML, Malformed for anything else."""
    if data.lstrip()[:1] == b"<":
        raise NotText(f"{provider} answered with something that is not a picture")
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Malformed(f"{provider} sent an answer that is not valid JSON")
    return told


def from_base64(told: object, provider: str) -> bytes:
    """The bytes of base64 text. Raises EmptyAnswer, Malformed. An address is never fetched: it could be any host's."""
    if not told:
        raise EmptyAnswer(f"{provider} sent no picture")
    if not isinstance(told, str):
        raise Malformed(f"{provider} sent a picture that is not base64")
    try:
        return b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{provider} sent a picture that is not base64") from None
