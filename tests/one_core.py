"""One core for a local model in a test, and for the processes that it starts.

llama.cpp takes a thread for every core it may use, and its threads wait for each other without sleeping: on a machine
that runs other tests as well, most of what two threads compute is that waiting.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_core() -> Iterator[None]:
    """Run the block, and the threads and processes that begin in it, on one of the cores of this process."""
    if not hasattr(os, "sched_setaffinity"):  # another system than Linux
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[os.getpid() % len(cores)]})  # test workers differ
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
