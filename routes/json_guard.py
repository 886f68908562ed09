"""The guard at the door: reads a request's body once, before any view, and refuses what would hurt us later.

Plain Flask accepts NaN, 1e400, duplicate keys (the last wins), lone surrogates and NUL (which then break a
database driver), UTF-16, and answers 500 to ten thousand nested brackets. Here all of these are a 400, a wrong
type or encoding is a 415, and a body over the limit is a 413 before it is read.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from flask import Request, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from routes.errors import InvalidJson, UnexpectedBody, UnknownField, WrongMediaType, printable
from routes.installation import installation
from routes.whole_form import WholeFormParser

MAX_DEPTH = 32
MAX_DIGITS = 20
"""Digits of the longest whole number; a 64-bit one has 19 and a sign."""
BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORM_BLUEPRINTS = frozenset({"pages", "login", "studio", "studio_new", "studio_items", "studio_bank", "take",
                             "studio_illustrate", "clinical", "clinical_new", "clinical_replies", "clinical_versions",
                             "clinical_queue"})
"""Blueprints whose pages post an HTML form."""
UPLOADS = frozenset({"documents.add_document", "studio_new.make", "alt_text.alt_text", "extractions.extract",
                     "illustrations.edit"})
"""Endpoints that also, or only, take a file, as multipart/form-data, up to MAX_UPLOAD_BYTES."""
FRAMING = 10_000
"""Bytes that a multipart body may have besides its file."""
STRICT_QUERY_PREFIXES = ("/api/", "/v1/")
"""Elsewhere an unknown query parameter (a cache buster, a campaign tag) is ignored."""

_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A whole string (closed or not; possessive, so no input makes it backtrack) or one bracket."""


def parse(data: bytes) -> dict[str, Any]:
    """One JSON object from UTF-8 bytes. Raises InvalidJson, which never quotes the input."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidJson("The body is not UTF-8.") from None
    if text.startswith("\ufeff"):
        raise InvalidJson("The body starts with a byte order mark; send plain UTF-8.")
    _check_depth(text)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float,
                           parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise InvalidJson(f"The body is not JSON (line {error.lineno}, column {error.colno}).") from None
    if not isinstance(value, dict):
        raise InvalidJson("The body must be one JSON object: {...}.")
    _check_strings(value)
    return value


class GuardedRequest(Request):
    """The app's request class: however a view asks for its JSON, it is read once, and strictly."""

    form_data_parser_class = WholeFormParser
    _object: dict[str, Any] | None = None

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> dict[str, Any]:
        """The body as one object, whatever the arguments say. Raises InvalidJson."""
        if self._object is None:
            self._object = parse(self.get_data())
        return self._object


def guard_request() -> None:
    """Run before every view: check the query's names, then the body's type, encoding, size and JSON.

    Raises InvalidInput's children, and werkzeug's RequestEntityTooLarge and ClientDisconnected.
    """
    if request.routing_exception is not None:
        return  # a 404 or 405 says more than a complaint about its body
    _check_query(request)
    if request.method not in BODY_METHODS:
        if request.content_length or "Transfer-Encoding" in request.headers:
            raise UnexpectedBody(f"{request.method} takes no body here.")
        return
    if request.method == "DELETE" and not request.content_length and "Transfer-Encoding" not in request.headers:
        return  # its address says all
    uploads = request.endpoint in UPLOADS and request.mimetype == "multipart/form-data"
    if uploads:
        request.max_content_length = installation().settings.max_upload_bytes + FRAMING
    _check_size(request)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise WrongMediaType("A compressed body is not accepted; send it plain.", field="Content-Encoding")
    if uploads:
        _check_form(request)
        return
    if request.blueprint in FORM_BLUEPRINTS and request.mimetype == "application/x-www-form-urlencoded":
        _check_form(request)
        return
    if request.mimetype != "application/json":
        raise WrongMediaType("Send application/json.", field="Content-Type")
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise WrongMediaType("Send JSON as UTF-8.", field="Content-Type")
    request.get_json()  # remembered for the view


def _check_query(asked: Request) -> None:
    """Refuse a repeated query parameter, and one that the view does not know."""
    if not asked.path.startswith(STRICT_QUERY_PREFIXES):
        return
    known = _known_query(asked)
    for name, values in asked.args.lists():
        if name not in known:
            raise UnknownField("This query parameter does not exist here.", field=printable(name))
        if len(values) > 1:
            raise UnknownField("This query parameter was given more than once.", field=name)


def _known_query(asked: Request) -> frozenset[str]:
    view = current_app.view_functions[asked.endpoint or ""]
    inputs = getattr(view, "_spec", {}).get("args", [])  # where APIFlask's `input` decorator notes its schemas
    return frozenset(name for schema, place in inputs if place == "query" for name in schema.model_fields)


def _check_size(asked: Request) -> None:
    """Read the body up to MAX_BODY_BYTES. werkzeug cuts a longer chunked one off there without a word, we do not."""
    data = asked.get_data(cache=True)
    if asked.content_length is None and len(data) >= (asked.max_content_length or 0):
        raise RequestEntityTooLarge


def _check_form(asked: Request) -> None:
    for name, value in asked.form.items(multi=True):
        if "\x00" in name or "\x00" in value:
            raise InvalidJson("A form field holds a NUL character.", field=printable(name))


def _check_depth(text: str) -> None:
    """Count brackets outside strings before parsing: json.loads would run out of stack."""
    depth = 0
    for token in _BRACKETS.finditer(text):
        char = text[token.start()]
        depth += (char in "[{") - (char in "]}")
        if depth > MAX_DEPTH:
            raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson("An object names the same key twice.")
    return found


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise InvalidJson(f"A whole number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidJson("A number is too large.")
    return number


def _constant(_name: str) -> NoReturn:
    raise InvalidJson("NaN and Infinity are not JSON.")


def _check_strings(value: Any) -> None:
    """Refuse NUL and lone surrogates in every string and key (depth is bounded by now)."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidJson("A string holds a NUL character.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidJson("A string holds half of a surrogate pair.") from None
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
