"""A dedicated endpoint that draws, on 127.0.0.1, with the wire of the real one: it sleeps, wakes, holds, fails.

Asleep or waking it answers 503; with `X-Scale-Up-Timeout: N` its proxy holds a request up to N seconds meanwhile.
Paused it answers 400 `Bad Request: Invalid state`. Awake it takes `{"inputs", "parameters"}` and answers with bytes.
Its books (`wakes`, `seconds_up`) are its own, to hold ours against.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal, Self

from tests.loopback.threaded import Threaded

State = Literal["scaledToZero", "initializing", "running", "paused", "failed"]


@dataclass(frozen=True, slots=True)
class Reply:
    """How one POST is treated instead of drawing."""

    status: int = 200
    body: bytes = b""
    content_type: str = "image/png"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    """Seconds until it answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    state: State


class FakeImageEndpoint:
    """One machine: it draws one picture at a time."""

    def __init__(self, picture: bytes, *, state: State = "scaledToZero", wake_seconds: float = 0.3,
                 draw_seconds: float = 0.0, idle_seconds: float = 3600.0, token: str = "hf_x",
                 wakes_to: State = "running") -> None:
        self.picture = picture
        self.wake_seconds, self.draw_seconds, self.idle_seconds = wake_seconds, draw_seconds, idle_seconds
        self.token = token
        self.wakes_to = wakes_to
        self.requests: list[Asked] = []
        self.wakes = 0
        self._state: State = state
        self._ups: list[list[float]] = [[time.monotonic(), 0.0]] if state == "running" else []
        self._ready_at = 0.0
        self._last = time.monotonic()
        self._replies: deque[Reply] = deque()
        self._lock = threading.Condition()
        self._gpu = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def status_url(self) -> str:
        """Where its state is told, as `GET /v2/endpoint/NAMESPACE/NAME` does."""
        return f"{self.url}/v2/endpoint/teaching/sdxl"

    @property
    def posts(self) -> list[Asked]:
        return [one for one in self.requests if one.method == "POST"]

    @property
    def probes(self) -> list[Asked]:
        return [one for one in self.requests if one.method == "GET" and one.path == "/"]

    @property
    def seconds_up(self) -> float:
        """By its own clock, from its wakes until it slept."""
        with self._lock:
            self._settle()
            return sum((until or time.monotonic()) - since for since, until in self._ups)

    @property
    def state(self) -> State:
        with self._lock:
            self._settle()
            return self._state

    def set_state(self, state: State) -> None:
        with self._lock:
            self._settle()
            if self._state in ("running", "initializing") and state not in ("running", "initializing"):
                self._ups[-1][1] = time.monotonic()
            self._state = state

    def will(self, *replies: Reply) -> Self:
        """Treat the next POSTs so, while it is awake."""
        self._replies.extend(replies)
        return self

    def __enter__(self) -> Self:
        self._server = Threaded(type("Handler", (_Handler,), {"of": self})).begin()
        self.port = self._server.server_port
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()

    def received(self, asked: Asked) -> None:
        with self._lock:
            self.requests.append(asked)

    def awake(self, hold: float) -> State:
        """Its state for one request, which wakes it when it sleeps and waits up to `hold` seconds."""
        with self._lock:
            self._settle()
            if self._state == "scaledToZero":
                self.wakes += 1
                self._state, self._ready_at = "initializing", time.monotonic() + self.wake_seconds
                self._ups.append([time.monotonic(), 0.0])
            until = time.monotonic() + hold
            while self._state == "initializing" and (left := until - time.monotonic()) > 0:
                self._lock.wait(max(0.01, min(left, self._ready_at - time.monotonic())))
                self._settle()
            self._last = time.monotonic()
            return self._state

    def reply(self) -> Reply:
        with self._lock:
            found = self._replies.popleft() if self._replies else None
        if found is None:
            with self._gpu:
                time.sleep(self.draw_seconds)
            found = Reply(body=self.picture)
        else:
            time.sleep(found.after)
        with self._lock:
            self._last = time.monotonic()
        return found

    def _settle(self) -> None:
        """What time has done."""
        if self._state == "initializing" and time.monotonic() >= self._ready_at:
            self._state, self._last = self.wakes_to, time.monotonic()
        if self._state == "running" and time.monotonic() - self._last >= self.idle_seconds:
            self._state = "scaledToZero"
            if self._ups:
                self._ups[-1][1] = self._last + self.idle_seconds


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    of: FakeImageEndpoint

    def do_GET(self) -> None:
        if self.path.startswith("/v2/endpoint/"):
            self._note(None, self.of.state)
            return self._say(200, json.dumps({"status": {"state": self.of.state}}).encode(), "application/json")
        if self._is_up(None):
            self._say(200, b"OK", "text/plain")
        return None

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.loads(raw)
        if not self._is_up(body):
            return
        if not isinstance(body.get("inputs"), str) or not isinstance(body.get("parameters"), dict):
            return self._say(400, b'{"error": "inputs and parameters are wanted"}', "application/json")
        reply = self.of.reply()
        self._say(reply.status, reply.body, reply.content_type, reply.headers)

    def _is_up(self, body: Any) -> bool:
        if self.headers.get("authorization") != f"Bearer {self.of.token}":
            self._note(body, self.of.state)
            self._say(401, b'{"error": "Invalid credentials"}', "application/json")
            return False
        state = self.of.awake(float(self.headers.get("x-scale-up-timeout", 0)))
        self._note(body, state)
        if state == "running":
            return True
        status, words = {"paused": (400, b"Bad Request: Invalid state"), "failed": (500, b"Internal Server Error")}.get(
            state, (503, b"Service Unavailable"))
        self._say(status, words, "text/plain")
        return False

    def _note(self, body: Any, state: State) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.of.received(Asked(self.command, self.path, headers, body, state))

    def _say(self, status: int, body: bytes, content_type: str, more: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {"content-type": content_type, "content-length": str(len(body)), **(more or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
