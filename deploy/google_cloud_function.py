"""Google Cloud Run functions: entry point `funza` of this file, through the functions framework.

The framework hands over the Flask request of an app of its own; the same request, with its body from the start, goes
to ours. Packaging: docs/serverless.md.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Request

from deploy.serverless import call, serverless_app


def funza(request: Request) -> Any:
    """What the framework calls for each HTTP request."""
    data = request.get_data(cache=True, parse_form_data=False)
    environ = {name: value for name, value in request.environ.items()
               if not name.startswith(("werkzeug.", "flask."))}
    environ.update({"wsgi.input": BytesIO(data), "CONTENT_LENGTH": str(len(data)), "wsgi.input_terminated": True})
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return call(serverless_app(), environ)
