"""No error stands between a woman and what a danger sign calls for.

Where her words come in, an answer of 400 or more says what triage finds in them, as far as they can be read:
`X-Triage` always, and `triage` and `advice` (the fixed text) in the problem when there is a sign. So it is with a field
that does not exist, a message that is too long, a limit that was reached, a key that has ended.
"""

from __future__ import annotations

import json

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from chatbot.chat.advice import advice_on
from chatbot.errors import FunzaError
from chatbot.providers.interface import Message
from routes.installation import installation

HEADER = "X-Triage"
SURFACES = frozenset({"chat.chat", "legacy.chat", "openai_compatible.complete"})
"""Endpoints that take a woman's words and answer them."""
TURNS, CHARACTERS = 16, 4_000
"""How many turns, and the last characters of each, are read again: a bad request must not cost much."""
OF_A_STRANGER = 1_000
"""Characters of the last turn alone, for whoever has no right to be here, or has used it up."""


def help_in_errors(app: Flask) -> None:
    """Add the advice to every error of `SURFACES`. Registered after the checks of who asks and how often."""
    app.before_request(_note_let_in)
    app.after_request(_with_advice)


def is_let_in() -> bool:
    """Whether the checks of who asks, how often and with what kind of body are passed."""
    return bool(g.get("let_in"))


def _note_let_in() -> None:
    g.let_in = True


def _with_advice(response: Response) -> Response:
    if request.endpoint not in SURFACES or response.status_code < 400 or HEADER in response.headers:
        return response
    turns = _turns()
    if turns is None:
        return response
    advice = advice_on(turns if is_let_in() else _shortened(turns), installation().settings)
    response.headers[HEADER] = advice.triage.level
    if advice.text and response.mimetype == "application/problem+json":
        body = json.loads(response.get_data())
        told = {"triage": {"level": advice.triage.level, "signs": list(advice.triage.signs)}, "advice": advice.text}
        response.set_data(json.dumps({**body, **told}))
    return response


def _shortened(turns: list[Message]) -> list[Message]:
    return [Message("user", turn.content[-OF_A_STRANGER:]) for turn in turns[-1:] if turn.role == "user"]


def _turns() -> list[Message] | None:
    """The turns of a body that may be wrong in any way, as far as they can be read; None when it is no JSON object."""
    if request.mimetype != "application/json" or (request.content_length or 0) > (request.max_content_length or 0):
        return None
    try:
        body = request.get_json()
    except (FunzaError, HTTPException):
        return None
    turns = body.get("messages", [{"role": "user", "content": body.get("message")}])
    return [found for turn in (turns[-TURNS:] if isinstance(turns, list) else []) for found in _turn(turn)]


def _turn(turn: object) -> list[Message]:
    if not isinstance(turn, dict) or turn.get("role") not in ("user", "assistant"):
        return []
    said = turn.get("content")
    parts = said if isinstance(said, list) else [{"text": said}]
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return [Message(turn["role"], "".join(texts)[-CHARACTERS:])]
