"""The chat-completions wire format, as the provider's side writes it."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

REQUEST_FIELDS = frozenset({
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "seed", "stop", "stream",
    "stream_options", "response_format"})
"""What our adapters may send; anything else is answered 400, as Gemini's endpoint does."""


def complaint(body: Any) -> str:
    """What is wrong with a request body, or nothing: the light check that a real provider makes."""
    if not isinstance(body, dict):
        return "the body must be a JSON object"
    if unknown := sorted(set(body) - REQUEST_FIELDS):
        return f"Unknown name {unknown[0]!r}: Cannot find field."
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model is required"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages is required"
    if not all(isinstance(turn, dict) and turn.get("role") in ("system", "user", "assistant")
               and _is_content(turn.get("content")) for turn in messages):
        return "each message needs a role and a content"
    return ""


def tokens(text: str) -> int:
    """One token a word: exact enough for an invoice that both sides can check."""
    return len(text.split())


def _is_content(content: Any) -> bool:
    """Text, or parts of text and of pictures as data URIs: what OpenAI's and Gemini's endpoints take."""
    if not isinstance(content, list):
        return isinstance(content, str)
    return bool(content) and all(
        isinstance(part.get("text"), str) if part.get("type") == "text"
        else part.get("type") == "image_url" and part["image_url"]["url"].startswith("data:image/") for part in content)


def pictures(body: dict[str, Any]) -> list[bytes]:
    """The picture files that a request carries."""
    return [b64decode(part["image_url"]["url"].partition(";base64,")[2], validate=True)
            for turn in body["messages"] if isinstance(turn["content"], list)
            for part in turn["content"] if part["type"] == "image_url"]


def words(content: str | list[dict[str, Any]]) -> str:
    """The text of one turn."""
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


PICTURE_TOKENS = 258


def prompt_tokens(body: dict[str, Any]) -> int:
    return sum(tokens(words(turn["content"])) for turn in body["messages"]) + PICTURE_TOKENS * len(pictures(body))


def counted(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def pieces(text: str) -> list[str]:
    """The text in streamable pieces: one word each, with the space before it."""
    words = text.split(" ")
    return [word if first else " " + word for first, word in zip([True] + [False] * len(words), words, strict=False)]


def completion(model: str, request_id: str, message: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"id": request_id, "object": "chat.completion", "created": 1_795_000_000, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}]}


def chunk(model: str, request_id: str, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"id": request_id, "object": "chat.completion.chunk", "created": 1_795_000_000, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
