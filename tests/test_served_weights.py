"""The real server while weights arrive: it answers from the cards at once, and says how far the download is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.served import ROOT, free_port, wait_for
from tests.chatbot.local_model.fake_place import FakePlace

CONTENT = b"GGUF" + os.urandom(3_000_000)
WEB = {"WEB_CONCURRENCY": "2", "SECRET_KEY": "0" * 64}
"""Two workers: one downloads, both tell."""


@pytest.fixture
def hub() -> Iterator[FakePlace]:
    with FakePlace("hub", {"tiny-Q4_K_M.gguf": CONTENT}, pause=0.1) as hub:
        yield hub


@pytest.fixture
def server(hub: FakePlace, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, **WEB, "PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path}/funza.db",
                   "MODEL_DIR": str(tmp_path / "models"), "HF_ENDPOINT": hub.url, "LOCAL_MODEL": "someone/tiny-GGUF",
                   "LOCAL_ENGINE": "llama_cpp", "DOWNLOAD_AT_START": "true"}
    process = subprocess.Popen([sys.executable, str(ROOT / "run.py")], env=environment, cwd=ROOT,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def local(server: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server}/api/v1/providers", timeout=60) as answer:
        return next(one for one in json.load(answer)["providers"] if one["name"] == "local")


def test_the_first_question_never_waits_for_the_weights(server: str, hub: FakePlace) -> None:
    began = time.monotonic()
    while not (told := local(server)["downloads"]) or not told[0]["bytes"]:
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    asked = urllib.request.Request(
        f"{server}/api/v1/chat", headers={"Content-Type": "application/json"},
        data=json.dumps({"message": "Why are iron and folic acid tablets given?", "strategy": "local"}).encode())
    with urllib.request.urlopen(asked, timeout=20) as answer:
        reply = json.load(answer)
    now = local(server)
    assert reply["provenance"] == "curated"
    assert (now["state"], now["downloads"][0]["state"]) == ("unavailable", "downloading")
    assert "on their way" in now["reason"]
    assert 0 < now["downloads"][0]["bytes"] < now["downloads"][0]["total"] == len(CONTENT)
    hub.pause = 0.0
    until = time.monotonic() + 20
    while local(server)["downloads"][0]["state"] != "done":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert hub.sent["tiny-Q4_K_M.gguf"] == len(CONTENT)   # once, with two workers
