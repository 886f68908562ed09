"""Addresses of our own files that change with their content, so that a phone fetches each of them once."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Response, request, url_for

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of `static/<name>` with the version of its bytes. Raises OSError when there is no such file."""
    return url_for("pages.static", filename=name, v=version(name))


def version(name: str) -> str:
    """The first 12 hex digits of the sha256 of `static/<name>`."""
    path = FOLDER / name
    return _digest(path, path.stat().st_mtime_ns)


def keep_for_ever(response: Response) -> Response:
    """Run after a view of the pages: a file asked for by its version may be kept; a plain address is asked again."""
    if request.endpoint == "pages.static" and response.status_code == 200 and request.view_args:
        wanted = request.args.get("v")
        response.headers["Cache-Control"] = (
            FOR_EVER if wanted and wanted == version(request.view_args["filename"]) else "no-cache")
    return response


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
