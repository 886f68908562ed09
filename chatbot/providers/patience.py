"""How long one try waits on its socket: until it is cancelled, out of time, or sent too much.

A timeout of httpx is per read: a byte each 0.7 s ran a 1 s timeout for 7.7 s. And closing a response from another
thread does not wake a read that is blocked in the kernel. So the connection pool is given a network backend whose
reads look, every `SLICE` seconds, at the `Patience` of the thread that reads. Both HTTP stacks (httpx for Together,
httpx2 for the openai SDK) have this seam under the same name.
"""

from __future__ import annotations

import queue
import threading
import time
from types import ModuleType, TracebackType
from typing import Any, Self

from chatbot.providers.interface import Cancel

SLICE = 0.05
"""Seconds after which a blocked read looks at its patience again: how late a cancel may be noticed."""
CONNECT_LIMIT = 3.0
"""Seconds to resolve a name and connect. `getaddrinfo` knows no timeout, so it is waited for from outside."""
MAX_ANSWER_BYTES = 8_000_000
"""Bytes one try may receive. The longest answer asked for is some hundred kB."""

_mine = threading.local()


class Patience:
    """Leave to read until `cancel`, until `renew`ed seconds are over, or until `MAX_ANSWER_BYTES` have come.

    It holds for the reads made inside `with patience:`, in that thread. It is not held across a `yield`, after
    which the same thread may well read something else.
    """

    def __init__(self, cancel: Cancel, seconds: float) -> None:
        self.cancel = cancel
        self.bytes_left = MAX_ANSWER_BYTES
        self._outer: Patience | None = None
        self.renew(seconds)

    def renew(self, seconds: float) -> None:
        """Something useful came: wait up to `seconds` for the next thing."""
        self.until = time.monotonic() + seconds

    def seconds_left(self) -> float:
        return self.until - time.monotonic()

    def __enter__(self) -> Self:
        self._outer, _mine.patience = getattr(_mine, "patience", None), self
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 where: TracebackType | None) -> None:
        _mine.patience, self._outer = self._outer, None


def _patience() -> Patience | None:
    patience: Patience | None = getattr(_mine, "patience", None)
    return patience


class PatientStream:
    """A connection whose reads end when the reader's patience does. Speaks httpcore's `NetworkStream`."""

    def __init__(self, stream: Any, core: ModuleType) -> None:
        self._stream = stream
        self._core = core

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        patience = _patience()
        if patience is None:
            return self._slice(max_bytes, timeout) or b""
        while True:
            if patience.cancel.requested:
                raise self._core.ReadError("cancelled")
            if patience.bytes_left <= 0:
                raise self._core.RemoteProtocolError("far too much")  # the same as a cut
            if (left := patience.seconds_left()) <= 0:
                raise self._core.ReadTimeout("out of patience")
            data = self._slice(min(max_bytes, patience.bytes_left), min(left, SLICE))
            if data is not None:
                patience.bytes_left -= len(data)
                return data

    def _slice(self, max_bytes: int, timeout: float | None) -> bytes | None:
        """What came within `timeout` seconds, b"" at the end of the stream, None when nothing came."""
        try:
            data: bytes = self._stream.read(max_bytes, timeout)
        except self._core.ReadTimeout:
            return None
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None,
                  timeout: float | None = None) -> PatientStream:
        return PatientStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._core)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class PatientBackend:
    """Connects with a limit of its own, and hands out `PatientStream`s. Speaks httpcore's `NetworkBackend`."""

    def __init__(self, backend: Any, core: ModuleType) -> None:
        self._backend = backend
        self._core = core

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
                    socket_options: Any = None) -> PatientStream:
        limit = CONNECT_LIMIT if timeout is None else min(timeout, CONNECT_LIMIT)
        attempt = _Attempt(lambda: self._backend.connect_tcp(host, port, limit, local_address, socket_options))
        stream = attempt.result(limit, _patience())
        if stream is None:
            raise self._core.ConnectTimeout("could not connect in time")
        return PatientStream(stream, self._core)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Attempt:
    """One connect in a thread of its own, which may be left behind; what it still brings is then closed."""

    def __init__(self, connect: Any) -> None:
        self._connect = connect
        self._done: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._abandoned = False
        threading.Thread(target=self._run, name="connect", daemon=True).start()

    def _run(self) -> None:
        try:
            outcome: tuple[Any, Exception | None] = (self._connect(), None)
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that waits
            outcome = (None, error)
        with self._lock:
            self._done.put(outcome)
            if self._abandoned and outcome[0] is not None:
                outcome[0].close()

    def result(self, limit: float, patience: Patience | None) -> Any:
        """The connected stream, or None when time, or the patience of the one who waits, ran out."""
        until = time.monotonic() + (limit if patience is None else min(limit, patience.seconds_left()))
        while (left := until - time.monotonic()) > 0 and not (patience and patience.cancel.requested):
            try:
                stream, error = self._done.get(timeout=min(left, SLICE))
            except queue.Empty:
                continue
            if error is not None:
                raise error
            return stream
        return self._abandon()

    def _abandon(self) -> None:
        with self._lock:
            self._abandoned = True
            if not self._done.empty() and (late := self._done.get()[0]) is not None:
                late.close()
