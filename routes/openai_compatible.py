"""OpenAI's chat completions and models, so that any client written for OpenAI can point here.

General text: the answer passes the validity gate, and no check that sources support it. What OpenAI's shape has
no room for travels in response headers: X-Provider, X-Fell-Back, X-Call-Id, X-Triage, X-Cost-USD. X-Triage stands on
errors too (`help_in_errors.py`).
Shapes: platform.openai.com/docs/api-reference/chat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Response

from chatbot.calling.completion import CallEvent, Completion, CompletionDone, Failed, Pulse, Started, TextDelta
from chatbot.chat.general import SamplingWishes
from chatbot.errors import FunzaError, InvalidInput, Truncated
from chatbot.providers.interface import Message
from routes.auth import current_principal
from routes.completion_schemas import (
    CompletionHeaders,
    CompletionIn,
    CompletionOut,
    JsonObjectFormat,
    JsonSchemaFormat,
    ModelList,
)
from routes.errors import openai_error, problem
from routes.help_in_errors import HEADER as TRIAGE
from routes.idempotency import costs
from routes.installation import installation
from routes.request_id import request_id
from routes.schemas import Responses
from routes.sse import HEARTBEAT, check_room, event_stream, frame, whole

blueprint = APIBlueprint("openai_compatible", __name__, url_prefix="/v1", tag="OpenAI-compatible")

STARTED_AT = int(time.time())
DONE = "data: [DONE]\n\n"
CHUNKS: Responses = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


@blueprint.post("/chat/completions")
@blueprint.input(CompletionIn, arg_name="asked")
@blueprint.output(CompletionOut, headers=CompletionHeaders)
@blueprint.doc(responses=CHUNKS)
@costs()
def complete(asked: CompletionIn) -> tuple[dict[str, Any], int, dict[str, str]] | Response:
    """Complete a conversation, in OpenAI's shapes.

    `model` is `hybrid`, `local`, `cloud` or `provider/model` (tried first, then the rest of the chain).
    With `stream: true` the answer is OpenAI's chunks as `text/event-stream`, ending in `[DONE]`.
    """
    messages, wishes = _messages(asked), _wishes(asked)
    service, principal = installation().service, current_principal().id
    if asked.stream:
        include_usage = asked.stream_options is not None and asked.stream_options.include_usage
        return _stream(service.stream_completion(messages, model=asked.model, principal=principal, **wishes),
                       include_usage)
    completion = service.complete(messages, model=asked.model, principal=principal, **wishes)
    return _whole(completion), 200, _headers(completion) | _cost(completion)


@blueprint.get("/models")
@blueprint.output(ModelList)
def models() -> dict[str, Any]:
    """List the names that may be sent as `model`."""
    return {"object": "list", "data": [
        {"id": model.id, "object": "model", "created": STARTED_AT, "owned_by": model.provider, "state": model.state,
         "reason": model.reason} for model in installation().service.list_models()]}


def _messages(asked: CompletionIn) -> tuple[Message, ...]:
    return tuple(Message("system" if turn.role == "developer" else turn.role, turn.text) for turn in asked.messages)


def _wishes(asked: CompletionIn) -> SamplingWishes:
    """What the client wishes, in our words; what it left out is the front door's to choose.

    Raises InvalidInput for fields that contradict each other.
    """
    if asked.max_tokens and asked.max_completion_tokens and asked.max_tokens != asked.max_completion_tokens:
        raise InvalidInput("max_tokens and max_completion_tokens differ; send one.", field="max_completion_tokens")
    if asked.stream_options is not None and not asked.stream:
        raise InvalidInput("stream_options is for stream: true.", field="stream_options")
    wishes = {
        "max_tokens": asked.max_completion_tokens or asked.max_tokens,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "seed": asked.seed,
        "stop": (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ()),
        "schema": _schema(asked),
    }
    return cast(SamplingWishes, {name: wish for name, wish in wishes.items() if wish is not None})


def _schema(asked: CompletionIn) -> dict[str, Any] | None:
    if isinstance(asked.response_format, JsonSchemaFormat):
        return asked.response_format.json_schema.schema_
    return {"type": "object"} if isinstance(asked.response_format, JsonObjectFormat) else None


def _headers(answer: Completion | Started) -> dict[str, str]:
    return {"X-Provider": answer.provider, "X-Fell-Back": str(answer.fell_back).lower(), "X-Call-Id": answer.call_id,
            TRIAGE: answer.triage.level}


def _cost(completion: Completion) -> dict[str, str]:
    """No header when the price is unknown: an unknown price is never 0."""
    cost = completion.usage.cost_usd
    return {} if cost is None else {"X-Cost-USD": f"{cost:.9f}"}


def _usage(completion: Completion) -> dict[str, int]:
    usage = completion.usage
    return {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens}


def _whole(completion: Completion) -> dict[str, Any]:
    message = {"role": "assistant", "content": completion.text, "refusal": None}
    return {"id": f"chatcmpl-{completion.call_id}", "object": "chat.completion", "created": int(time.time()),
            "model": completion.model, "usage": _usage(completion),
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish_reason}]}


def _stream(events: Iterator[CallEvent], include_usage: bool) -> Response:
    """Wait for who answers, because headers go first; a failure until then is a normal error response."""
    check_room()
    started = next((event for event in events if not isinstance(event, Pulse)), None)
    if isinstance(started, Failed):
        raise started.error
    if not isinstance(started, Started):
        raise Truncated("The answer broke off.")
    asked_by = request_id()

    def failed(error: FunzaError) -> str:
        body = problem(error, asked_by)
        return frame({**body, "error": openai_error(body)})

    frames = whole(_chunks(started, events, include_usage, failed), failed, asked_by)
    return event_stream(frames, events, _headers(started))


def _chunks(started: Started, events: Iterator[CallEvent], include_usage: bool, failed: Callable[[FunzaError], str],
            ) -> Iterator[tuple[str, bool]]:
    """OpenAI's chunks: the role, the text, the finish reason, the usage when asked for, and [DONE]."""
    head = {"id": f"chatcmpl-{started.call_id}", "object": "chat.completion.chunk", "created": int(time.time()),
            "model": started.model} | ({"usage": None} if include_usage else {})

    def chunk(delta: dict[str, str], finish_reason: str | None = None) -> str:
        return frame(head | {"choices": [{"index": 0, "delta": delta, "logprobs": None,
                                          "finish_reason": finish_reason}]})

    yield chunk({"role": "assistant", "content": ""}), False
    for event in events:
        match event:
            case TextDelta(text):
                yield chunk({"content": text}), False
            case CompletionDone(completion):
                yield chunk({}, completion.finish_reason), False
                if include_usage:
                    yield frame(head | {"choices": [], "usage": _usage(completion)}), False
                yield DONE, True
            case Failed(error):
                yield failed(error), True
            case _:
                yield HEARTBEAT, False
