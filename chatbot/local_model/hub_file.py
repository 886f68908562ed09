"""Downloads one file: resumes after a cut, hashes what it writes, and gives the file its name only when it is right."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import NotReady
from chatbot.local_model.weights import Progress, settle, sha256

if TYPE_CHECKING:
    import httpx2

TRIES = 4
"""Times a cut transfer goes on where it stopped."""
TIMEOUT = 30.0
"""Seconds to connect, and of silence."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Expected:
    """What the hub says about a file. One of the two hashes is set."""

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


def download(url: str, target: Path, file: Expected, token: str, progress: Progress) -> str:
    """Fetch `url` to `target`; the file's sha256. Raises NotReady when the bytes are wrong or cannot be written.

    httpx2's errors of a hub that cannot be reached pass through: the caller knows which hub it is.
    """
    if target.exists() and (digest := sha256(target)) == file.sha256:
        return digest
    transfer = _Transfer(url, target.with_name(target.name + ".part"), file, token, progress)
    sums = transfer.run()
    if not sums.match(file):
        transfer.part.unlink(missing_ok=True)
        raise NotReady(f"{file.name} arrived damaged (size or hash is not the hub's).",
                       remedy="Run `python setup_huggingface.py` again.")
    settle(transfer.part, target)
    return sums.sha256.hexdigest()


@dataclass(frozen=True, slots=True)
class _Transfer:
    url: str
    part: Path
    file: Expected
    token: str
    progress: Progress

    def run(self) -> _Sums:
        """Go on after each cut, TRIES times in all."""
        import httpx2

        with httpx2.Client(follow_redirects=True, timeout=TIMEOUT) as client:
            for _ in range(TRIES - 1):
                try:
                    return self._go_on(client)
                except httpx2.TransportError:
                    continue
            return self._go_on(client)

    def _go_on(self, client: httpx2.Client) -> _Sums:
        """Append what is missing. A server that cannot resume sends everything: then it starts over."""
        try:
            sums = self._read_part()
            if sums.done == self.file.size:
                return sums
            with client.stream("GET", self.url, headers=self._headers(sums.done)) as answer:
                answer.raise_for_status()
                if sums.done and answer.status_code != 206:
                    self.part.unlink()
                    sums = _Sums(self.file.size)
                self._append(answer, sums)
        except OSError as error:
            raise NotReady(f"{self.file.name} cannot be written ({error.strerror or type(error).__name__}).",
                           remedy="Free some disk space, or set MODEL_DIR to another disk.") from error
        return sums

    def _headers(self, done: int) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if done:
            headers["Range"] = f"bytes={done}-"
        return headers

    def _read_part(self) -> _Sums:
        sums = _Sums(self.file.size)
        if self.part.exists() and self.part.stat().st_size > self.file.size:
            self.part.unlink()
        if self.part.exists():
            with self.part.open("rb") as old:
                while block := old.read(_BLOCK):
                    sums.add(block)
        return sums

    def _append(self, answer: httpx2.Response, sums: _Sums) -> None:
        with self.part.open("ab") as out:
            for block in answer.iter_bytes():   # as they come: a block size would hold back, and lose, the last bytes
                sums.add(block)
                if sums.done > self.file.size:
                    return   # more than was promised: the hash cannot match
                out.write(block)
                self.progress(self.file.name, sums.done, self.file.size)
