"""Finds weights on this machine and says whether they were verified. Downloads are in sources/.

A folder of weights holds `verified.json`: size, time of last change and sha256 of each file, written when all
of them were complete and right. Finding compares sizes and times only, so a start does not read gigabytes;
`recheck` reads them all again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import Model
from chatbot.local_model.hardware import free_disk

MARKER = "verified.json"
_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_SPARE = 200_000_000
"""Bytes that stay free on the disk."""

Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes so far, bytes in all; 0 when not known)."""
Room = Callable[[Path, int], None]
"""Called with (folder, bytes to come) before the first byte. Raises NotReady when they do not fit."""


def silent(name: str, done: int, total: int) -> None:
    """The progress of someone who does not look."""


def check_hub_id(name: str) -> str:
    """`name` when it is a hub id `organisation/model`, else NotReady. No URL, no path, no `..`, no other scheme."""
    if not _HUB_ID.fullmatch(name) or ".." in name or "--" in name or name.endswith(".git"):
        raise NotReady("LOCAL_MODEL is neither a hub id (organisation/model), a GGUF file or folder that exists, nor "
                       "an address (https, s3, gs, az) with #sha256=.",
                       remedy="Set LOCAL_MODEL to an id such as meta-llama/Llama-3.2-1B-Instruct.")
    return name


def home_of(model: Model, model_dir: Path) -> Path:
    """The folder that belongs to `model`: one per hub repository, wheel or address."""
    if model.source == "path":
        path = Path(model.repository)
        return path.parent if path.is_file() else path
    return model_dir / re.sub(r"[:/]+", "--", model.repository.replace("==", "-"))


def folder_of(model: Model, model_dir: Path) -> Path:
    """The folder of one revision. Without a pinned revision: the one recorded at the first download.

    What lies at an address has a folder for each pin and each engine that runs it.
    """
    home = home_of(model, model_dir)
    if model.source == "pinned":
        return home / f"{model.revision[:16]}-{model.engine}"
    if model.source != "hub":
        return home
    return home / (model.revision or recorded_revision(home) or "unknown")


def recorded_revision(home: Path) -> str:
    """The commit that the first unpinned download resolved, or empty."""
    try:
        commit = (home / "revision").read_text().strip()
    except OSError:
        return ""
    return commit if re.fullmatch(r"[0-9a-f]{40}", commit) else ""


def find(model: Model, model_dir: Path) -> Path | None:
    """The GGUF file or the folder to load, when it is all there and was verified; else None. Instant."""
    if model.source == "path":
        path = Path(model.repository)
        return path if path.exists() else None
    folder = folder_of(model, model_dir)
    files = read_marker(folder)
    if not files or any(_stamp(folder / name) != (facts["size"], facts["mtime_ns"]) for name, facts in files.items()):
        return None
    return folder / _main_file(model, files) if model.engine == "llama_cpp" else folder


def _main_file(model: Model, files: Iterable[str]) -> str:
    return model.file or next(name for name in files if name.endswith(".gguf"))


def read_marker(folder: Path) -> dict[str, dict[str, Any]]:
    """Files of `folder` with their facts, as the marker has them; empty when there is no (readable) marker."""
    try:
        files = json.loads((folder / MARKER).read_text())["files"]
        return {str(name): {"size": int(facts["size"]), "mtime_ns": int(facts["mtime_ns"]),
                            "sha256": str(facts["sha256"])} for name, facts in files.items()
                if "/" not in name and name.strip(".")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def origin_of(folder: Path) -> str:
    """Hub id, wheel or address that the weights of `folder` came from, as the marker has it; empty when unknown."""
    try:
        return str(json.loads((folder / MARKER).read_text())["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def write_marker(folder: Path, hashes: dict[str, str], **facts: str) -> None:
    """Record that `hashes` (name -> sha256) are all here and right; `facts` say where they are from."""
    files = {}
    for name, digest in hashes.items():
        size, mtime = _stamp(folder / name) or (0, 0)
        files[name] = {"size": size, "mtime_ns": mtime, "sha256": digest}
    part = folder / (MARKER + ".part")
    part.write_text(json.dumps({**facts, "files": files}, indent=1))
    settle(part, folder / MARKER)


def recheck(model: Model, model_dir: Path, progress: Progress = silent) -> bool:
    """Read every byte again and compare with the marker (minutes for gigabytes). Mends times that a copy changed."""
    folder = folder_of(model, model_dir)
    files = read_marker(folder)
    if not recheck_folder(folder, progress):
        return False
    if model.sha256 and files.get(model.file, {}).get("sha256") != model.sha256:
        return False
    write_marker(folder, {name: facts["sha256"] for name, facts in files.items()}, source=model.repository,
                 revision=model.revision or folder.name, licence=model.licence)
    return True


def recheck_folder(folder: Path, progress: Progress = silent) -> bool:
    """Read every byte of `folder` again: whether all is as its marker says. Changes nothing."""
    files = read_marker(folder)
    return bool(files) and all(
        (folder / name).is_file() and sha256(folder / name, progress) == facts["sha256"]
        for name, facts in files.items())


def discard_marker(folder: Path) -> None:
    """From now on the weights of `folder` count as not here: a download keeps what is whole, and fetches the rest."""
    (folder / MARKER).unlink(missing_ok=True)


def sha256(path: Path, progress: Progress = silent) -> str:
    """Hash of a file, in hex."""
    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            done += len(block)
            progress(path.name, done, total)
    return digest.hexdigest()


def settle(part: Path, final: Path) -> None:
    """Make `part` durable and give it its name in one step: a crash leaves the old file or the new, never half."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def require_space(folder: Path, needed: int) -> None:
    """Raises NotReady when `needed` bytes (and a little more) do not fit on the disk of `folder`."""
    free = free_disk(folder)
    if free < needed + _SPARE:
        raise NotReady(f"The disk has {free / 1e9:.1f} GB free; {(needed + _SPARE) / 1e9:.1f} GB are needed.",
                       remedy="Free some space, or set MODEL_DIR to another disk.")


def make_folder(folder: Path) -> None:
    """Make `folder`. Raises NotReady when that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotReady(f"The folder {folder.name} cannot be made ({error.strerror}).",
                       remedy="Set MODEL_DIR to a folder you can write.") from error


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns
