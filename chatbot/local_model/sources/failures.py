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


_LATER = frozenset({408, 425, 429})


def refusal(status: int, name: str, place: str, *, remedy: str, later: bool = False, said: str = "") -> Exception:
    """What an HTTP status means for the file `name`, the same at every source.

    `place` begins a sentence (`The bucket weights`); `remedy` is for when it wants to know us; `later`: the source says
    in its own way that another time may do; `said`: its own code, shown beside the status.
    """
    shown = f"{status} {said}".strip()
    if status == 412:
        return Changed(name)
    if status == 416:
        return Damaged(f"{place} has a shorter {name} than expected.", remedy="Check what was pinned.")
    if later or status in _LATER or status >= 500:
        return SourceUnreachable(f"{place} answers {shown}.", remedy="Try again later.")
    if status in (401, 403):
        return LoginNeeded(f"{place} does not give {name} ({shown}).", remedy=remedy)
    return NotReady(f"{place} has no {name} ({shown}).", remedy="Check LOCAL_MODEL.")
