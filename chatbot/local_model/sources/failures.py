"""How fetching weights fails. Each is a NotReady: other features live, and the next provider answers meanwhile.

NotReady
├── SourceUnreachable   no answer, 429 or SlowDown, 5xx: another time, or another source, may do
│   └── Cut             the transfer broke off: it may go on where it stopped
├── LoginNeeded         401 or 403: a token, a key, or an accepted licence is missing
├── Refused             what is offered is never loaded: no hash, a pickle, code, a place not allowed
├── Damaged             size or hash is not the expected one: the bytes were thrown away
├── DiskFull            the disk ran full in the middle: the half file was removed
└── NotNow              somebody downloads already, or the last try was a moment ago (download_lock.py)
"""

from __future__ import annotations

from chatbot.errors import NotReady


class SourceUnreachable(NotReady):
    """No source answers: another one may still do."""


class Cut(SourceUnreachable):
    """The transfer broke off."""


class LoginNeeded(NotReady):
    """The source wants to know us, or a licence accepted, before it gives the weights."""


class Refused(NotReady):
    """What is offered, or where, is never loaded; asking again changes nothing."""


class Damaged(NotReady):
    """The bytes are not the expected ones."""


class DiskFull(NotReady):
    """No room for the rest."""


class Changed(Exception):
    """The file at the source is another one than when its first bytes came: start over."""
