"""A model hub on the loopback interface: the two addresses that a download needs, and the failures of a real one."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback.threaded import Threaded

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class FakeHub:
    """Serves `files` (name -> bytes) of one repository. The switches below make it fail."""

    repository: str
    files: dict[str, bytes]
    commit: str = COMMIT
    gated_token: str = ""
    """When set, files are given only to this token."""
    cut_after: int | None = None
    """Bytes of a large file after which the first transfer breaks off."""
    corrupt: set[str] = field(default_factory=set)
    ranges: bool = True
    status: int = 0
    """When set, everything is answered with it."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """(path, Range header) of each file request."""
    tokens: list[str] = field(default_factory=list)
    pause: float = 0.0

    def __enter__(self) -> FakeHub:
        self._server = Threaded(_handler(self)).begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def info(self) -> dict[str, Any]:
        return {"id": self.repository, "sha": self.commit, "private": False, "tags": [], "downloads": 0, "likes": 0,
                "siblings": [self._sibling(name, content) for name, content in self.files.items()]}

    @staticmethod
    def _sibling(name: str, content: bytes) -> dict[str, Any]:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        facts: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
        if name.endswith((".safetensors", ".gguf")):
            facts["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        return facts


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if hub.status:
                return self._send(hub.status, b"no")
            if self.path.startswith("/api/models/"):
                return self._info()
            return self._file()

        def _info(self) -> None:
            known = re.fullmatch(rf"/api/models/{hub.repository}(/revision/([0-9a-f]+))?(\?.*)?", self.path)
            if not known:
                return self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
            if known[2] and known[2] != hub.commit:
                return self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return self._send(200, json.dumps(hub.info()).encode(), {"Content-Type": "application/json"})

        def _file(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            hub.requests.append((name, self.headers.get("Range", "")))
            hub.tokens.append(token)
            if hub.gated_token and token != hub.gated_token:
                return self._send(403 if token else 401, b"gated", {"X-Error-Code": "GatedRepo"})
            content = hub.files[name]
            if name in hub.corrupt:
                content = content[:-1] + bytes([content[-1] ^ 1])
            start = int(re.sub(r"\D", "", self.headers["Range"])) if "Range" in self.headers and hub.ranges else 0
            head = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
            return self._send(206 if start else 200, content[start:], head)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            if hub.cut_after is not None and len(body) > hub.cut_after:
                self.wfile.write(body[:hub.cut_after])
                hub.cut_after = None
                self.close_connection = True
                return
            threading.Event().wait(hub.pause)
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
