"""The id of the request that is being handled: ours always, never what a client sent."""

from __future__ import annotations

from typing import cast

from flask import g

from chatbot.database import new_id


def request_id() -> str:
    """A ULID, made when it is first asked for and the same for the whole request."""
    if "request_id" not in g:
        g.request_id = new_id()
    return cast(str, g.request_id)
