"""Starts the child, hears what it says, kills it, and says how it ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import structlog

from chatbot.errors import NotReady
from chatbot.local_model.child.wire import Message, Wire
from config import Settings

ROOT = Path(__file__).resolve().parents[3]
SEND_LIMIT = 2.0
"""Seconds for the child to take a message. It always reads, so longer means that it hangs."""
_LAST_MOMENT = 0.5
"""Seconds from the end of its line until a child that still lives is killed: so that its own exit code is seen."""
_NOT_FOR_THE_CHILD = frozenset({"hf_token", "hugging_face_hub_token"})

log = structlog.get_logger(__name__)


class Child:
    """One child process. `hear` gets its messages and `gone` how it ended, both from the thread that reads it."""

    def __init__(self, engine: str, hear: Callable[[Message], None], gone: Callable[[str], None]) -> None:
        """Start it. `engine` is `module:Class`. Raises NotReady when the system has no room for a process."""
        self._hear = hear
        self._gone = gone
        self._wire: Wire
        self._process: subprocess.Popen[bytes]
        self._killed_because = ""
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, args=(engine, started), name="local-child", daemon=True)
        self._thread.start()
        started.result()

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Seconds of CPU that it has used; 0 when the system does not say (not Linux) or it is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")   # utime, stime: proc(5)

    def tell(self, message: Message) -> None:
        """Send `message`. A child that does not take it hangs, and is killed; `gone` says so then."""
        try:
            self._wire.send(message)
        except OSError:
            self.kill("it does not listen")

    def kill(self, because: str) -> None:
        """End it now, whatever it does. Safe to call twice."""
        self._killed_because = self._killed_because or because
        self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def join(self, seconds: float) -> None:
        """Wait until `gone` was called, at most so long."""
        self._thread.join(seconds)

    def _live(self, engine: str, started: Future[None]) -> None:
        """The thread that starts it also reads it to its end: the system kills a child with its parent's *thread*."""
        try:
            self._start(engine)
        except OSError as error:
            started.set_exception(NotReady(f"The local model's process cannot be started ({error.strerror}).",
                                           remedy="Free some memory or processes, or set LOCAL_ENGINE=off."))
            return
        started.set_result(None)
        try:
            for message in self._wire.messages():
                self._hear(message)
        except (OSError, ValueError, KeyError, TypeError) as error:   # it is not sound: it sent what it should not
            log.error("local_model.child_talks_nonsense", error=type(error).__name__)
            self.kill("it talks nonsense")
        finally:
            self._gone(self._bury())

    def _start(self, engine: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "chatbot.local_model.child", str(theirs.fileno()), str(os.getpid()),
                     engine],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    start_new_session=True, env=_environment())
            except OSError:
                ours.close()
                raise
        self._wire = Wire(ours, send_limit=SEND_LIMIT)

    def _bury(self) -> str:
        if not self.wait(_LAST_MOMENT):
            self.kill("it closed its line")
        code = self._process.wait()
        self._wire.close()
        how = how_it_ended(code)
        return f"{how}: {self._killed_because}" if self._killed_because else how


def how_it_ended(code: int) -> str:
    """`SIGKILL`, `SIGSEGV`, `exit code 1`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:   # a real-time signal
        return f"signal {-code}"


def _environment() -> dict[str, str]:
    """Ours without our settings (keys, addresses): an engine that reads weights of strangers needs none of them."""
    kept = {name: value for name, value in os.environ.items()
            if name.lower() not in Settings.model_fields and name.lower() not in _NOT_FOR_THE_CHILD}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
