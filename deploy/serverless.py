"""What the handlers of serverless platforms share: settings that a function's machine can keep, and the app, made once.

A function's file system is read-only but for a temporary folder that is gone with the instance, so there the ledger,
the keys, the documents and the quizzes must be in a PostgreSQL server: a SQLite file is refused. No weights are loaded:
this machine answers from the fact cards and the labels, the clouds do the rest (docs/serverless.md).
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from pydantic import ValidationError

from config import Settings, describe, stop

MARKS = ("AWS_LAMBDA_FUNCTION_NAME", "K_SERVICE")
"""Variables that AWS Lambda and Cloud Run (Google's functions) set on their machines, and nobody else."""
LOST = ("DATABASE_URL must be a PostgreSQL server on a serverless platform: a SQLite file would be lost with each "
        "instance, and with it the ledger, budgets, API keys, documents and quizzes")
_making = threading.Lock()
_app: APIFlask | None = None


def serverless_settings(environ: Mapping[str, str], read: Callable[..., Settings] = Settings) -> Settings:
    """The settings of this process; on a platform they are held to what its machines can do.

    There the address is public, so AUTH=on is needed, and what is written goes to the temporary folder. Raises
    ValidationError, and ValueError for a database that would be lost.
    """
    if not any(environ.get(mark) for mark in MARKS):
        return read()
    place = Path(tempfile.gettempdir()) / "funza"
    settings = read(host="0.0.0.0", local_engine="off", model_dir=place / "models",  # noqa: S104 - so that AUTH=on is asked for
                    outbox_dir=str(place / "outbox"))
    if settings.database_url.startswith("sqlite"):
        raise ValueError(LOST)
    return settings


def serverless_app() -> APIFlask:
    """The app of this instance: made by its first request, and kept for the next ones.

    Wrong settings end the process with one line and exit code 78.
    """
    global _app  # noqa: PLW0603 - an instance of a function has one app
    with _making:
        if _app is None:
            _app = _make()
        return _app


def _make() -> APIFlask:
    from run import create_app

    try:
        settings = serverless_settings(os.environ)
    except ValidationError as error:
        stop(describe(error))
    except ValueError as error:
        stop(str(error))
    return create_app(settings)


def call(app: APIFlask, environ: dict[str, Any]) -> Any:
    """The app's whole answer to one WSGI request, as a werkzeug response. A stream is gathered: platforms buffer it."""
    from werkzeug.wrappers import Response

    return Response.from_app(app.wsgi_app, environ, buffered=True)
