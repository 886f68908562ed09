"""The weights that were downloaded to MODEL_DIR: what is there, when it was used, and what goes when room is short.

Only files that a download of ours wrote are ever removed: those that a folder's `verified.json` names, and half files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from chatbot.errors import NotReady
from chatbot.local_model.download_lock import LOCK, NotNow, one_downloader
from chatbot.local_model.use import USED, is_used, last_used, nobody_uses
from chatbot.local_model.weights import MARKER, origin_of, read_marker, require_space

log = structlog.get_logger(__name__)
PARTS = ("*.part", "*.part.version")


class InUse(NotReady):
    """A process has these weights loaded, or will load them next."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder of weights."""

    folder: Path
    source: str
    """Hub id, wheel or address."""
    state: Literal["verified", "partial"]
    size: int
    """Bytes on the disk."""
    last_used: float
    """Seconds since 1970."""
    in_use: bool


def entries(model_dir: Path) -> list[Entry]:
    """Every folder of weights below `model_dir` that a download of ours made, the one used longest ago first."""
    return sorted((_entry(folder) for folder in _folders(model_dir)), key=lambda entry: entry.last_used)


def taken(model_dir: Path) -> int:
    """Bytes that downloaded weights take."""
    return sum(entry.size for entry in entries(model_dir))


def evict(entry: Entry) -> int:
    """Remove one entry; the bytes that are free now. Raises InUse, or NotNow while it is downloaded."""
    folder = entry.folder
    with one_downloader(_home(folder), wait=0), nobody_uses(folder) as free:
        if not free:
            raise InUse(f"{entry.source} is loaded now.", remedy="Stop the server, or wait until it is unloaded.")
        names = list(read_marker(folder))
        (folder / MARKER).unlink(missing_ok=True)   # first: what is half gone must not count as whole
        for path in [*(folder / name for name in names), *_parts(folder), folder / USED]:
            path.unlink(missing_ok=True)
    with suppress(OSError):   # not empty: somebody else's files, or our lock, stay
        folder.rmdir()
    return entry.size


def shrink(model_dir: Path, limit: int, keep: frozenset[Path] = frozenset()) -> list[Entry]:
    """Evict what was used longest ago until at most `limit` bytes are taken; what went. Never what is used or kept."""
    gone = []
    every = entries(model_dir)
    left = sum(entry.size for entry in every)
    for entry in every:
        if left <= limit:
            break
        if entry.in_use or entry.folder in keep:
            continue
        with suppress(InUse, NotNow):   # loaded, or gone on with, a moment ago
            left -= evict(entry)
            gone.append(entry)
    return gone


def make_room(model_dir: Path, limit: int, keep: frozenset[Path], folder: Path, needed: int) -> None:
    """Room for `needed` more bytes in `folder`, under `limit` (0: none) and on the disk. Raises NotReady."""
    if limit:
        here = sum(path.stat().st_size for path in _parts(folder))   # counted once: it is part of what is needed
        for gone in shrink(model_dir, limit - needed + here, keep | {folder}):
            log.info("local_model.evicted", model=gone.source, bytes=gone.size)
        if (left := taken(model_dir) - here) + needed > limit:
            raise NotReady(f"{needed / 1e9:.2f} GB more would pass MODEL_CACHE_GB ({limit / 1e9:.2f}); "
                           f"{left / 1e9:.2f} GB are in use or wanted.",
                           remedy="Raise MODEL_CACHE_GB, or take a smaller model.")
    require_space(folder, needed)


def _folders(model_dir: Path) -> Iterator[Path]:
    """Homes of weights, and the folders of revisions in them. Links are never followed."""
    for home in _real_folders(model_dir):
        for folder in (home, *_real_folders(home)):
            if read_marker(folder) or ((home / LOCK).exists() and any(_parts(folder))):
                yield folder


def _real_folders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.is_dir() and not path.is_symlink()]


def _parts(folder: Path) -> list[Path]:
    return [path for pattern in PARTS for path in folder.glob(pattern)]


def _entry(folder: Path) -> Entry:
    files = read_marker(folder)
    paths = [*(folder / name for name in files), *_parts(folder)]
    return Entry(folder, origin_of(folder) or folder.parent.name, "verified" if files else "partial",
                 sum(path.stat().st_size for path in paths if path.exists()), last_used(folder), is_used(folder))


def _home(folder: Path) -> Path:
    """The folder that the download of `folder` locked."""
    return folder if (folder / LOCK).exists() else folder.parent
