"""The real server in a process of its own: the whole story over HTTP, and what is left after kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
from openai import OpenAI

from bench.served import ROOT, free_port, wait_for
from chatbot.database import new_id
from tests.loopback import SCRIPTS, Answer, LoopbackProvider
from tests.migrated import migrated_file
from tests.until import until

QUESTION = {"message": "Why are iron and folic acid tablets given?"}


def first_fact(body: dict[str, Any]) -> str:
    """What a faithful model answers: the first sentence of the first fact that it was given."""
    found = re.search(r"\[1\] (.+?\.)\s", body["messages"][0]["content"])
    return found[1] if found else "Hello from the cloud, dear client."


class Server:
    """`python run.py` on a database that outlives it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.database = folder / "funza.db"
        self._settings = {"DATABASE_URL": migrated_file(self.database), "LOCAL_ENGINE": "off", **settings}
        self.start()
        self._before = ""

    def forget(self) -> None:
        """From here on `rows` shows only what comes."""
        self._before = new_id()

    def start(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py")], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PORT": str(port), **self._settings})
        wait_for(f"{self.url}/readyz", self.process)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"} if data else {})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def rows(self, columns: str, table: str, rest: str = "") -> list[tuple[Any, ...]]:
        """From `calls` or `attempts`, of this test alone: ids are made in the order of time."""
        query = f"SELECT {columns} FROM {table} WHERE id > ? {rest}"
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query, (self._before,)).fetchall()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=40)

    def kill(self) -> None:
        _kill(self.process)


@pytest.fixture(scope="module")
def provider() -> Iterator[LoopbackProvider]:
    with LoopbackProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, provider: LoopbackProvider) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("served"), TOGETHER_API_KEY="x", TOGETHER_BASE_URL=provider.url,
                     FIRST_TOKEN_TIMEOUT="60", CLOUD_TIMEOUT="60")  # what hangs shall outlast a slow start
    yield running
    running.stop()


@pytest.fixture
def upstream(provider: LoopbackProvider) -> LoopbackProvider:
    return provider.reset().always(Answer(first_fact))


@pytest.fixture
def server(running: Server, upstream: LoopbackProvider) -> Server:
    """The server as the test before left it (each leaves one that answers), with a ledger that begins here."""
    running.forget()
    return running


def test_a_cloud_answers_with_its_cost_and_when_it_is_killed_the_cards_do(
        server: Server, upstream: LoopbackProvider) -> None:
    tokens_before = _together(server).get("prompt_tokens", 0)
    failed_before = _together(server).get("failed", 0)
    answered = server.ask("/api/v1/chat", QUESTION)
    assert (answered["provider"], answered["provenance"], answered["fell_back"]) == ("together", "cloud", False)
    usage = answered["usage"]
    tokens = usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["cost_state"] == "exact"
    assert usage["cost_usd"] == pytest.approx(tokens * 3.5 / 1_000_000)
    assert answered["citations"][0]["url"].startswith("https://")

    upstream.stop()
    answered = server.ask("/api/v1/chat", QUESTION)
    upstream.start()
    assert (answered["provider"], answered["provenance"], answered["fell_back"]) == ("curated", "curated", True)
    assert [one["provider"] for one in answered["skipped"]] == ["together"]
    tries = server.rows("provider, state", "attempts", "ORDER BY id")
    assert tries == [("together", "settled"), ("together", "released"), ("curated", "settled")]
    assert _together(server)["prompt_tokens"] - tokens_before == usage["prompt_tokens"]
    assert _together(server)["failed"] - failed_before == 1


def test_the_official_client_chats_and_streams_with_usage(server: Server) -> None:
    client = OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
    messages: list[Any] = [{"role": "user", "content": "Say hello to me, please."}]
    whole = client.chat.completions.create(model="hybrid", messages=messages)
    assert whole.choices[0].message.content == "Hello from the cloud, dear client."
    assert whole.usage
    assert whole.usage.total_tokens > 0
    chunks = list(client.chat.completions.create(model="cloud", messages=messages, stream=True,
                                                 stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == (
        whole.choices[0].message.content)
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


def test_after_kill_9_during_calls_no_row_is_missing_and_none_is_left_reserved(
        server: Server, upstream: LoopbackProvider) -> None:
    server.ask("/api/v1/chat", QUESTION)
    upstream.always(SCRIPTS["hang"])
    askers = [threading.Thread(target=_ask_and_forget, args=(server.url,), daemon=True) for _ in range(5)]
    for asker in askers:
        asker.start()
    until(lambda: len(upstream.requests) == 6)
    assert server.rows("count(*)", "attempts", "AND state = 'reserved'") == [(5,)]
    server.kill()

    server.start()

    assert server.rows("state, failure, count(*)", "attempts", "GROUP BY 1, 2 ORDER BY 1") == [
        ("settled", "", 1), ("unknown", "interrupted", 5)]
    calls = server.rows("state, count(*)", "calls", "GROUP BY 1 ORDER BY 1")
    assert calls == [("answered", 1), ("interrupted", 5)]
    assert server.rows("min(cost_nano_usd) > 0", "attempts") == [(1,)]


def test_a_second_server_on_the_same_database_leaves_the_first_ones_calls_alone(
        server: Server, upstream: LoopbackProvider) -> None:
    upstream.always(SCRIPTS["hang"])
    threading.Thread(target=_ask_and_forget, args=(server.url,), daemon=True).start()
    until(lambda: len(upstream.requests) == 1)
    first = server.process
    server.start()
    try:
        assert server.rows("state", "attempts") == [("reserved",)]
    finally:
        _kill(first)


def _kill(process: subprocess.Popen[bytes]) -> None:
    family = [process, *psutil.Process(process.pid).children(recursive=True)]
    for one in reversed(family):
        os.kill(one.pid, signal.SIGKILL)
    process.wait()


def _together(server: Server) -> dict[str, Any]:
    """The provider's row in the usage report."""
    rows = {row["key"]: row for row in server.ask("/api/v1/usage?by=provider")["rows"]}
    return rows.get("together", {})


def _ask_and_forget(url: str) -> None:
    request = urllib.request.Request(f"{url}/api/v1/chat", json.dumps(QUESTION).encode(),
                                     {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=60).read()
    except OSError:
        return  # the server was killed: that is the test
