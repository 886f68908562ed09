"""The HTTP server under every loopback server: a thread for each connection, and room for callers that come at once."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Threaded(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128
    """Connections that may wait to be taken: of the usual 5, the sixth caller of many may be refused."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def begin(self) -> Threaded:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def end(self) -> None:
        self.shutdown()
        self.server_close()
