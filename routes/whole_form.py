"""Parses a form with a file in one piece.

Werkzeug (3.1.9) feeds its parser 64 KiB at a time, and where a piece ends within the last boundary a stray byte is
added to the file: about one size in 65,536 (github.com/pallets/werkzeug/issues/3285). The guard has the whole body in
memory anyway, within its limit; so `max_form_memory_size`, which would hold for the piece, does not apply.
"""

from __future__ import annotations

from typing import IO

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser, MultiPartParser

ONE_PIECE = 1 << 30
"""Bytes; more than any body that the guard lets in."""


class WholeFormParser(FormDataParser):
    """Werkzeug's, but for multipart/form-data. A form that cannot be parsed is empty, as it is there."""

    def parse(self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None,
              ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        parser = MultiPartParser(self.stream_factory, None, self.cls, ONE_PIECE, self.max_form_parts)
        try:
            boundary = (options or {}).get("boundary", "").encode("ascii")
            return stream, *parser.parse(stream, boundary, content_length)
        except ValueError:
            return stream, MultiDict(), MultiDict()
