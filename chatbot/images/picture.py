"""From an uploaded file to pixels. The file is never decoded in this process, and goes nowhere from here.

`header.py` refuses by the header what is no picture or too much of one; `child.py`, confined and killed after 4 s,
decodes the rest and makes it anew. What comes back is checked like any input: a child has read a stranger's file.
"""

from __future__ import annotations

from chatbot.documents.child_process import ChildProcess, Died, TookTooMuch
from chatbot.documents.places import Places
from chatbot.images.child import LONGEST_SIDE, REFUSED
from chatbot.images.header import check_header, check_name, read_header
from chatbot.images.refusals import REFUSALS, BrokenPicture, TooCostlyPicture
from chatbot.providers.interface import Picture

SECONDS = 4.0
"""That decoding one picture may take: 25 million pixels of PNG take about one."""
WAIT = 5.0
"""Seconds to wait for a place when other pictures are being read."""
MOST_OUTPUT = 4_000_000
"""Bytes; the noisiest JPEG of this size has about two million."""
_reader = ChildProcess("chatbot.images.child", seconds=SECONDS, most_output=MOST_OUTPUT,
                       places=Places(at_once=2, waiting=6, patience=WAIT))


def read_picture(data: bytes, filename: str | None = None, *, may_leave: bool = False) -> Picture:
    """The pixels of a JPEG, PNG or WebP file, at most 1,536 on its longer side.

    Args:
        data: the file.
        filename: its name, whose ending must fit; None where a file has no name of its own (within a document).
        may_leave: whether somebody answered for it that it shows no real person (`faces.py`).

    Raises the refusals of `refusals.py`, and Overloaded.
    """
    header = check_header(data)
    if filename is not None:
        check_name(filename, header.kind)
    made = _in_child(header.kind, data)
    small = read_header(made)
    if small.kind != "JPEG" or max(small.width, small.height) > LONGEST_SIDE:
        raise BrokenPicture
    return Picture(made, "image/jpeg", small.width, small.height, may_leave)


def _in_child(kind: str, data: bytes) -> bytes:
    try:
        said = _reader.read(kind, data)
    except TookTooMuch:
        raise TooCostlyPicture from None
    except Died:
        raise BrokenPicture from None
    if said.startswith(REFUSED):
        raise REFUSALS.get(said.removeprefix(REFUSED).decode("ascii", "replace"), BrokenPicture)()
    return said
