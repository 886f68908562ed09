"""Reads chat completions, whole or in chunks: the text, how it finished, what it used.

Nothing in them is trusted: an unknown shape is `Malformed`, absurd usage is no usage, a tool call is never run,
and words in any role but the assistant's are dropped.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, cast

import structlog

from chatbot.alerts import alert
from chatbot.errors import EmptyAnswer, Malformed
from chatbot.providers.failures import from_error_body
from chatbot.providers.interface import Finish, FinishReason, Usage

log = structlog.get_logger()

MAX_TOKENS: Final = 20_000_000
"""More than any model reads or writes in one call: a count above it is a mistake."""
MAX_ID_CHARS: Final = 200

FINISH_REASONS: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "eos": "stop",  # Together's OpenAPI file, FinishReason
    "eos_token": "stop",  # text-generation-inference
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",  # Gemini, in capitals
    "content_filter": "content_filter",
    "safety": "content_filter",  # Gemini
    "prohibited_content": "content_filter",
    "recitation": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
"""What providers call the end. A word that is not here is no end: the answer counts as truncated."""


class Completion:
    """The answer of one try, as far as it has come."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        """The provider's name for people, for the errors."""
        self.started = False
        """Whether text of the answer has come."""
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.model = ""
        self.upstream_id = ""

    def whole(self, raw: bytes) -> str:
        """The text of a complete JSON answer."""
        payload = self._payload(raw)
        if not isinstance(payload.get("choices"), list):
            raise Malformed(f"{self.provider} sent an answer without choices")
        text = self._take(payload, "message")
        if not payload["choices"] and self.finish_reason is None:  # whole, and nothing in it: not cut, but empty
            raise EmptyAnswer("the answer was empty")
        return text

    def chunk(self, raw: bytes) -> str:
        """The text of one streamed event; empty for an event that carries none."""
        return self._take(self._payload(raw), "delta")

    def end(self) -> Finish:
        """How it ended. A `finish_reason` of None says that it was cut."""
        return Finish(self.finish_reason, self.usage, self.model, self.upstream_id)

    def _payload(self, raw: bytes) -> dict[str, Any]:
        payload = _json(raw)
        # Gemini's compatible endpoint wraps its errors in a list.
        payload = payload[0] if isinstance(payload, list) and len(payload) == 1 else payload
        if not isinstance(payload, dict):
            # Its length and hash tell one broken answer from another; its words may be a person's.
            log.warning("malformed_answer", provider=self.provider, bytes=len(raw),
                        sha256=hashlib.sha256(raw).hexdigest())
            raise Malformed(f"{self.provider} sent an answer that is not valid JSON")
        if payload.get("error"):
            raise from_error_body(self.provider, payload, begun=self.started)
        return payload

    def _take(self, payload: dict[str, Any], part: str) -> str:
        self.model = label(payload.get("model")) or self.model
        self.upstream_id = label(payload.get("id")) or self.upstream_id
        if payload.get("usage") is not None:
            self.usage = usage_of(payload["usage"])
            if self.usage is None:
                alert("absurd_usage", self.provider)
        if self.finish_reason is not None:  # a second ending, or text after the end
            return ""
        choice = _first_choice(payload.get("choices"))
        text = _text(choice.get(part))
        self.finish_reason = FINISH_REASONS.get(str(choice.get("finish_reason")).lower()) or _blocked(payload)
        self.started = self.started or bool(text)
        return text


def usage_of(raw: object) -> Usage | None:
    """The reported tokens, or None when they cannot be right. An explicit zero is a zero."""
    if not isinstance(raw, dict):
        return None
    prompt, completion = _count(raw.get("prompt_tokens")), _count(raw.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    details = raw.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens") if isinstance(details, dict) else raw.get("cached_tokens"))
    details = raw.get("completion_tokens_details")
    reasoning = _count(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    return Usage(prompt, completion, cached if cached is not None and cached <= prompt else 0,
                 reasoning_tokens=reasoning if reasoning is not None and reasoning <= completion else 0)


def _count(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return cast(int, value) if whole and 0 <= cast(int, value) <= MAX_TOKENS else None


def _json(raw: bytes) -> object:
    """The parsed body, or None. A JSONDecodeError is not kept: it would carry the provider's words along."""
    try:
        return cast(object, json.loads(raw))
    except (ValueError, RecursionError):
        return None


def _first_choice(choices: object) -> dict[str, Any]:
    """The choice with index 0: we ask for one, and Azure-like endpoints send events that have none."""
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index", 0) == 0:
            return choice
    return {}


def _blocked(payload: dict[str, Any]) -> FinishReason | None:
    """Gemini says so beside an empty list of candidates (ai.google.dev/api/generate-content#PromptFeedback)."""
    feedback = payload.get("promptFeedback") or payload.get("prompt_feedback")
    reason = isinstance(feedback, dict) and (feedback.get("blockReason") or feedback.get("block_reason"))
    return "content_filter" if reason else None


def _text(message: object) -> str:
    if not isinstance(message, dict) or message.get("role") not in (None, "", "assistant"):
        return ""
    content = message.get("content")
    return content if isinstance(content, str) else ""


def label(value: object) -> str:
    """A name or id of the provider's, if it looks like one."""
    return value[:MAX_ID_CHARS] if isinstance(value, str) and value.isprintable() else ""
