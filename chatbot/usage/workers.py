"""Names the life of a process, so that rows left behind by a dead one can be told from those at work."""

from __future__ import annotations

import os
import socket
from functools import cache

import psutil


@cache
def _name(pid: int) -> str:
    return f"{_host()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def _host() -> str:
    return socket.gethostname()[:60]


def worker_name() -> str:
    """`host:pid:start time` of this process (asked anew after a fork)."""
    return _name(os.getpid())


def is_alive(worker: str) -> bool | None:
    """Whether that worker still runs; None when it ran on another host, where nobody here can know."""
    host, pid, started = worker.rsplit(":", 2)
    if host != _host():
        return None
    try:
        process = psutil.Process(int(pid))
        same_life = abs(process.create_time() - float(started)) < 0.1
        # A killed process whose parent does not reap it (a container without an init) stays as a zombie.
        return same_life and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
