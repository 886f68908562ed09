"""Daemon threads that are kept for the next piece of work, since starting one costs half a millisecond.

Unlike `concurrent.futures`, nothing waits for them at exit: a try that hangs must not keep the process alive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]
MOST_IDLE = 32
"""Threads kept waiting; more may run at a time, and end when they are done."""

_lock = threading.Lock()
_idle: list[SimpleQueue[Work]] = []


def run_in_background(work: Work) -> None:
    """Run `work` in a daemon thread, at once. `work` must not raise."""
    with _lock:
        waiting = _idle.pop() if _idle else None
    if waiting is not None:
        waiting.put(work)
    else:
        threading.Thread(target=_serve, args=(work,), daemon=True, name="try").start()


def _serve(work: Work) -> None:
    own: SimpleQueue[Work] = SimpleQueue()
    while True:
        work()
        del work  # what it holds may be large; the next piece may be long in coming
        with _lock:
            if len(_idle) >= MOST_IDLE:
                return
            _idle.append(own)
        work = own.get()
