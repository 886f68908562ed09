"""Places that weights come from, on the loopback interface: each speaks its vendor's wire, and counts what it sends."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from tests.chatbot.local_model.fake_hub import COMMIT, FakeHub
from tests.loopback.threaded import Threaded

Dialect = Literal["web", "s3", "gs", "az", "hub"]
BLOCK = 1 << 16
ACCOUNT = "funza"
S3_CODES = {403: "AccessDenied", 404: "NoSuchKey", 412: "PreconditionFailed", 416: "InvalidRange", 503: "SlowDown"}


@dataclass
class FakePlace:
    """Serves `files` (path -> bytes). For `web` and `hub` a path is as in the URL; for buckets it is `bucket/key`."""

    dialect: Dialect
    files: dict[str, bytes]
    status: int = 0
    """When set, everything is answered with it."""
    cut_after: int | None = None
    """Bytes of a body after which the connection breaks, once."""
    pause: float = 0.0
    """Seconds between two blocks."""
    gets: list[tuple[str, int]] = field(default_factory=list)
    """(path, offset) of each wish for bytes."""
    sent: dict[str, int] = field(default_factory=dict)
    """Bytes of each file that went out."""
    _digests: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def __enter__(self) -> FakePlace:
        self._server = Threaded(_handler(self)).begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def settings(self) -> dict[str, Any]:
        """Settings under which this place is asked."""
        return {"web": {}, "hub": {}, "s3": {"s3_endpoint_url": self.url}, "gs": {"gcs_endpoint_url": self.url},
                "az": {"azure_endpoint_url": f"{self.url}/{ACCOUNT}", "azure_storage_account": ACCOUNT,
                       "azure_storage_key": "c2VjcmV0"}}[self.dialect]

    def address(self, folder: str) -> str:
        """Of `folder` (for a bucket: `bucket/prefix`), without the pin."""
        return f"{self.url}/{folder}/manifest.json" if self.dialect == "web" else f"{self.dialect}://{folder}"

    def etag(self, path: str) -> str:
        return f'"{self._digest(path)[:32]}"'

    def generation(self, path: str) -> str:
        return str(int(self._digest(path)[:12], 16))

    def _digest(self, path: str) -> str:
        """Of the content, worked out once for each."""
        content = self.files[path]
        known = self._digests.get(path)
        if known is None or known[0] is not content:
            known = self._digests[path] = (content, hashlib.sha256(content).hexdigest())
        return known[1]


def _handler(place: FakePlace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            url = urlsplit(self.path)
            path, query = unquote(url.path).lstrip("/"), parse_qs(url.query)
            if place.status:
                return self._refuse(place.status)
            if place.dialect == "hub" and path.startswith("api/models/"):
                return self._hub_info()
            if place.dialect == "hub":
                path = path.rsplit("/", 1)[-1]
            if place.dialect == "az":
                path = path.removeprefix(f"{ACCOUNT}/")
            if place.dialect == "gs":
                media = path.startswith("download/")
                path = path.removeprefix("download/").removeprefix("storage/v1/b/").replace("/o/", "/", 1)
                if path in place.files and not media:
                    return self._gcs_facts(path)
                if path in place.files and query.get("ifGenerationMatch", [""])[0] != place.generation(path):
                    return self._refuse(412)
            return self._file(path)

        def _file(self, path: str) -> None:
            if path not in place.files:
                return self._refuse(404)
            content, tag = place.files[path], place.etag(path)
            if self.headers.get("If-Match", tag) != tag:
                return self._refuse(412)
            asked = (self.headers.get("x-ms-range") or self.headers.get("Range") or "").removeprefix("bytes=")
            first, _, last = asked.partition("-")
            start = int(first or 0)
            end = min(int(last) if last else len(content) - 1, len(content) - 1)
            if start >= len(content):
                return self._refuse(416)
            head = {"ETag": tag, "Last-Modified": "Sat, 21 Nov 2026 08:00:00 GMT", "Accept-Ranges": "bytes",
                    "Content-Type": "application/octet-stream", "x-ms-blob-type": "BlockBlob",
                    "x-ms-version": "2025-01-05", "x-goog-generation": place.generation(path)}
            if asked:
                head["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            self._send(206 if asked else 200, content[start:end + 1], head, path, start)

        def _gcs_facts(self, path: str) -> None:
            bucket, _, name = path.partition("/")
            self._send(200, json.dumps({
                "kind": "storage#object", "name": name, "bucket": bucket, "size": str(len(place.files[path])),
                "generation": place.generation(path), "etag": place.etag(path)}).encode(),
                {"Content-Type": "application/json"})

        def _hub_info(self) -> None:
            self._send(200, json.dumps(FakeHub("someone/tiny", place.files, commit=COMMIT).info()).encode(),
                       {"Content-Type": "application/json"})

        def _refuse(self, status: int) -> None:
            code = S3_CODES.get(status, "InternalError")
            body = {"s3": f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>",
                    "gs": json.dumps({"error": {"code": status, "message": "no"}}),
                    "az": f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"}
            kind = "application/json" if place.dialect == "gs" else "application/xml"
            self._send(status, body.get(place.dialect, "no").encode(), {"Content-Type": kind})

        def _send(self, status: int, body: bytes, headers: dict[str, str], path: str = "", start: int = 0) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if path:
                place.gets.append((path, start))
            for at in range(0, len(body), BLOCK):
                if place.cut_after is not None and path and at >= place.cut_after:
                    place.cut_after = None
                    self.close_connection = True
                    return
                if path:  # counted first: whoever has the last byte may look at once
                    place.sent[path] = place.sent.get(path, 0) + len(body[at:at + BLOCK])
                try:
                    self.wfile.write(body[at:at + BLOCK])
                except ConnectionError:   # it was killed
                    self.close_connection = True
                    return
                if path:
                    time.sleep(place.pause)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
