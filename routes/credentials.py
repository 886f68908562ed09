"""What a request brings to say who it is from: a key in a header, or a browser's session cookie. One parser for all.

`Authorization: Bearer <key>` and `X-API-Key: <key>` mean the same. Two different credentials are a mistake of the
client (400). A key in an address is refused whatever it is, because addresses end up in logs and histories.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from flask import Request

from chatbot.errors import InvalidInput
from routes.errors import Unauthorised

COOKIE = "__Host-funza"
"""Holds a page session. The prefix makes browsers demand Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2)."""
LONGEST = 200
"""Characters of a credential; ours have 55 at the most."""
REMEDY = "Send a key as `Authorization: Bearer <key>` or `X-API-Key: <key>`, or sign in at /login."

_BEARER = re.compile(r"bearer ([!-+\--~]+)", re.IGNORECASE)
"""One space, then visible ASCII without a comma: servers join a header that came twice with one."""
_PLAIN = re.compile(r"[!-+\--~]+")
_KEY_NAMES = frozenset({"key", "api_key", "apikey", "api-key", "x-api-key", "token", "access_token", "auth",
                        "authorization", "bearer"})
_LIKE_A_KEY = re.compile(r"fm_[a-z0-9]{8}_")


class Conflicting(InvalidInput):
    code = "conflicting_credentials"
    title = "The request says in two ways who it is from"


class WrongCredential(Unauthorised):
    """Something was sent, and it opens nothing: too many of these from one address are a 429."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What was sent; nobody has checked it yet."""

    kind: Literal["key", "session"]
    secret: str = field(repr=False)


def credential_of(request: Request) -> Credential | None:
    """The one credential of a request; None when there is none. Raises Conflicting, WrongCredential."""
    if _has_key_in_address(request):
        raise WrongCredential("A key in an address is never accepted.", remedy=REMEDY + " Revoke the one you sent.")
    found = {Credential("key", secret) for secret in (_bearer(request), _api_key(request)) if secret}
    if cookie := request.cookies.get(COOKIE):
        found.add(Credential("session", cookie))
    if len(found) > 1:
        raise Conflicting("Send one key, or one session cookie, and not both.")
    credential = found.pop() if found else None
    if credential and len(credential.secret) > LONGEST:
        raise wrong()
    return credential


def wrong() -> WrongCredential:
    """The same words for whatever is wrong with a credential."""
    return WrongCredential("This key or session opens nothing here.",
                           remedy="It may be expired or revoked: ask for a new key, or sign in again at /login.")


def _bearer(request: Request) -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    if "," in header:
        raise Conflicting("The Authorization header came more than once.")
    match = _BEARER.fullmatch(header)
    if match is None:
        raise wrong()
    return match[1]


def _api_key(request: Request) -> str | None:
    header = request.headers.get("X-API-Key")
    if header is None:
        return None
    if "," in header:
        raise Conflicting("The X-API-Key header came more than once.")
    if not _PLAIN.fullmatch(header):
        raise wrong()
    return header


def _has_key_in_address(request: Request) -> bool:
    return any(name.lower() in _KEY_NAMES or _LIKE_A_KEY.search(value)
               for name, value in request.args.items(multi=True))
