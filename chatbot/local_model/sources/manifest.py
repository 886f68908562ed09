"""The list of a model's files beside them: `{"files": [{"name": ..., "size": ..., "sha256": ...}]}`.

One hash, that of the manifest, pins them all. `flask models manifest FOLDER` writes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from chatbot.errors import NotReady
from chatbot.local_model.sources.address import MANIFEST
from chatbot.local_model.sources.failures import Damaged, Refused
from chatbot.local_model.sources.origin import Origin
from chatbot.local_model.sources.safe_files import SUFFIXES, refuse_remote_code, why_unsafe
from chatbot.local_model.sources.transfer import Expected
from chatbot.local_model.weights import MARKER, Progress, sha256, silent

LONGEST = 1_000_000
"""Bytes of a manifest."""
MOST_FILES = 500
_TEN_TB = 10**13


def fetch_manifest(origin: Origin, name: str, digest: str) -> tuple[Expected, ...]:
    """The files that `name` at `origin` lists. Raises Damaged (another hash), Refused, and what `open` raises."""
    text = b""
    with origin.open(name) as stream:
        for block in stream.blocks:
            text += block
            if len(text) > LONGEST:
                raise Refused(f"{name} is too long for a manifest.", remedy="Point LOCAL_MODEL at a manifest.json.")
    if hashlib.sha256(text).hexdigest() != digest:
        raise Damaged(f"{name} is not the one that LOCAL_MODEL pins (its sha256 differs).",
                      remedy="Check who changed it, then pin the new hash.")
    return parse_manifest(text)


def parse_manifest(text: bytes) -> tuple[Expected, ...]:
    """The files of a manifest, each allowed by name. Raises Refused with the reason."""
    try:
        rows = json.loads(text)["files"]
        files = tuple(_row(row) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("manifest.json is not of the form {\"files\": [{\"name\", \"size\", \"sha256\"}]}.",
                      remedy="Write it with `flask models manifest FOLDER`.") from error
    if not 0 < len(files) <= MOST_FILES or len({file.name.lower() for file in files}) != len(files):
        raise Refused(f"manifest.json lists no files, one twice, or more than {MOST_FILES}.",
                      remedy="Write it with `flask models manifest FOLDER`.")
    return files


def _row(row: Any) -> Expected:
    name, size, digest = str(row["name"]), row["size"], str(row["sha256"])
    if reason := why_unsafe(name):
        raise Refused(f"manifest.json lists {name[:80]!r}, which is never taken: {reason}.",
                      remedy="Leave it out: weights are safetensors or GGUF.")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise Refused(f"{name} has no sha256 in manifest.json; without one nothing is loaded.",
                      remedy="Write it with `flask models manifest FOLDER`.")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < _TEN_TB:
        raise ValueError("a size is no number of bytes")
    return Expected(name, size, sha256=digest)


def write_manifest(folder: Path, progress: Progress = silent) -> str:
    """Write `folder`/manifest.json over its weights; the manifest's sha256. Raises NotReady or Refused."""
    paths = [path for path in sorted(folder.iterdir())
             if path.is_file() and not path.is_symlink() and path.name not in (MANIFEST, MARKER)
             and path.name.endswith(SUFFIXES) and not why_unsafe(path.name)]
    if not any(path.suffix in (".gguf", ".safetensors") for path in paths):
        raise NotReady(f"{folder.name} holds no .gguf and no .safetensors file.", remedy="Name the folder of a model.")
    if (folder / "config.json").is_file():
        refuse_remote_code(folder / "config.json")
    rows = [{"name": path.name, "size": path.stat().st_size, "sha256": sha256(path, progress)} for path in paths]
    text = json.dumps({"files": rows}, indent=1).encode() + b"\n"
    (folder / MANIFEST).write_bytes(text)
    return hashlib.sha256(text).hexdigest()
