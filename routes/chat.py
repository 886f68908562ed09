"""The learner's chat: one question in, one cited answer out, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from apiflask import APIBlueprint
from flask import Response

from chatbot.chat.reply import ChatEvent, Done, Failed, TextDelta, TriageFound
from chatbot.errors import FunzaError, Truncated
from routes.auth import current_principal
from routes.errors import problem
from routes.idempotency import costs
from routes.installation import installation
from routes.request_id import request_id
from routes.schemas import ChatDone, ChatIn, ChatOut, Responses, TriageOut
from routes.sse import HEARTBEAT, check_room, event_stream, frame, whole

blueprint = APIBlueprint("chat", __name__, url_prefix="/api/v1", tag="Chat")

EVENTS: Responses = {200: {"content": {"text/event-stream": {
    "schema": {"type": "string"},
    "example": 'event: triage\ndata: {"level":"none","signs":[]}\n\nevent: delta\ndata: {"text":"Iron"}\n\n'
               'event: done\ndata: {"provider":"curated","...":"the same body without answer"}\n\n'}}}}


@blueprint.post("/chat")
@blueprint.input(ChatIn, arg_name="asked")
@blueprint.output(ChatOut)
@blueprint.doc(responses=EVENTS)
@costs(help_first=True)
def chat(asked: ChatIn) -> ChatOut | Response:
    """Answer a question about maternal health.

    With `stream: true` the answer is `text/event-stream`: one `triage`, any number of `delta`, then exactly one
    `done` (the same body without `answer`) or one `error` (a problem). Comments are heartbeats.
    """
    service, principal = installation().service, current_principal().id
    if asked.stream:
        return _stream(service.stream_chat_response(asked.message, stage=asked.stage, language=asked.language,
                                                    conversation_id=asked.conversation_id, strategy=asked.strategy,
                                                    principal=principal))
    return ChatOut.model_validate(service.generate_chat_response(
        asked.message, stage=asked.stage, language=asked.language, conversation_id=asked.conversation_id,
        strategy=asked.strategy, principal=principal))


def _stream(events: Iterator[ChatEvent]) -> Response:
    """A failure before the first event is a normal error response; later ones are events."""
    check_room()
    first = next(events, Failed(Truncated("The answer broke off.")))
    if isinstance(first, Failed):
        raise first.error
    asked_by = request_id()

    def failed(error: FunzaError) -> str:
        return frame(problem(error, asked_by), "error")

    def frames() -> Iterator[tuple[str, bool]]:
        for event in chain([first], events):
            match event:
                case TriageFound(triage):
                    yield frame(TriageOut.model_validate(triage).model_dump(), "triage"), False
                case TextDelta(text):
                    yield frame({"text": text}, "delta"), False
                case Done(reply):
                    yield frame(ChatDone.model_validate(reply).model_dump(mode="json"), "done"), True
                case Failed(error):
                    yield failed(error), True
                case _:
                    yield HEARTBEAT, False

    return event_stream(whole(frames(), failed, asked_by), events)
