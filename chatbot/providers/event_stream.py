"""Server-sent events, as the HTML standard defines them, out of packets that are cut anywhere.

Read here and not by the SDKs, because those lose the first event to a byte order mark and take lines of any length.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chatbot.errors import Malformed

MAX_EVENT_BYTES = 1_000_000
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def event_data(packets: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each complete event; comments, names and ids are dropped, and so is an event that is cut off.

    Raises `Malformed` when an event is longer than `MAX_EVENT_BYTES`.
    """
    data: list[bytes] = []
    for line in _lines(packets):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
            if sum(map(len, data)) > MAX_EVENT_BYTES:
                raise Malformed("an event of the stream is far too long")
        elif not line and data:
            yield b"\n".join(data)
            data = []


def _lines(packets: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their ends, which are CR, LF or CRLF, perhaps in two packets."""
    kept = b""
    first, after_cr = True, False
    for packet in filter(None, packets):
        text = kept + (packet[1:] if after_cr and packet.startswith(b"\n") else packet)
        after_cr = packet.endswith(b"\r")
        *lines, kept = _LINE_END.split(text)
        if len(kept) > MAX_EVENT_BYTES:
            raise Malformed("a line of the stream is far too long")
        for line in lines:
            yield line.removeprefix(_BYTE_ORDER_MARK) if first else line
            first = False
