"""200 clients that send a byte a second, and what another client notices: `python -m bench.slow_clients`.

Twice: straight at the server, whose threads they take, and through nginx with `deploy/nginx.conf` (TLS and names left
out), which keeps them. Goal through nginx: the other client's p99 stays what it was. Needs nginx.
"""

from __future__ import annotations

import argparse
import http.client
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.overhead import percentile
from bench.served import ROOT, free_port, serve, wait_for

SLOW_FROM, OTHER_FROM = "127.0.0.2", "127.0.0.3"
"""nginx counts connections by address: the slow ones must not use up the other client's."""


@contextmanager
def nginx(upstream: str) -> Iterator[str]:
    """Nginx before `upstream`; gives its address."""
    port = free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text().replace("127.0.0.1:8000", urlsplit(upstream).netloc)
    text = re.sub(r"(?m)^\s*(ssl_certificate|access_log|error_log|server_name).*\n", "", text)
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    text = text.replace("limit_conn funza_address 20;", "")
    text = text[: text.rindex("server {")]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "nginx.conf"
        whole.write_text(f"pid {folder}/pid;\nerror_log {folder}/log crit;\nworker_rlimit_nofile 4096;\n"
                         f"events {{ worker_connections 2048; }}\nhttp {{\naccess_log off;\n{text}\n}}\n")
        process = subprocess.Popen(["nginx", "-c", str(whole), "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/livez", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def slow_clients(url: str, count: int) -> Iterator[None]:
    """So many connections that send the head of a request, a byte a second."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 80
    stop = threading.Event()
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((host, port), source_address=(SLOW_FROM, 0)))
                   for _ in range(count)]

        def drip() -> None:
            head = b"POST /chat HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 10_000
            for letter in head:
                for one in sockets:
                    try:
                        one.send(bytes([letter]))
                    except OSError:
                        continue
                if stop.wait(1.0):
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        time.sleep(2.5)
        yield
        stop.set()
        thread.join(5)


def other_client(url: str, seconds: float) -> tuple[list[float], int]:
    """Seconds of each request of a well-behaved client on fresh connections, and how many failed (limit 5 s)."""
    taken, failed, until = [], 0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5, source_address=(OTHER_FROM, 0))
        try:
            connection.request("GET", "/livez")
            failed += connection.getresponse().status != 200
            taken.append(time.monotonic() - began)
        except OSError:
            failed += 1
        finally:
            connection.close()
    return taken, failed


def report(name: str, taken: list[float], failed: int) -> float:
    p99 = 1000 * percentile(taken, 0.99) if taken else float("inf")
    print(f"{name:42} {len(taken):5} answered, {failed:3} failed, p99 {p99:7.1f} ms")
    return p99


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if not shutil.which("nginx"):
        print("nginx is not installed.")
        return 2
    with serve(LOCAL_ENGINE="off") as served, nginx(served.url) as front:
        before = report("through nginx, alone", *other_client(front, options.seconds / 2))
        with slow_clients(front, options.clients):
            beside = f"beside {options.clients} slow clients"
            after = report(f"through nginx, {beside}", *other_client(front, options.seconds))
        with slow_clients(served.url, options.clients):
            report(f"straight, {beside}", *other_client(served.url, options.seconds))
    return 0 if after < max(2 * before, before + 20) else 1


if __name__ == "__main__":
    sys.exit(main())
