"""Who sends this request: the one place where keys and roles plug in.

AUTH=off (allowed only on a loopback bind) makes everyone the machine's owner. With AUTH=on nobody is known yet,
so every route but `/livez` and the static files answers 401.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask import request

from routes.errors import Unauthorised
from routes.installation import installation

OPEN_ENDPOINTS = frozenset({"health.livez", "static", "pages.static"})
"""Endpoints that need no key: a liveness probe and the pages' own files."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who may ask for something."""

    id: str
    role: Literal["learner", "educator", "admin"]


OWNER = Principal("owner", "admin")
"""Whoever sits at this machine."""


def current_principal() -> Principal:
    """Who sends the current request. Raises Unauthorised."""
    if installation().settings.auth == "off":
        return OWNER
    raise Unauthorised("Send a key of this installation.",
                       remedy="Set AUTH=off and bind to a loopback address to work without keys.")


def require_principal() -> None:
    """Run before every view: only the open endpoints go without a principal."""
    if request.routing_exception is None and request.endpoint not in OPEN_ENDPOINTS:
        current_principal()
