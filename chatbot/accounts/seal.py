"""One-way digests of secrets: a stolen database lets nobody in.

A secret of ours (an API key, a page session) is 256 random bits, so a slow hash would add nothing; HMAC-SHA256 with a
pepper that is not in the database does (OWASP ASVS 5, 11.4). The pepper is made from SECRET_KEY. When SECRET_KEY
changes, every digest changes: all API keys and all page sessions end at that moment, and new ones must be made.
Passwords are not concerned (`passwords.py`). There is no way back to the secrets, so there is nothing to migrate.
"""

from __future__ import annotations

import hashlib
import hmac

from chatbot.errors import FunzaError


class NoSecretKey(FunzaError):
    code = "no_secret_key"
    title = "SECRET_KEY is not set, so no key and no session can be told from a made-up one"


class Seal:
    """Makes digests under the pepper of one SECRET_KEY. Raises NoSecretKey when it is empty."""

    def __init__(self, secret_key: str) -> None:
        if not secret_key:
            raise NoSecretKey(remedy="Set SECRET_KEY, for example to the output of: openssl rand -hex 32")
        self._pepper = hmac.digest(secret_key.encode(), b"funza accounts 1", hashlib.sha256)
        self.mark = self.digest("the pepper itself")[:8]
        """Names the pepper without telling it; stored with a key, it shows which keys another SECRET_KEY made."""

    def digest(self, secret: str) -> str:
        """64 hex digits."""
        return hmac.digest(self._pepper, secret.encode(), hashlib.sha256).hex()


def same(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())
