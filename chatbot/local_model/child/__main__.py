"""The child: `python -m chatbot.local_model.child SOCKET PARENT ENGINE`, started only by process.py.

It ends with its parent, however that ends: the system kills it (Linux), and its end of the socket reads no more.
Where memory runs out, it is the one that the system should kill.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path
from types import TracebackType

import structlog

from chatbot.local_model.child.serving import Serving
from chatbot.local_model.child.wire import Wire
from chatbot.log_lines import LogLines

PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
VICTIM = "500"
"""https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html: above every process that did not ask."""

log = structlog.get_logger(__name__)


def main(arguments: list[str]) -> None:
    """Serve until the parent is gone."""
    number, parent, engine = arguments
    _end_with(int(parent))
    _die_first()
    _say_little()
    try:
        Serving(Wire(socket.socket(fileno=int(number))), engine).live()
    finally:
        os._exit(0)   # whatever an engine's threads are doing


def _end_with(parent: int) -> None:
    """Be killed when the parent dies. Ctrl-C and a service manager's SIGTERM are the parent's to answer."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:   # it died before we asked
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _die_first() -> None:
    """Be the one to die when memory runs out, and leave no memory image behind: it would hold people's words."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        Path("/proc/self/oom_score_adj").write_text(VICTIM)
    except OSError:   # not Linux, or not allowed here
        return


def _say_little() -> None:
    """Warnings only, as JSON lines on stderr; of an exception only its type, since its words may hold a prompt."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(file=LogLines(sys.stderr)))  # type: ignore[arg-type]
    faulthandler.enable()   # files and lines of a crash in native code, no values
    sys.excepthook = _only_the_type
    threading.excepthook = lambda facts: _only_the_type(facts.exc_type, None, None)


def _only_the_type(kind: type[BaseException], _: BaseException | None, __: TracebackType | None) -> None:
    log.error("local_model.child_bug", error=kind.__name__)


if __name__ == "__main__":
    main(sys.argv[1:])
