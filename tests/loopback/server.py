"""The loopback provider's server: one thread a connection, real sockets, keep-alive, raw bytes."""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.loopback import wire
from tests.loopback.behaviours import Answer, Behaviour, Status
from tests.loopback.exchange import JSON_TYPE, ClientLeft, Exchange, Received, head
from tests.loopback.journal import Journal


class LoopbackProvider:
    """A provider on 127.0.0.1. `will` queues one behaviour a request; `always` sets the one without a queue."""

    def __init__(self, *, port: int = 0, behaviour: Behaviour | None = None, journal: Path | None = None,
                 models: tuple[str, ...] = ("loopback-model",), key: str | None = None,
                 tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.tls = tls
        self.models = models
        self.key = key
        self.requests: list[Received] = []
        self.connections = 0
        self._received = 0
        self.stopping = threading.Event()
        self._default: Behaviour = behaviour or Answer()
        self._queue: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self._journal_path = journal
        self._server: _Server | None = None
        self.journal: Journal

    @property
    def url(self) -> str:
        """Address without /v1, as Together's SDK wants it."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def url_v1(self) -> str:
        """Address with /v1, as the openai SDK wants it."""
        return f"{self.url}/v1"

    def will(self, *behaviours: Behaviour) -> Self:
        """Treat the next requests so, one behaviour each, then fall back to the usual one."""
        self._queue.extend(behaviours)
        return self

    def always(self, behaviour: Behaviour) -> Self:
        """Treat every request without a queued behaviour so."""
        self._default = behaviour
        return self

    def reset(self) -> Self:
        """Forget what was queued and received; connections and the journal stay."""
        self._queue.clear()
        self.requests = []
        return self.always(Answer())

    def start(self) -> Self:
        """Listen. After a `stop` it comes back on the same port, with the same journal."""
        if self._journal_path is None:
            self._journal_path = Path(tempfile.mkdtemp(prefix="loopback-")) / "journal.jsonl"
        self.journal = Journal(self._journal_path)
        self.stopping.clear()
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening and drop every connection: from here on a client is refused."""
        self.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop_connections()
            self._server = None
            self.journal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def next_connection(self) -> int:
        with self._lock:
            self.connections += 1
            return self.connections

    def receive(self, path: str, headers: dict[str, str], body: Any, connection: int) -> tuple[Received, Behaviour]:
        """Write the request down, durably, and say how it is to be treated."""
        with self._lock:
            self._received += 1
            received = Received(f"loop-{self._received}", path, headers, body, connection, time.monotonic())
            self.requests.append(received)
            behaviour = self._choose(received)
        self.journal.write("received", id=received.id, path=path, behaviour=type(behaviour).__name__,
                           **({key: body.get(key) for key in ("model", "stream")} if isinstance(body, dict) else {}))
        return received, behaviour

    def _choose(self, received: Received) -> Behaviour:
        if self.key is not None and received.headers.get("authorization") != f"Bearer {self.key}":
            return Status(401, body={"error": {"message": "Invalid API key provided", "code": "invalid_api_key"}})
        if problem := wire.complaint(received.body):
            return Status(400, body={"error": {"message": problem, "type": "invalid_request_error"}})
        return self._queue.popleft() if self._queue else self._default


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.number = self.server.provider.next_connection()

    def do_GET(self) -> None:
        listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.provider.models]}
        known = self.path.rstrip("/").endswith("/models")
        body = json.dumps(listed if known else {"error": {"message": "no such page", "code": "not_found"}}).encode()
        self.connection.sendall(head(200 if known else 404, {**JSON_TYPE, "content-length": str(len(body))}) + body)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received, behaviour = self.server.provider.receive(self.path, headers, _parsed(raw), self.number)
        if not self.path.endswith("/chat/completions"):
            behaviour = Status(404, body={"error": {"message": f"no such page {self.path}", "code": "not_found"}})
        try:
            behaviour.play(Exchange(self, received))
        except (ClientLeft, OSError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the journal has it."""


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, provider: LoopbackProvider) -> None:
        self.provider = provider
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", provider.port), Handler)
        if provider.tls is not None:
            self.socket = provider.tls.wrap_socket(self.socket, server_side=True)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that resets is part of the job."""

    def drop_connections(self) -> None:
        for sock in list(self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
