"""Passwords: argon2id hashes, checked in the same time whether or not there is such a person.

Parameters: OWASP's Password Storage Cheat Sheet (m = 19 MiB, t = 2, p = 1). Each check takes that memory, so only a few
run at once. A hash carries its own parameters and salt; a changed SECRET_KEY does not concern it.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from chatbot.errors import InvalidInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200
"""Characters. Length is the only rule (NIST SP 800-63B, 5.1.1.2: no rule about kinds of characters)."""
AT_ONCE = 4

_room = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """The argon2id hash to store. Raises InvalidInput for a password that is too short or too long."""
    if not SHORTEST <= len(_canonical(password)) <= LONGEST:
        raise InvalidInput(f"A password has {SHORTEST} to {LONGEST} characters.", field="password")
    with _room:
        return _hasher().hash(_canonical(password))


def is_right(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind `stored`; None (nobody) takes as long, and is never right."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    decoy = _decoy()  # made at the first check of either kind, so that no stranger waits for it alone
    hashed = decoy if stored is None else stored
    with _room:
        try:
            return _hasher().verify(hashed, _canonical(password)[:LONGEST + 1]) and stored is not None
        except (Argon2Error, InvalidHashError):
            return False


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _decoy() -> str:
    """The hash that a stranger's password is checked against."""
    return _hasher().hash("nobody has this password")


def _canonical(password: str) -> str:
    """The same password typed on another keyboard may come decomposed."""
    return unicodedata.normalize("NFC", password)
