"""Names the life of a process, so that rows left behind by a dead one can be told from those at work."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from functools import cache
from pathlib import Path

import psutil

LONGEST_CALL = timedelta(minutes=30)
"""What a worker on another host left counts as abandoned after this (a stream may last 20 minutes)."""


@cache
def _name(pid: int) -> str:
    return f"{_host()}:{pid}:{_started(pid)}"


def _host() -> str:
    return socket.gethostname()[:60]


@cache
def _boot() -> str:
    """Which start of the machine this is: counted from it, start times mean nothing after the next."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text()[:8] if path.exists() else f"{psutil.boot_time():.0f}"


def _started(pid: int) -> str:
    """When a process began. On Linux in clock ticks since the boot: a clock that is set leaves it alone."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return f"{psutil.Process(pid).create_time():.2f}"
    ticks = stat.read_text().rpartition(")")[2].split()[19]  # field 22, starttime: man 5 proc
    return f"{_boot()}-{ticks}"


def worker_name() -> str:
    """`host:pid:start time` of this process (asked anew after a fork)."""
    return _name(os.getpid())


def is_alive(worker: str) -> bool | None:
    """Whether that worker still runs; None when it ran on another host, where nobody here can know."""
    host, pid, started = worker.rsplit(":", 2)
    if host != _host():
        return None
    try:
        # A killed process whose parent does not reap it (a container without an init) stays as a zombie.
        return _started(int(pid)) == started and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
