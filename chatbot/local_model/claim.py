"""The machine-wide right to load weights: a lock file, which the system frees when its process dies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatbot.errors import NotReady
from chatbot.local_model.use import Use


class Claim:
    """Held by one owner of the machine at a time. `path` None claims nothing and always succeeds.

    While it is held, `weights` count as in use, so that nothing evicts them.
    """

    def __init__(self, path: Path | None, weights: Path | None = None) -> None:
        self._path = path
        self._use = Use(weights)
        self._lock: Any = None

    def take(self) -> None:
        """Raises NotReady when another process (or another owner of this one) has it. Never waits."""
        if self._path is None or self._lock is not None:
            return
        from filelock import FileLock, Timeout

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._path)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise NotReady("Another process of this machine holds the local model.",
                           remedy="Run one worker, or share one server with LOCAL_ENGINE=openai_url.") from error
        except OSError as error:
            raise NotReady(f"The folder {self._path.parent.name} cannot be written ({error.strerror}).",
                           remedy="Set MODEL_DIR to a folder you can write.") from error
        self._lock = lock
        self._use.begin()

    def give_up(self) -> None:
        """Let others have it. Safe to call twice."""
        self._use.end()
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()
