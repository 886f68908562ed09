"""What is known of each download, for every process of the machine: `downloads.json` in MODEL_DIR.

The process that downloads writes it, at most twice a second; a status page of any worker reads it. It also holds when a
refused download may be tried again without being asked for, so that a restart does not ask a hub in trouble again.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from chatbot.errors import NotReady
from chatbot.local_model.download_lock import is_downloading
from chatbot.local_model.weights import MARKER

FILE = "downloads.json"
WRITE_EVERY = 0.5
"""Seconds."""
WINDOW = 5.0
"""Seconds over which the speed is measured."""
PAUSE = 300.0
"""Least seconds between two tries that nobody asked for. L03."""
LONGEST_PAUSE = 8 * PAUSE
State = Literal["downloading", "stopped", "done", "failed", "removed"]


@dataclass(frozen=True, slots=True)
class Download:
    """One model's. Times are seconds since 1970."""

    model: str
    state: State
    file: str = ""
    """The file that comes now."""
    bytes: int = 0
    total: int | None = None
    """Bytes in all; None until that is known."""
    bytes_per_second: int | None = None
    """Over the last seconds; None while that cannot be said."""
    eta_seconds: int | None = None
    reason: str = ""
    """Why it failed, and what to do."""
    failures: int = 0
    """In a row."""
    next_try_at: float = 0.0
    """Before that, only somebody who asks for it tries again."""
    updated_at: float = 0.0
    place: str = ""
    """Its folder below MODEL_DIR, once it is done."""


def all_downloads(model_dir: Path) -> dict[str, Download]:
    """By model id. One whose process died is `stopped`: what came is kept, and gone on with; one evicted, `removed`."""
    known = {name: replace(one, state="removed") if _is_gone(one, model_dir) else one
             for name, one in _read(model_dir).items()}
    if not any(one.state == "downloading" for one in known.values()) or is_downloading(model_dir):
        return known
    return {name: replace(one, state="stopped", bytes_per_second=None, eta_seconds=None)
            if one.state == "downloading" else one for name, one in known.items()}


def _is_gone(one: Download, model_dir: Path) -> bool:
    return one.state == "done" and bool(one.place) and not (model_dir / one.place / MARKER).exists()


def may_try(model_dir: Path, model: str, now: float | None = None) -> bool:
    """Whether a download that nobody asked for may be tried now. A clock that jumped back holds nothing up for long."""
    known = _read(model_dir).get(model)
    wait = known.next_try_at - (time.time() if now is None else now) if known else 0.0
    return wait <= 0 or wait > 2 * LONGEST_PAUSE


class DownloadReport:
    """Writes one model's state. Used under the download lock of `model_dir`, by one thread."""

    def __init__(self, model_dir: Path, model: str) -> None:
        self._model_dir = model_dir
        before = _read(model_dir).get(model)
        self._now = Download(model, "downloading", failures=before.failures if before else 0)
        self._files: dict[str, int] = {}
        self._seen: deque[tuple[float, int]] = deque()
        self._written = 0.0
        self._write()

    def expect(self, total: int) -> None:
        """How many bytes are to come in all."""
        self._now = replace(self._now, total=total)

    def progress(self, name: str, done: int, total: int) -> None:
        """A `weights.Progress`: `done` bytes of the file `name` are here."""
        if name not in self._files:
            self._seen.clear()   # what an earlier run left is no speed
        self._files[name] = done
        now, here = time.monotonic(), sum(self._files.values())
        self._seen.append((now, here))
        while self._seen[0][0] < now - WINDOW:
            self._seen.popleft()
        speed = _speed(self._seen)
        self._now = replace(self._now, file=name, bytes=here, bytes_per_second=speed,
                            eta_seconds=_eta(self._now.total, here, speed))
        if now - self._written >= WRITE_EVERY:
            self._write()

    def done(self, here: Path) -> None:
        """All is `here` and verified."""
        folder = here if here.is_dir() else here.parent
        self._now = replace(self._now, state="done", place=os.path.relpath(folder, self._model_dir))
        self._now = replace(self._now, total=self._now.bytes, reason="", failures=0, next_try_at=0.0,
                            bytes_per_second=None, eta_seconds=None)
        self._write()

    def failed(self, error: NotReady) -> None:
        """It ended; nobody tries again by itself for 5 minutes, and longer each time."""
        failures = self._now.failures + 1
        pause = min(PAUSE * 2 ** min(failures - 1, 3), LONGEST_PAUSE) * random.uniform(1.0, 1.5)  # noqa: S311 - jitter
        self._now = replace(self._now, state="failed", reason=f"{error.detail} {error.remedy or ''}".strip(),
                            failures=failures, next_try_at=time.time() + pause, bytes_per_second=None,
                            eta_seconds=None)
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._now = replace(self._now, updated_at=time.time())
        known = {**_read(self._model_dir), self._now.model: self._now}
        part = self._model_dir / (FILE + ".part")
        with suppress(OSError):   # a full disk, or a folder that is only read: the download itself says so
            part.write_text(json.dumps({name: asdict(one) for name, one in known.items()}, indent=1))
            part.replace(self._model_dir / FILE)


def _speed(seen: deque[tuple[float, int]]) -> int | None:
    seconds = seen[-1][0] - seen[0][0]
    return round((seen[-1][1] - seen[0][1]) / seconds) if seconds > 0.2 else None


def _eta(total: int | None, here: int, speed: int | None) -> int | None:
    return None if total is None or not speed else max(0, round((total - here) / speed))


def _read(model_dir: Path) -> dict[str, Download]:
    """What the file says; nothing where it is missing or not ours."""
    try:
        return {str(name): _download(facts) for name, facts in json.loads((model_dir / FILE).read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _download(facts: Mapping[str, Any]) -> Download:
    return Download(**{field.name: facts[field.name] for field in fields(Download) if field.name in facts})
