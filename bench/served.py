"""Starts the real server (and a loopback provider) in processes of their own, for the benches and the smoke run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    ready_after: float
    """Seconds from its start to its first 200 on /readyz."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serve(**settings: str) -> Iterator[Served]:
    """`python run.py` on a free port with a database of its own, until the block ends."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PORT": str(port), "DATABASE_URL": f"sqlite:///{folder}/funza.db", **settings}
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, str(ROOT / "run.py")], env=environment, cwd=ROOT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", process)
            yield Served(f"http://127.0.0.1:{port}", process, time.perf_counter() - began)
        finally:
            _stop(process)


@contextmanager
def loopback_provider() -> Iterator[str]:
    """The loopback provider, answering at once; gives its address without /v1."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.loopback", "--port", str(port)], cwd=ROOT,
                               stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until `url` answers 200. Raises RuntimeError when the process ends or the time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.01)
    raise RuntimeError(f"{url} did not answer within {seconds:.0f} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
