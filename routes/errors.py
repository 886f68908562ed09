"""Every error as RFC 9457 `application/problem+json`: one table says which status each of our errors is.

A body is `{type, title, status, detail, code, retryable, request_id}`, plus `field` and `remedy` when there is
one. `type` is a relative URI that this server answers: `/docs/problems#<code>`. The OpenAI-compatible routes add
an `error` object in OpenAI's shape to the same body, so that both kinds of client understand it.
No traceback, no exception text and no words of a user are ever part of an answer or of a log line.
"""

from __future__ import annotations

import json
import math
import traceback
from http import HTTPStatus
from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from chatbot.errors import (
    BadAnswer,
    BudgetExhausted,
    Conflict,
    ContextTooLong,
    FunzaError,
    InvalidInput,
    LedgerUnavailable,
    NoProvider,
    NotAllowed,
    NotFound,
    NotThatKind,
    Overloaded,
    ProviderError,
    QuizUnavailable,
    RecordsUnavailable,
    ServerStopping,
    TimedOut,
    TooLong,
    UnknownModel,
    Unreadable,
)
from chatbot.images.lessons.errors import StorageFailed, TooManyJobs
from routes.open_streams import TooManyStreams
from routes.request_id import request_id

OPENAI_PREFIX = "/v1/"
DEFAULT_RETRY_AFTER = 5.0
"""Seconds to wait when an error that is worth another try does not say how long."""
LONGEST_RETRY_AFTER = 3600.0

log = structlog.get_logger(__name__)


class InvalidJson(InvalidInput):
    code = "invalid_json"
    title = "The request body is not JSON that we accept"


class UnknownField(InvalidInput):
    code = "unknown_field"
    title = "The request has a field that does not exist"


class UnexpectedBody(InvalidInput):
    code = "unexpected_body"
    title = "This request takes no body"


class BodyTooLarge(InvalidInput):
    code = "body_too_large"
    title = "The request body is too large"


class WrongMediaType(InvalidInput):
    code = "unsupported_media_type"
    title = "The request body has a type or an encoding that we do not accept"


class Unauthorised(FunzaError):
    code = "unauthorised"
    title = "This installation wants a key"


class TooManyRequests(FunzaError):
    code = "too_many_requests"
    title = "Too many requests in a short time"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after: float) -> None:
        super().__init__(detail or "Wait as long as Retry-After says, then try again.")
        self.retry_after = retry_after


class RequestInFlight(FunzaError):
    code = "idempotency_in_flight"
    title = "The same request is being answered at this moment"
    retryable = True
    retry_after = 1.0


class KeyReused(InvalidInput):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


class CrossSite(NotAllowed):
    code = "cross_site"
    title = "Another web site may not send this request"


class WrongHost(FunzaError):
    code = "wrong_host"
    title = "This server does not answer under that host name"


STATUS: dict[type[FunzaError], int] = {
    FunzaError: 500,
    InvalidInput: 400,
    Unauthorised: 401,
    BudgetExhausted: 402,
    NotAllowed: 403,
    NotFound: 404,
    UnknownModel: 404,
    Conflict: 409,
    RequestInFlight: 409,
    TooLong: 413,
    ContextTooLong: 413,
    BodyTooLarge: 413,
    WrongMediaType: 415,
    NotThatKind: 415,
    WrongHost: 421,
    KeyReused: 422,
    Unreadable: 422,
    TooManyRequests: 429,
    TooManyJobs: 429,
    TooManyStreams: 429,
    BadAnswer: 502,
    QuizUnavailable: 502,
    LedgerUnavailable: 503,
    RecordsUnavailable: 503,
    StorageFailed: 503,
    NoProvider: 503,
    Overloaded: 503,
    ServerStopping: 503,
    ProviderError: 503,
    TimedOut: 504,
}
"""The nearest class of an error's own line of parents decides."""

HTTP_CODES: dict[int, str] = {404: "not_found", 405: "method_not_allowed", 413: BodyTooLarge.code,
                              415: WrongMediaType.code, 500: FunzaError.code}
"""Codes of what Flask refuses by itself; any other status is named after its HTTP phrase."""


def status_of(kind: type[FunzaError]) -> int:
    """The HTTP status of one kind of error."""
    return next(STATUS[cls] for cls in kind.__mro__ if cls in STATUS)


def known_problems() -> dict[str, tuple[int, str]]:
    """Code -> (status, title) of every problem that these routes can answer with."""
    found: dict[str, tuple[int, str]] = {}
    todo: list[type[FunzaError]] = [FunzaError]
    while todo:
        cls = todo.pop(0)
        found.setdefault(cls.code, (status_of(cls), cls.title))
        todo += cls.__subclasses__()
    found["method_not_allowed"] = (405, HTTPStatus(405).phrase)
    found["bad_request"] = (400, HTTPStatus(400).phrase)
    return found


def problem(error: FunzaError, request_id: str) -> dict[str, Any]:
    """The body that tells a client about `error`."""
    body = _body(status_of(type(error)), error.code, error.title, request_id, detail=error.detail,
                 retryable=error.retryable)
    if error.field:
        body["field"] = error.field
    if error.remedy:
        body["remedy"] = error.remedy
    return body


def openai_error(body: dict[str, Any]) -> dict[str, Any]:
    """The `error` object that OpenAI's clients read, made from a problem body."""
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}
    kind = kinds.get(body["status"], "invalid_request_error" if body["status"] < 500 else "server_error")
    return {"message": body["detail"], "type": kind, "param": body.get("field"), "code": body["code"]}


def answer_error(error: FunzaError) -> Response:
    """One of our errors as a response, with Retry-After where another try may help."""
    headers = {}
    if error.retryable:
        headers["Retry-After"] = str(_whole_seconds(getattr(error, "retry_after", None)))
    if isinstance(error, Unauthorised):
        headers["WWW-Authenticate"] = "Bearer"
    return _respond(problem(error, request_id()), headers)


def first_mistake(error: ValidationError) -> InvalidInput:
    """The first thing that pydantic found wrong, as one of our errors. Never repeats the value."""
    mistake = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = printable(".".join(str(part) for part in mistake["loc"])) or None
    if mistake["type"] == "extra_forbidden":
        return UnknownField("This field does not exist here.", field=field)
    if mistake["type"] in {"string_too_long", "too_long"}:
        return TooLong(f"{field}: {mistake['msg']}.", field=field)
    return InvalidInput((f"{field}: " if field else "") + mistake["msg"].removeprefix("Value error, "), field=field)


def register_errors(app: APIFlask) -> None:
    """Make every failure of `app` a problem+json answer."""
    app.register_error_handler(FunzaError, answer_error)
    app.register_error_handler(HTTPError, _answer_apiflask)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unforeseen)


def log_unforeseen(error: BaseException, request_id: str) -> None:
    """Log a bug by its kind and its place; the text of an exception may hold a user's words, so it stays out."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    log.error("unforeseen_error", request_id=request_id, error=type(error).__name__,
              where=[f"{frame.filename}:{frame.lineno}" for frame in frames])


def printable(name: str) -> str:
    """A name that the client made up, short and without control characters."""
    return "".join(char for char in name[:80] if char.isprintable())


def _body(status: int, code: str, title: str, request_id: str, *, detail: str, retryable: bool) -> dict[str, Any]:
    return {"type": f"/docs/problems#{code}", "title": title, "status": status, "detail": detail, "code": code,
            "retryable": retryable, "request_id": request_id}


def _respond(body: dict[str, Any], headers: dict[str, str]) -> Response:
    if request.path.startswith(OPENAI_PREFIX):
        body = {**body, "error": openai_error(body)}
    response = Response(json.dumps(body), body["status"], mimetype="application/problem+json")
    response.headers.update({"Cache-Control": "no-store", **headers})
    return response


def _whole_seconds(retry_after: float | None) -> int:
    wanted = retry_after if retry_after is not None and retry_after > 0 else DEFAULT_RETRY_AFTER
    return math.ceil(min(wanted, LONGEST_RETRY_AFTER))


def _answer_apiflask(error: HTTPError) -> Response:
    """APIFlask's `input` decorator failed; pydantic's own error is its cause."""
    if isinstance(error.__cause__, ValidationError):
        return answer_error(first_mistake(error.__cause__))
    return _answer_status(error.status_code, {})


def _answer_http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:  # a redirect is no error
        return error
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return _answer_status(error.code, kept)


def _answer_status(status: int, headers: dict[str, str]) -> Response:
    phrase = HTTPStatus(status)
    code = HTTP_CODES.get(status, phrase.phrase.lower().replace(" ", "_"))
    detail = phrase.description or phrase.phrase
    return _respond(_body(status, code, phrase.phrase, request_id(), detail=detail, retryable=False), headers)


def _answer_unforeseen(error: Exception) -> Response:
    log_unforeseen(error, request_id())
    return answer_error(FunzaError())
