"""Runs a reader of strangers' files in a process of its own, and takes what it says.

A bomb costs one process some seconds and no other request anything: the process gives up what it does not need
(`child.confine`), and is killed when it takes too long or says too much.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog

from chatbot.documents.child import NOT_INSTALLED
from chatbot.documents.places import Places
from chatbot.errors import Overloaded

_KILLED = (-9, -24)
"""SIGKILL and SIGXCPU: out of memory, or of processor time."""
_ROOT = Path(__file__).parent.parent.parent

log = structlog.get_logger(__name__)


class Died(Exception):
    """It ended without an answer: the file is damaged, or meant to harm."""


class TookTooMuch(Died):
    """It was killed: too much time, memory or output."""


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """One kind of reader."""

    module: str
    """Run as `python -m module argument`, the file on its stdin."""
    seconds: float
    """That one file may take."""
    most_output: int
    """Bytes it may say."""
    places: Places

    def read(self, argument: str, data: bytes) -> bytes:
        """What it says of `data`. Raises Died, TookTooMuch, Overloaded."""
        try:
            with self.places.place(), tempfile.TemporaryFile() as handed:  # no name, and gone with this block
                handed.write(data)
                handed.seek(0)
                return self._run(argument, handed)
        except OSError as error:  # no process, no memory, no disk
            log.error("reader_not_started", reader=self.module, error=type(error).__name__)
            raise Overloaded("Files cannot be read at this moment.") from None

    def _run(self, argument: str, handed: IO[bytes]) -> bytes:
        late = threading.Event()
        with subprocess.Popen([sys.executable, "-s", "-m", self.module, argument], cwd=_ROOT, stdin=handed,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()) as child:

            def stop() -> None:
                late.set()
                child.kill()

            clock = threading.Timer(self.seconds, stop)
            clock.start()
            assert child.stdout is not None
            output: bytes = child.stdout.read(self.most_output + 1)
            if len(output) > self.most_output:
                stop()
            child.wait()
            clock.cancel()
        if child.returncode == 0:
            return output
        log.info("file_not_read", reader=self.module, kind=argument, exit_code=child.returncode, late=late.is_set())
        if child.returncode == NOT_INSTALLED:
            raise RuntimeError("a library that reads files is not installed")
        raise TookTooMuch if late.is_set() or child.returncode in _KILLED else Died


def _environment() -> dict[str, str]:
    """No key and no setting of ours; only where Python finds its modules."""
    return {"PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)]), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1"}
