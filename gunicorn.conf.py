"""How gunicorn serves: workers with threads, loaded after the fork (torch deadlocks across a fork).

One worker unless WEB_CONCURRENCY says otherwise, because a machine has one owner of the local model; several share
one through LOCAL_BASE_URL (docs/operating.md). A slow client takes a thread: put nginx or caddy in front when
strangers can reach it.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from config import load_settings

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
threads = int(os.environ.get("WEB_THREADS") or 32)
timeout = 120
graceful_timeout = int(os.environ.get("GRACEFUL_TIMEOUT") or 30)
preload_app = False
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 60
accesslog = None
errorlog = "-"
loglevel = "warning"

settings = load_settings()  # a wrong setting ends the server here, where each new worker would end again for ever
if workers > 1:
    if not settings.secret_key.get_secret_value():
        os.environ["SECRET_KEY"] = secrets.token_hex(32)  # one for all workers, else each refuses the others' cookies
    # Each worker counts in files of its own there, and /metrics adds them up: counts start anew with the server.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(Path(tempfile.gettempdir()) / f"funza-metrics-{os.getpid()}"))


M_ARENA_MAX = -8
"""glibc's malloc.h."""
LAST_WORDS = 3
"""Seconds before the end of graceful_timeout, when gunicorn kills, in which streams say that the server restarts."""


def post_fork(server, worker):
    """Two places to allocate from instead of eight a core: with 32 threads glibc would keep freed memory in each."""
    with contextlib.suppress(OSError, AttributeError):  # musl and macOS have no mallopt
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def post_worker_init(worker):
    """Fetch missing weights, if allowed. When told to stop: let calls at work end by themselves, and shortly before
    the kill end them with an error.
    """
    from chatbot.calling.stopping import STOPPING
    from chatbot.local_model.arrival import start_arrival

    start_arrival(settings)

    gunicorns_own = signal.getsignal(signal.SIGTERM)

    def stop(number, frame):
        STOPPING.begin(max(0, graceful_timeout - LAST_WORDS))
        gunicorns_own(number, frame)

    signal.signal(signal.SIGTERM, stop)


def on_starting(server):
    """Begin with no counts: files of an earlier server would be added to ours."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in Path(folder).glob("*.db"):
            old.unlink(missing_ok=True)


def child_exit(server, worker):
    """Let the gauges of a dead worker go; its counters stay, so that no sum goes down."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server):
    """Remove the folder that this server made."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if folder.endswith(f"funza-metrics-{os.getpid()}"):
        shutil.rmtree(folder, ignore_errors=True)
