"""Pictures' files: named after the SHA-256 of their bytes, each with its note; written whole or not at all.

A file is written under another name, synced, then renamed, so that a reader or a crash never meets half of one.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from chatbot.database import new_id
from chatbot.images.lessons.errors import StorageFailed
from chatbot.images.lessons.provenance import as_json

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_NAME = re.compile(r"(?:[0-9a-f]{64}\.(?:png|jpg|webp|json)|source-[0-9A-Z]{26}\.jpg)")
_UNFINISHED = ".part"


class PictureFiles:
    """One folder of files. Every method raises StorageFailed when the disk does not take or give them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, data: bytes, media_type: str, note: dict[str, object]) -> str:
        """Write a picture and its note. Returns the SHA-256 of `data`, in hex."""
        digest = hashlib.sha256(data).hexdigest()
        self._write(f"{digest}.json", as_json(note))
        self._write(f"{digest}.{ENDINGS[media_type]}", data)
        return digest

    def keep_source(self, data: bytes) -> str:
        """Write a picture that a job will change. Returns its file's name."""
        name = f"source-{new_id()}.jpg"
        self._write(name, data)
        return name

    def read(self, sha256: str, media_type: str) -> bytes:
        """A picture's bytes, which are still those that were written."""
        data = self.read_named(f"{sha256}.{ENDINGS[media_type]}")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageFailed("The picture's file is damaged.", remedy="Restore it from a backup, or delete it.")
        return data

    def read_named(self, name: str) -> bytes:
        """A file's bytes."""
        try:
            return self._path(name).read_bytes()
        except OSError:
            raise StorageFailed("The picture's file is not there.",
                                remedy="Restore it from a backup, or delete the picture.") from None

    def delete(self, sha256: str, media_type: str) -> None:
        """Remove a picture and its note; nothing happens when they are gone already."""
        self.delete_named(f"{sha256}.{ENDINGS[media_type]}")
        self.delete_named(f"{sha256}.json")

    def delete_named(self, name: str) -> None:
        """Remove one file; nothing happens when it is gone already."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError:
            raise StorageFailed("The picture's file cannot be removed.") from None

    def all(self) -> list[str]:
        """The names of all files of ours, also those of writes that a crash broke off."""
        try:
            found = [path.name for path in self.folder.iterdir()] if self.folder.exists() else []
        except OSError:
            raise StorageFailed() from None
        return sorted(name for name in found if _NAME.fullmatch(name.removesuffix(_UNFINISHED)))

    def sources_before(self, moment: datetime) -> list[str]:
        """Files of `keep_source` that were written before that."""
        try:
            return [name for name in self.all() if name.startswith("source-")
                    and (self.folder / name).stat().st_mtime < moment.timestamp()]
        except OSError:
            raise StorageFailed() from None

    def size(self, name: str) -> int:
        """Bytes of one of `all`."""
        try:
            return (self.folder / name).stat().st_size
        except OSError:
            raise StorageFailed() from None

    def discard(self, name: str) -> None:
        """Remove one of `all`, whole or broken off."""
        (self.folder / name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise StorageFailed("This is no picture's file.")
        return self.folder / name

    def _write(self, name: str, data: bytes) -> None:
        path = self._path(name)
        part = path.with_name(path.name + _UNFINISHED)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise StorageFailed("The picture cannot be written.", remedy=(
                f"Make room on the disk, and let the server write to {self.folder.name}/.")) from None


def folder_of(engine: Engine, chosen: str = "") -> Path:
    """Where pictures are kept: as PICTURES_DIR says, else beside a SQLite file, else in `instance/pictures`."""
    database = engine.url.database or ""
    if chosen:
        return Path(chosen)
    if engine.dialect.name == "sqlite" and database not in {"", ":memory:"}:
        return Path(database).parent / "pictures"
    return Path("instance/pictures")
