"""Weights from an address: a manifest or one GGUF, pinned by hash, from a web server or a bucket on the allow list."""

from __future__ import annotations

from pathlib import Path

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import Model
from chatbot.local_model.download_lock import one_downloader
from chatbot.local_model.sources.address import Address, check_allowed, parse
from chatbot.local_model.sources.manifest import fetch_manifest
from chatbot.local_model.sources.origin import Origin
from chatbot.local_model.sources.safe_files import refuse_remote_code, wanted
from chatbot.local_model.sources.transfer import Expected, download
from chatbot.local_model.weights import (
    Progress,
    Room,
    find,
    folder_of,
    home_of,
    make_folder,
    recheck,
    require_space,
    silent,
    write_marker,
)
from config import Settings


def fetch(model: Model, settings: Settings, progress: Progress = silent, room: Room = require_space) -> Path:
    """The verified folder (or GGUF file) of `model`, downloaded when it is not here yet.

    Raises Refused, LoginNeeded, SourceUnreachable, Damaged, DiskFull or NotReady, each with its remedy.
    """
    model_dir = settings.model_dir
    if here := find(model, model_dir):
        return here
    address = parse(model.setting)
    check_allowed(address, settings)
    make_folder(home_of(model, model_dir))
    with one_downloader(home_of(model, model_dir)):
        if (here := find(model, model_dir)) or (recheck(model, model_dir) and (here := find(model, model_dir))):
            return here
        origin = open_origin(address, settings)
        files = _files(model, address, origin)
        folder = folder_of(model, model_dir)
        make_folder(folder)
        room(folder, sum(file.size for file in files if not (folder / file.name).exists()))
        write_marker(folder, {file.name: _take(origin, folder, file, progress) for file in files},
                     source=model.repository, revision=model.revision)
    if here := find(model, model_dir):
        return here
    raise NotReady(f"The weights in {folder.name} changed while they were checked.", remedy="Run it again.")


def _files(model: Model, address: Address, origin: Origin) -> tuple[Expected, ...]:
    if address.is_manifest:
        return wanted(model, fetch_manifest(origin, address.file, address.sha256))
    return (Expected(address.file, origin.size(address.file), sha256=address.sha256),)


def _take(origin: Origin, folder: Path, file: Expected, progress: Progress) -> str:
    """Download one file. A configuration that asks for code stops it before the weights come."""
    digest = download(origin, folder / file.name, file, progress)
    if file.name.endswith("config.json"):
        refuse_remote_code(folder / file.name)
    return digest


def open_origin(address: Address, settings: Settings) -> Origin:
    """The place of `address`, not asked anything yet. Raises NotReady when its library is not installed."""
    if address.scheme == "s3":
        from chatbot.local_model.sources.s3 import S3

        return S3(address.place, address.folder, settings.s3_endpoint_url)
    if address.scheme == "gs":
        from chatbot.local_model.sources.gcs import Gcs

        return Gcs(address.place, address.folder, settings.gcs_endpoint_url)
    if address.scheme == "az":
        from chatbot.local_model.sources.azure import Azure

        return Azure(address.place, address.folder, settings)
    from chatbot.local_model.sources.web import Web

    return Web(f"{address.scheme}://{address.place}/{address.folder}")
