"""Device cookies: a browser on which an account once signed in, so that strangers' guesses do not count against it.

The cookie is signed, names the account by a digest, and opens nothing: it only gives its device a count of its own.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException

from chatbot.accounts.people import canonical
from chatbot.accounts.seal import Seal, same
from chatbot.errors import InvalidInput
from routes.installation import installation

COOKIE = "__Host-funza-device"
KEPT = timedelta(days=365)


def account_mark(name: str | None = None) -> str:
    """A digest of a user name: of `name`, or of what the current request's form says. Safe to log and to count by."""
    try:
        plain = canonical(_typed_name() if name is None else name)
    except InvalidInput:
        plain = ""
    return Seal(_secret_key()).digest(f"account {plain}")[:32]


def known_device() -> str | None:
    """The id of this browser, when the account that the form names has signed in on it before."""
    try:
        mark, device = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=int(KEPT.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    return str(device) if same(str(mark), account_mark()) else None


def new_device(name: str) -> str:
    """The value of the cookie for a browser on which `name` has just signed in."""
    return str(_serializer().dumps([account_mark(name), secrets.token_hex(8)]))


def _typed_name() -> str:
    """A form that cannot be read names nobody; the guard that runs later says what is wrong with it."""
    try:
        return request.form.get("name", "")
    except HTTPException:
        return ""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secret_key(), salt="funza device")


def _secret_key() -> str:
    return installation().settings.secret_key.get_secret_value()
