"""`Idempotency-Key`: a client that is not sure whether its request arrived sends it again, and it is paid for once.

A view that costs is marked `@costs` (a contract test asks it of every route that changes something). With a key, the
first request runs; the same one later gets the same status, headers and body, with `Idempotent-Replayed: true`; one at
the same time gets a 409, another one under the same key a 422. Answers are kept for a day; what is worth another try
(5xx, 402, 408, 409, 425, 429, a stream that broke off) is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from apiflask import APIFlask
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import InvalidInput, LedgerUnavailable
from chatbot.usage.replays import Claim, InFlight, Kept, OtherRequest, Replays
from routes.auth import current_principal
from routes.errors import KeyReused, RequestInFlight
from routes.installation import installation
from routes.sse import is_answered

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
WORTH_ANOTHER_TRY = frozenset({402, 408, 409, 425, 429})
KEPT_HEADERS = frozenset({"Content-Type", "Content-Language", "Location", "Allow", "Cache-Control"})
"""Besides every `X-` header; the request id stays that of each request."""
PARAMETER = {
    "name": HEADER, "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "made by the client, new for each request (a UUID); sent again with it, the answer is the same"}

View = TypeVar("View", bound=Callable[..., Any])


def costs(*, help_first: bool = False) -> Callable[[View], View]:
    """Mark a view whose request costs money, so that it runs once for each Idempotency-Key.

    Args:
        help_first: it answers danger signs, so it runs also when the database cannot say whether it ran before (no
            model is asked then: an attempt cannot be written down either).
    """
    def mark(view: View) -> View:
        view._costs = _Mark(help_first)  # type: ignore[attr-defined]
        return view

    return mark


class _Mark:
    def __init__(self, help_first: bool) -> None:
        self.help_first = help_first


def does_cost(app: Flask, endpoint: str) -> bool:
    """Whether a view is marked `@costs`."""
    return _mark(app, endpoint) is not None


def run_once(app: APIFlask) -> None:
    """Honour the header on every marked view of `app`. Registered after the checks of who asks and what."""
    app.before_request(_claim)
    app.after_request(_keep)
    app.teardown_request(_let_go)


def _claim() -> Response | None:
    """Give the answer of an earlier request, or note down that this one runs.

    Raises InvalidInput, RequestInFlight, KeyReused, LedgerUnavailable.
    """
    mark = _mark(current_app, request.endpoint)
    if mark is None or HEADER not in request.headers:
        return None
    asked = b"\0".join([request.method.encode(), request.full_path.encode(), *_body()])
    try:
        outcome = _replays().claim(principal=current_principal().id, asked=asked, key=_checked(request.headers[HEADER]),
                                   route=f"{request.method} {request.url_rule}")
    except SQLAlchemyError as error:
        if mark.help_first:
            return None
        raise LedgerUnavailable("Nobody can tell now whether this request ran before, so it does not run.") from error
    match outcome:
        case Claim():
            g.claim = outcome
            return None
        case Kept():
            g.replayed = True
            return Response(outcome.body, outcome.status, {**outcome.headers, REPLAYED: "true"})
        case InFlight():
            raise RequestInFlight(f"Wait for its answer, then ask again with the same {HEADER}.")
        case OtherRequest():
            raise KeyReused(f"Make a new {HEADER} for each new request.", field=HEADER)


def _body() -> list[bytes]:
    """What was sent; of a form with a file what is in it, because a client draws its boundary anew each time."""
    if request.mimetype != "multipart/form-data":
        return [request.get_data()]
    parts = [f"{name}={value}".encode() for name, value in sorted(request.form.items(multi=True))]
    for name, file in request.files.items(multi=True):
        parts += [name.encode(), (file.filename or "").encode(), file.read()]
        file.seek(0)
    return parts


def _checked(key: str) -> str:
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise InvalidInput(f"{HEADER} must be 1 to 255 printable ASCII characters.", field=HEADER)
    return key


def _keep(response: Response) -> Response:
    """Keep the answer, or let the key go when another try may give another answer."""
    claim: Claim | None = g.pop("claim", None)
    if claim is None:
        return response
    if response.is_streamed:
        response.response = _KeptStream(response, claim, _replays())
    else:
        _replays().finish(claim, _kept(response, response.get_data()) if _is_final(response.status_code) else None)
    return response


def _let_go(_error: BaseException | None) -> None:
    """Nothing answered (the worker is being stopped): the key is free."""
    claim: Claim | None = g.pop("claim", None)
    if claim is not None:
        _replays().finish(claim, None)


def _is_final(status: int) -> bool:
    return status < 500 and status not in WORTH_ANOTHER_TRY


def _kept(response: Response, body: bytes) -> Kept:
    headers = {name: value for name, value in response.headers.items()
               if name in KEPT_HEADERS or (name.startswith("X-") and name != "X-Request-Id")}
    return Kept(response.status_code, headers, body)


class _KeptStream:
    """Passes a stream on and remembers it; an answer that came to its end is kept, without its heartbeats."""

    def __init__(self, response: Response, claim: Claim, replays: Replays) -> None:
        self._response = response
        self._claim: Claim | None = claim
        self._replays = replays
        self._source = cast(Any, response.response)
        self._frames: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            frame: str = next(self._source)
        except StopIteration:
            self._end()
            raise
        if not frame.startswith(":"):
            self._frames.append(frame)
            if is_answered(frame):
                self._end()  # before the client can see it, and ask again
        return frame

    def close(self) -> None:
        try:
            self._source.close()
        finally:
            self._end()

    def _end(self) -> None:
        claim, self._claim = self._claim, None
        if claim is None:
            return
        whole = bool(self._frames) and is_answered(self._frames[-1])
        self._replays.finish(claim, _kept(self._response, "".join(self._frames).encode()) if whole else None)


def _replays() -> Replays:
    """Of this app: it remembers what the database could not take."""
    app = current_app
    if "funza_replays" not in app.extensions:
        made = installation()
        app.extensions["funza_replays"] = Replays(made.service.engine, made.settings.secret_key.get_secret_value())
    return cast(Replays, app.extensions["funza_replays"])


def _mark(app: Flask, endpoint: str | None) -> _Mark | None:
    return getattr(app.view_functions.get(endpoint or ""), "_costs", None)
