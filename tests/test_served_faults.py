"""S08, S12, S13, S15 of the fault table, on the real server: a stop during streams, clients that leave, never read or
send too much; the loopback provider and the ledger say what became of each."""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.served import Served, serve
from tests.loopback import Answer, LoopbackProvider
from tests.migrated import migrated_file
from tests.until import until

ASK = {"model": "together", "messages": [{"role": "user", "content": "Why is iron given?"}], "stream": True}
SLOW = Answer(" ".join(f"word{index}" for index in range(2_000)), pause=0.1)


@dataclass
class Site:
    """A running server, its provider, and its ledger."""

    server: Served
    upstream: LoopbackProvider
    ledger: Path
    seen: int = 0
    """Attempts that earlier tests made."""

    @property
    def rows(self) -> list[tuple[str, str]]:
        """State of each attempt of this test, and of its call."""
        with closing(sqlite3.connect(self.ledger)) as database:
            found = database.execute(
                "SELECT a.state, c.state FROM attempts a JOIN calls c ON c.id = a.call_id ORDER BY a.id").fetchall()
        return found[self.seen:]


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Site]:
    with LoopbackProvider() as upstream, serve(
            TOGETHER_API_KEY="x", TOGETHER_BASE_URL=upstream.url, STRATEGY="cloud", LOCAL_ENGINE="off",
            DATABASE_URL=migrated_file(folder / "funza.db"), **settings) as server:
        yield Site(server, upstream, folder / "funza.db")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that every test leaves as it found it."""
    with served(tmp_path_factory.mktemp("served"), WRITE_TIMEOUT="2") as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.seen = 0
    running.seen = len(running.rows)
    running.upstream.reset()
    return running


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


def hear(sock: socket.socket, until_it_says: bytes = b"") -> bytes:
    """What comes over `sock`: until some words, or until the server has said all."""
    heard = b""
    while not until_it_says or until_it_says not in heard:
        part = sock.recv(4096)
        if not part:
            break
        heard += part
    return heard


def test_S08_at_a_stop_a_stream_that_ends_in_time_is_finished_and_another_says_that_the_server_restarts(
        tmp_path: Path) -> None:
    with served(tmp_path, GRACEFUL_TIMEOUT="7") as site:
        site.upstream.will(Answer(" ".join(f"word{index}" for index in range(15)), pause=0.1)).always(SLOW)
        short = ask(site.server)
        heard = hear(short, b"word2")
        long = ask(site.server)
        began = hear(long, b"word0")
        site.server.process.send_signal(signal.SIGTERM)
        heard += hear(short)
        cut = began + hear(long)
        assert site.server.process.wait(60) == 0
    assert b"word14" in heard
    assert b"[DONE]" in heard
    assert b"server_restart" not in heard
    assert cut.count(b'"code":"server_restart"') >= 1
    assert cut.count(b"[DONE]") == 0
    assert site.rows == [("settled", "answered"), ("settled", "failed")]


def test_S12_a_client_that_leaves_in_the_middle_is_noticed_by_the_heartbeat(site: Site) -> None:
    site.upstream.always(Answer("one two three four five six seven eight nine ten", hang_after=9))
    sock = ask(site.server)
    hear(sock, b"five")
    sock.close()
    assert site.upstream.requests[0].client_left.wait(5)
    until(lambda: site.rows == [("settled", "aborted")])


def test_S13_a_client_that_never_reads_is_left_after_the_write_timeout(site: Site) -> None:
    site.upstream.always(Answer(" ".join(random.randbytes(1_000).hex() for _ in range(1_500))))
    sock = ask(site.server, receive_buffer=4096)
    until(lambda: site.rows == [("settled", "aborted")])
    sock.close()


@pytest.mark.parametrize("length", ["Content-Length: 50000000", "Transfer-Encoding: chunked", "Content-Length: -1",
                                    "Content-Length: 5\r\nContent-Length: 6"])
def test_S15_a_huge_an_endless_or_a_lying_body_is_refused_and_the_server_lives(site: Site, length: str) -> None:
    host, port = site.server.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=60)) as sock:
        sock.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\n"
                     f"Content-Type: application/json\r\n{length}\r\n\r\n".encode())
        sent = 0
        try:
            while sent < 20_000_000:
                sent += sock.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
        except OSError:
            pass  # it hung up, as it should
        assert sent < 20_000_000
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("GET", "/livez")
    assert connection.getresponse().status == 200
    assert site.upstream.requests == []
