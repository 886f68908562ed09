"""Smaller pages on a slow network: gzip for the pages' own HTML, CSS and JavaScript.

A front proxy (nginx, caddy) may do it instead; a response that already has a Content-Encoding is left alone, and so is
a stream. The pages carry no secret, so compressing them beside a user's words tells nobody anything (BREACH).
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, request

TYPES = frozenset({"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"})
SMALLEST = 500
"""Bytes under which gzip gains nothing: it all fits in one packet anyway."""


def compress(response: Response) -> Response:
    """Run after a view of the pages: gzip what the client can unpack."""
    if response.mimetype not in TYPES or response.status_code == 206 or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    is_file = response.direct_passthrough
    if request.accept_encodings["gzip"] <= 0 or (response.is_streamed and not is_file):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    response.set_data(_packed_file(body) if is_file else gzip.compress(body, 6))
    response.headers["Content-Encoding"] = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)  # the same file in other bytes (RFC 9110 section 8.8.1)
    return response


@lru_cache(maxsize=32)
def _packed_file(body: bytes) -> bytes:
    """Files are packed once; pages never come here, so that no answer is remembered."""
    return gzip.compress(body, 9, mtime=0)
