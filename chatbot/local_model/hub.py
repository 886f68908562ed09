"""Weights from a model hub: a pinned commit, only safe files, each checked against the hub's own hash.

Taken: safetensors, their JSON and the tokenizer's files, or one GGUF. Never: pickles, `.bin`, Python code, sub-folders;
a model whose config asks for code of its own (`auto_map`) is refused. `HF_ENDPOINT` names another hub (a mirror).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import Model
from chatbot.local_model.download_lock import one_downloader
from chatbot.local_model.hub_errors import HubUnreachable, LoginNeeded, hub_errors
from chatbot.local_model.hub_file import Expected, download
from chatbot.local_model.weights import (
    Progress,
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

__all__ = ["Hub", "HubUnreachable", "Listing", "LoginNeeded", "fetch", "list_files", "refuse_remote_code", "wanted"]

TIMEOUT = 15.0
"""Seconds to wait for the hub's list of files."""
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_COMPANIONS = frozenset({"config.json", "generation_config.json", "model.safetensors.index.json", "tokenizer.json",
                         "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json",
                         "merges.txt", "chat_template.jinja", "chat_template.json", "processor_config.json",
                         "preprocessor_config.json"})


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
          endpoint: str | None = None) -> Path:
    """The verified folder (or GGUF file) of `model`, downloaded when it is not here yet.

    Raises LoginNeeded, HubUnreachable, or NotReady (no such model, no space, damaged files), each with its remedy.
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
        require_space(folder, sum(file.size for file in listing.files if not (folder / file.name).exists()))
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


def wanted(model: Model, files: tuple[Expected, ...]) -> tuple[Expected, ...]:
    """The files to take: the GGUF, or the safetensors and what belongs to them. `config.json` comes first."""
    safe = [file for file in files if _SAFE_NAME.fullmatch(file.name)]
    if model.engine == "llama_cpp":
        taken = [file for file in safe if file.name == model.file or
                 (not model.file and file.name.lower().endswith("q4_k_m.gguf"))]
        if len(taken) != 1:
            raise NotReady(f"{model.repository} has {len(taken)} GGUF files in Q4_K_M; one is needed.",
                           remedy="Download the GGUF file yourself and set LOCAL_MODEL to its path.")
        return tuple(taken)
    weights = [file for file in safe if file.name.endswith(".safetensors")]
    rest = [file for file in safe if file.name in _COMPANIONS]
    if not weights or "config.json" not in {file.name for file in rest}:
        raise NotReady(f"{model.repository} has no safetensors weights with a config.json.",
                       remedy="Name a model that has them: pickled weights (.bin) are never loaded.")
    return tuple(sorted(rest, key=lambda file: file.name != "config.json")) + tuple(weights)


def _download_all(model: Model, listing: Listing, folder: Path, hub: Hub, progress: Progress) -> None:
    hashes = {}
    for file in listing.files:
        url = f"{hub.site}/{model.repository}/resolve/{listing.commit}/{file.name}"
        with hub_errors(model, hub.token):
            hashes[file.name] = download(url, folder / file.name, file, hub.token, progress)
        if file.name == "config.json":
            refuse_remote_code(folder / file.name)
    write_marker(folder, hashes, source=model.repository, revision=listing.commit, licence=model.licence)


def refuse_remote_code(config: Path) -> None:
    """Raises NotReady when the model wants to run Python of its own, or cannot be read."""
    try:
        facts = json.loads(config.read_text())
    except (OSError, ValueError) as error:
        raise NotReady("The model's config.json cannot be read.", remedy="Name another model.") from error
    if not isinstance(facts, dict) or "auto_map" in facts or "custom_pipelines" in facts:
        raise NotReady("The model needs code of its own to run, which is never loaded.",
                       remedy="Name a model that transformers supports by itself.")


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
