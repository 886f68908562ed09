"""Weights from a model hub: a pinned commit, only safe files (safe_files.py), each checked against the hub's own hash.

`HF_ENDPOINT` names another hub (a mirror).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import Model
from chatbot.local_model.download_lock import one_downloader
from chatbot.local_model.sources.failures import LoginNeeded, SourceUnreachable
from chatbot.local_model.sources.hub_errors import hub_errors
from chatbot.local_model.sources.safe_files import refuse_remote_code, wanted
from chatbot.local_model.sources.transfer import Expected, download
from chatbot.local_model.sources.web import Web
from chatbot.local_model.weights import (
    Progress,
    Room,
    check_hub_id,
    find,
    folder_of,
    home_of,
    make_folder,
    recheck,
    recorded_revision,
    require_space,
    settle,
    silent,
    write_marker,
)

if TYPE_CHECKING:
    import httpx2

__all__ = ["Hub", "Listing", "LoginNeeded", "SourceUnreachable", "fetch", "list_files"]

TIMEOUT = 15.0
"""Seconds to wait for the hub's list of files."""


@dataclass(frozen=True, slots=True)
class Hub:
    """Which hub, and the token that it knows us by (or empty)."""

    site: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    commit: str
    files: tuple[Expected, ...]


def fetch(model: Model, model_dir: Path, *, token: str = "", progress: Progress = silent,
          room: Room = require_space, endpoint: str | None = None) -> Path:
    """The verified folder (or GGUF file) of `model`, downloaded when it is not here yet.

    `room` is asked before the first byte whether it fits. Raises LoginNeeded, SourceUnreachable, or another NotReady
    (no such model, no space, damaged files), each with its remedy.
    """
    if here := find(model, model_dir):
        return here
    check_hub_id(model.repository)
    home = home_of(model, model_dir)
    make_folder(home)
    with one_downloader(home):
        if (here := find(model, model_dir)) or (recheck(model, model_dir) and (here := find(model, model_dir))):
            return here
        hub = Hub((endpoint or os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/"), token)
        listing = list_files(model, hub, recorded_revision(home))
        if not model.revision:
            _record(home, listing.commit)
        folder = folder_of(model, model_dir)
        make_folder(folder)
        room(folder, sum(file.size for file in listing.files if not (folder / file.name).exists()))
        _download_all(model, listing, folder, hub, progress)
    return find(model, model_dir) or _lost(folder)


def list_files(model: Model, hub: Hub, recorded: str = "") -> Listing:
    """What the hub has of `model` at its commit, with size and hash of each file we would take."""
    from huggingface_hub import HfApi

    with hub_errors(model, hub.token):
        info = HfApi(endpoint=hub.site, token=hub.token or False).model_info(
            model.repository, revision=model.revision or recorded or None, files_metadata=True, timeout=TIMEOUT)
    commit = str(info.sha or "")
    if not re.fullmatch(r"[0-9a-f]{40}", commit) or (model.revision and commit != model.revision):
        raise NotReady(f"The hub answers for {model.repository} with another commit than the pinned one.",
                       remedy="Check LOCAL_MODEL_REVISION, or do not use this hub.")
    return Listing(commit, wanted(model, tuple(_expected(file) for file in info.siblings or ())))


class _Files(Web):
    """A commit never changes, so nothing is asked with If-Match; failures are told by `hub_errors`."""

    conditional = False

    def _check(self, answer: httpx2.Response, name: str) -> None:
        answer.raise_for_status()


def _download_all(model: Model, listing: Listing, folder: Path, hub: Hub, progress: Progress) -> None:
    hashes = {}
    origin = _Files(f"{hub.site}/{model.repository}/resolve/{listing.commit}",
                    {"Authorization": f"Bearer {hub.token}"} if hub.token else {})
    for file in listing.files:
        with hub_errors(model, hub.token):
            hashes[file.name] = download(origin, folder / file.name, file, progress)
        if file.name == "config.json":
            refuse_remote_code(folder / file.name)
    write_marker(folder, hashes, source=model.repository, revision=listing.commit, licence=model.licence)


def _expected(file: Any) -> Expected:
    """A hub file's size and hash: sha256 for large files (LFS), git's blob hash for small ones."""
    lfs = getattr(file, "lfs", None)
    return Expected(name=str(file.rfilename), size=int(file.size or 0), sha256=str(lfs.sha256) if lfs else "",
                    git_sha1="" if lfs else str(file.blob_id or ""))


def _record(home: Path, commit: str) -> None:
    part = home / "revision.part"
    part.write_text(commit + "\n")
    settle(part, home / "revision")


def _lost(folder: Path) -> Path:
    raise NotReady(f"The weights in {folder.name} changed while they were checked.", remedy="Run it again.")
