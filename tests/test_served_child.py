"""The real server with the local model in its child process, which is killed while the server goes on."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator

import psutil
import pytest

from tests.embedded_weights import embedded_model_dir
from tests.one_core import one_core
from tests.test_served import Server

STORY = {"model": "local", "max_tokens": 400, "messages": [{"role": "user", "content": "Tell me a long story."}]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with one_core():
        running = Server(tmp_path_factory.mktemp("served"), LOCAL_ENGINE="llama_cpp", STRATEGY="local",
                         LOCAL_MODEL="SmolLM2-135M-Instruct", MODEL_DIR=str(embedded_model_dir()))
    yield running
    running.stop()


@pytest.fixture
def server(running: Server) -> Server:
    """A server with a ledger that begins here; both tests leave one that serves."""
    running.forget()
    return running


def family(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def child_of(server: Server) -> psutil.Process | None:
    return next((one for one in family(server) if "chatbot.local_model.child" in one.cmdline()), None)


def begin_a_story(server: Server) -> threading.Thread:
    def ask() -> None:
        request = urllib.request.Request(f"{server.url}/v1/chat/completions", json.dumps(STORY).encode(),
                                         {"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=60).read()
        except OSError:
            return   # an error is what this test brings about
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def until_it_generates(server: Server) -> psutil.Process:
    deadline, before = time.monotonic() + 30, child_of(server)
    used = before.cpu_times().user if before else 0.5  # a new one reads its weights first
    while (child := child_of(server)) is None or child.cpu_times().user < used + 0.3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return child


def test_L05_the_server_lives_when_its_model_is_killed_and_answers_again(server: Server) -> None:
    assert child_of(server) is None   # nothing before the first question
    web = {one.pid for one in family(server)}
    asking = begin_a_story(server)
    killed = until_it_generates(server)
    killed.kill()
    asking.join(20)
    state, *rest = server.rows("state, failure, cost_nano_usd", "attempts", "AND provider = 'local'")[0]
    assert state in ("released", "settled")   # before or after its first words
    assert rest == ["child_died", 0]
    assert web <= {one.pid for one in family(server)}
    time.sleep(0.6)
    answered = server.ask("/v1/chat/completions", {**STORY, "max_tokens": 8})
    assert answered["choices"][0]["message"]["content"].strip()
    again = child_of(server)
    assert again is not None
    assert again.pid != killed.pid


def test_a_worker_that_is_killed_takes_its_model_with_it(server: Server) -> None:
    begin_a_story(server)
    child = until_it_generates(server)
    os.kill(child.ppid(), signal.SIGKILL)
    deadline = time.monotonic() + 2
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
