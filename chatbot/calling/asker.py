"""Who asks, as a name that says nothing: enough to keep one person from taking every place of a queue."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from chatbot.accounts.principal import LOCAL

_KEY = secrets.token_bytes(32)
"""Of this process: the names mean nothing elsewhere or later."""


def opaque(principal: str) -> str:
    """The name of `principal` (an id of the ledger); empty for the one who has the machine to himself (AUTH=off)."""
    if principal in ("", LOCAL.id):
        return ""
    return blake2b(principal.encode(), key=_KEY, digest_size=12).hexdigest()
