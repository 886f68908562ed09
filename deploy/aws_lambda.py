"""AWS Lambda: `deploy.aws_lambda.handler` behind API Gateway (REST or HTTP API) or a Function URL.

The event becomes one WSGI request to the same app as everywhere else, its answer one response object. Both payload
formats are read, 1.0 and 2.0 (AWS: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway").
Packaging: docs/serverless.md.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlencode

from apiflask import APIFlask

from deploy.serverless import call, serverless_app

Event = Mapping[str, Any]
_PLAIN = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")
_NOT_HTTP = {"statusCode": HTTPStatus.BAD_REQUEST, "headers": {"content-type": "text/plain"}, "isBase64Encoded": False,
             "body": "This function answers HTTP events of API Gateway and Function URLs only."}


def handler(event: Event, context: object) -> dict[str, Any]:
    """What Lambda calls."""
    return answer(serverless_app, event)


def answer(app: APIFlask | Any, event: Event) -> dict[str, Any]:
    """The app's answer to an event, in the payload format of the event. `app` may be a function that makes it."""
    try:
        environ = _environ(event)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        return dict(_NOT_HTTP)
    response = call(app if isinstance(app, APIFlask) else app(), environ)
    data = response.get_data()
    plain = response.mimetype.startswith(_PLAIN) and "Content-Encoding" not in response.headers
    body = data.decode() if plain else base64.b64encode(data).decode()
    sent = {"statusCode": response.status_code, "body": body, "isBase64Encoded": not plain}
    if _is_format_2(event):
        cookies = response.headers.getlist("Set-Cookie")
        headers = {name: ", ".join(response.headers.getlist(name)) for name in dict.fromkeys(response.headers.keys())
                   if name != "Set-Cookie"}
        return {**sent, "headers": headers, **({"cookies": cookies} if cookies else {})}
    return {**sent, "multiValueHeaders": {name: response.headers.getlist(name)
                                          for name in dict.fromkeys(response.headers.keys())}}


def _is_format_2(event: Event) -> bool:
    return event.get("version") == "2.0"


def _environ(event: Event) -> dict[str, Any]:
    """The event as a WSGI request. The client's address is the one that AWS saw, never a header's."""
    context = event["requestContext"]
    if _is_format_2(event):
        method, address, query = context["http"]["method"], context["http"]["sourceIp"], event.get("rawQueryString", "")
        path = unquote(_without_stage(event["rawPath"], context.get("stage", "")), errors="surrogateescape")
    else:
        method, address = event["httpMethod"], context["identity"]["sourceIp"]
        query, path = urlencode(list(_query(event))), event["path"]
    body = event.get("body") or ""
    data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": str(method).upper(), "SCRIPT_NAME": "", "QUERY_STRING": query, "REMOTE_ADDR": address,
        "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"), "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "lambda", "SERVER_PORT": "443", "CONTENT_LENGTH": str(len(data)), "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https", "wsgi.input": BytesIO(data), "wsgi.errors": _stderr(), "wsgi.multithread": False,
        "wsgi.multiprocess": True, "wsgi.run_once": False, "wsgi.input_terminated": True}
    for name, value in _headers(event):
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = value
    return environ


def _without_stage(path: str, stage: str) -> str:
    """An HTTP API puts the name of a stage other than `$default` before the path."""
    first, _, rest = path.lstrip("/").partition("/")
    return f"/{rest}" if stage and first == stage else path


def _query(event: Event) -> Iterator[tuple[str, str]]:
    """Parameters of format 1.0, each as often as it was sent."""
    many = event.get("multiValueQueryStringParameters")
    if many:
        yield from ((name, value) for name, values in many.items() for value in values)
    else:
        yield from (event.get("queryStringParameters") or {}).items()


def _headers(event: Event) -> Iterator[tuple[str, str]]:
    """Headers of either format, repeated ones joined."""
    many = event.get("multiValueHeaders")
    if many and not _is_format_2(event):
        yield from ((name, ", ".join(values)) for name, values in many.items())
    else:
        yield from (event.get("headers") or {}).items()
    if event.get("cookies"):
        yield "cookie", "; ".join(event["cookies"])


def _stderr() -> Any:
    import sys

    return sys.stderr
