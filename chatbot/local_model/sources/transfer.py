"""Downloads one file: resumes after a cut or a kill, hashes what it writes, and names the file only when it is right.

While it comes it is `NAME.part`; `NAME.part.version` says which content of the source its bytes are of, so that the
rest is asked for with If-Match. Bytes that are there are read and hashed again, never fetched again.
"""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from chatbot.errors import NotReady
from chatbot.local_model.sources.failures import Changed, Cut, Damaged, DiskFull, Refused
from chatbot.local_model.sources.origin import Origin, Stream
from chatbot.local_model.weights import Progress, settle, sha256

TRIES = 4
"""Times a transfer goes on that was cut before it brought anything worth mentioning."""
_BLOCK = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of a file before it comes. One of the two hashes is set."""

    name: str
    size: int
    sha256: str = ""
    git_sha1: str = ""
    """Git's name for the content: sha1 of `blob <size>\\0` and the bytes."""


class _Sums:
    """Both hashes of the bytes so far."""

    def __init__(self, size: int) -> None:
        self.sha256 = hashlib.sha256()
        self.git_sha1 = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        self.done = 0

    def add(self, block: bytes) -> None:
        self.sha256.update(block)
        self.git_sha1.update(block)
        self.done += len(block)

    def match(self, file: Expected) -> bool:
        if self.done != file.size:
            return False
        return self.sha256.hexdigest() == file.sha256 if file.sha256 else self.git_sha1.hexdigest() == file.git_sha1


def download(origin: Origin, target: Path, file: Expected, progress: Progress) -> str:
    """Fetch `file` of `origin` to `target`; its sha256. Half a file stays only after a cut, to be gone on with.

    Raises Damaged, DiskFull, Refused (a link is in the way) and what `Origin.open` raises.
    """
    part = target.with_name(target.name + ".part")
    if target.is_symlink() or part.is_symlink():
        raise Refused(f"{target.name} is a link, and links are never followed.", remedy="Remove it from MODEL_DIR.")
    if target.exists() and (digest := sha256(target)) == file.sha256:
        return digest
    transfer = _Transfer(origin, part, file, progress)
    try:
        sums = transfer.run()
        if not sums.match(file):
            raise Damaged(f"{file.name} arrived damaged (size or hash is not the expected one).",
                          remedy="Try again; if it stays so, the source does not hold what was pinned.")
        settle(part, target)
    except (Damaged, DiskFull):
        part.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise NotReady(f"{file.name} cannot be written ({error.strerror or type(error).__name__}).",
                       remedy="Set MODEL_DIR to a folder you can write.") from error
    finally:
        if not part.exists():
            transfer.version_file.unlink(missing_ok=True)
    return sums.sha256.hexdigest()


@dataclass(frozen=True, slots=True)
class _Transfer:
    origin: Origin
    part: Path
    file: Expected
    progress: Progress

    @property
    def version_file(self) -> Path:
        return self.part.with_name(self.part.name + ".version")

    def run(self) -> _Sums:
        """Go on after each cut; give up after TRIES that brought nothing."""
        left = TRIES
        while True:
            before = self._bytes_here()
            try:
                return self._go_on()
            except Changed:
                self.part.unlink(missing_ok=True)
                failure = Cut(f"{self.file.name} changes at its source again and again.", remedy="Try again later.")
            except Cut as error:
                failure = error
            left = TRIES if self._bytes_here() - before > _BLOCK else left - 1
            if not left:
                raise failure

    def _bytes_here(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _go_on(self) -> _Sums:
        """Append what is missing. A source that cannot resume sends everything: then it starts over."""
        sums = self._read_part()
        if sums.done == self.file.size:
            return sums
        with self.origin.open(self.file.name, sums.done, self._version() if sums.done else "") as stream:
            if stream.start != sums.done:
                self.part.unlink()
                sums = _Sums(self.file.size)
            self.version_file.write_text(stream.version)
            self._append(stream, sums)
        if sums.done < self.file.size:
            raise Cut(f"{self.file.name} ends too early.", remedy="Try again later.")
        return sums

    def _version(self) -> str:
        return self.version_file.read_text() if self.version_file.exists() else ""

    def _read_part(self) -> _Sums:
        sums = _Sums(self.file.size)
        if self._bytes_here() > self.file.size:
            self.part.unlink()
        if self.part.exists():
            with self.part.open("rb") as old:
                while block := old.read(_BLOCK):
                    sums.add(block)
        return sums

    def _append(self, stream: Stream, sums: _Sums) -> None:
        with self.part.open("ab", buffering=0) as out:   # a kill loses nothing that came
            for block in stream.blocks:
                if sums.done + len(block) > self.file.size:
                    raise Damaged(f"{self.file.name} is longer than expected.", remedy="Check what was pinned.")
                _write(out, block)
                sums.add(block)
                self.progress(self.file.name, sums.done, self.file.size)


def _write(out: FileIO, block: bytes) -> None:
    """All of `block`: an unbuffered file may take less at a time. Raises DiskFull."""
    rest = memoryview(block)
    try:
        while rest:
            rest = rest[out.write(rest):]
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFull(f"The disk ran full ({error.strerror}); the half file was removed.",
                       remedy="Free some disk space, or set MODEL_DIR to another disk.") from error
