"""S08, S12, S13, S15 of the fault table, on the real server: a stop during streams, clients that leave, never read or
send too much; the loopback provider and the ledger say what became of each."""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bench.served import Served, serve
from tests.loopback import Answer, LoopbackProvider

ASK = {"model": "together", "messages": [{"role": "user", "content": "Why is iron given?"}], "stream": True}
SLOW = Answer(" ".join(f"word{index}" for index in range(2_000)), pause=0.1)


@contextmanager
def served(folder: Path, upstream: LoopbackProvider, **settings: str) -> Iterator[Served]:
    with serve(TOGETHER_API_KEY="x", TOGETHER_BASE_URL=upstream.url, STRATEGY="cloud", LOCAL_ENGINE="off",
               DATABASE_URL=f"sqlite:///{folder}/funza.db", **settings) as server:
        yield server


@pytest.fixture
def upstream() -> Iterator[LoopbackProvider]:
    with LoopbackProvider() as provider:
        yield provider


def ask(server: Served, *, receive_buffer: int = 0) -> socket.socket:
    """A connection on which a streamed answer has been asked for."""
    host, port = server.url.removeprefix("http://").split(":")
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.connect((host, int(port)))
    body = json.dumps(ASK)
    sock.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return sock


def rows(folder: Path) -> list[tuple[str, str]]:
    """State of each attempt and of its call."""
    with closing(sqlite3.connect(folder / "funza.db")) as database:
        return database.execute("SELECT a.state, c.state FROM attempts a JOIN calls c ON c.id = a.call_id").fetchall()


def until(true: Callable[[], bool], seconds: float) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"it did not happen within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


def test_S08_a_stream_that_cannot_end_before_the_stop_says_that_the_server_restarts(
        tmp_path: Path, upstream: LoopbackProvider) -> None:
    upstream.always(SLOW)
    with served(tmp_path, upstream, GRACEFUL_TIMEOUT="5") as server:
        sock = ask(server)
        heard = b""
        while b"word3" not in heard:
            heard += sock.recv(4096)
        server.process.send_signal(signal.SIGTERM)
        while part := sock.recv(4096):
            heard += part
        server.process.wait(10)
    assert heard.count(b'"code":"server_restart"') >= 1
    assert heard.count(b"[DONE]") == 0
    assert rows(tmp_path) == [("settled", "failed")]


def test_S08_a_stream_that_ends_in_time_is_finished_before_the_server_stops(
        tmp_path: Path, upstream: LoopbackProvider) -> None:
    upstream.always(Answer(" ".join(f"word{index}" for index in range(25)), pause=0.1))
    with served(tmp_path, upstream) as server:
        sock = ask(server)
        heard = b""
        while b"word3" not in heard:
            heard += sock.recv(4096)
        server.process.send_signal(signal.SIGTERM)
        while part := sock.recv(4096):
            heard += part
        assert server.process.wait(10) == 0
    assert b"word24" in heard
    assert b"[DONE]" in heard
    assert rows(tmp_path) == [("settled", "answered")]


def test_S12_a_client_that_leaves_in_the_middle_is_noticed_within_two_seconds(
        tmp_path: Path, upstream: LoopbackProvider) -> None:
    upstream.always(Answer("one two three four five six seven eight nine ten", hang_after=9))
    with served(tmp_path, upstream) as server:
        sock = ask(server)
        while b"five" not in sock.recv(4096):
            continue
        sock.close()
        assert upstream.requests[0].client_left.wait(2.0)
        until(lambda: rows(tmp_path) == [("settled", "aborted")], 1.0)


def test_S13_a_client_that_never_reads_is_left_after_the_write_timeout(
        tmp_path: Path, upstream: LoopbackProvider) -> None:
    upstream.always(Answer(" ".join(random.randbytes(1_000).hex() for _ in range(1_500))))
    with served(tmp_path, upstream, WRITE_TIMEOUT="2") as server:
        sock = ask(server, receive_buffer=4096)
        until(lambda: rows(tmp_path) == [("settled", "aborted")], 15.0)
        sock.close()


@pytest.mark.parametrize("length", ["Content-Length: 50000000", "Transfer-Encoding: chunked", "Content-Length: -1",
                                    "Content-Length: 5\r\nContent-Length: 6"])
def test_S15_a_huge_an_endless_or_a_lying_body_is_refused_and_the_server_lives(
        tmp_path: Path, upstream: LoopbackProvider, length: str) -> None:
    with served(tmp_path, upstream) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with closing(socket.create_connection((host, int(port)), timeout=10)) as sock:
            sock.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\n"
                         f"Content-Type: application/json\r\n{length}\r\n\r\n".encode())
            sent = 0
            try:
                while sent < 20_000_000:
                    sent += sock.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
            except OSError:
                pass  # it hung up, as it should
            assert sent < 20_000_000
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "/livez")
        assert connection.getresponse().status == 200
    assert upstream.requests == []
