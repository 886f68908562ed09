"""Where weights lie outside the hub, as LOCAL_MODEL says it, and the hash that they are pinned by.

    https://host/path/model.gguf#sha256=HEX       one GGUF, pinned by its own hash
    https://host/path/manifest.json#sha256=HEX    a manifest (manifest.py), pinned by its hash; it pins the files
    s3://bucket/prefix#sha256=HEX                 the same: prefix/manifest.json, or prefix/model.gguf when it ends so
    gs://bucket/prefix#sha256=HEX                 Google Cloud Storage
    az://container/prefix#sha256=HEX              Azure Blob Storage of AZURE_STORAGE_ACCOUNT

No hash, no load: what a bucket or a web server holds tomorrow is not what somebody looked at today.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from chatbot.local_model.catalogue import Model
from chatbot.local_model.sources.failures import Refused
from chatbot.local_model.sources.safe_files import why_unsafe
from config import Settings

MANIFEST = "manifest.json"
BUCKETS = ("s3", "gs", "az")
_ADDRESS = re.compile(r"([a-z0-9]+)://([A-Za-z0-9][A-Za-z0-9._-]{0,220}(?::[0-9]{1,5})?)"
                      r"(?:/([^#]*))?(?:#sha256=([0-9A-Fa-f]{64}))?")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9=._+-]{0,199}")
PIN = ("Append #sha256= and the 64 hex digits of the GGUF file, or of a manifest.json "
       "(`flask models manifest FOLDER` writes one and prints them).")


@dataclass(frozen=True, slots=True)
class Address:
    """One pinned file, which may be a manifest of many."""

    scheme: str
    place: str
    """Host (and port), bucket or container."""
    folder: str
    """Path of the folder, without slashes at its ends; may be empty."""
    file: str
    """Name of the pinned file."""
    sha256: str

    @property
    def is_manifest(self) -> bool:
        return self.file.endswith(".json")

    @property
    def bucket(self) -> str:
        """As LOCAL_MODEL_BUCKETS names it; empty for a web server."""
        return f"{self.scheme}://{self.place}" if self.scheme in BUCKETS else ""


def is_address(name: str) -> bool:
    """Whether LOCAL_MODEL means an address rather than a hub id or a path."""
    return "://" in name


def parse(text: str) -> Address:
    """The address that `text` names. Raises Refused with the reason."""
    found = _ADDRESS.fullmatch(text)
    scheme = found[1] if found else ""
    if not found or scheme not in ("https", "http", *BUCKETS):
        raise Refused("LOCAL_MODEL holds an address that is none of https, s3, gs, az, or has other parts than a host "
                      "and a path.", remedy="Write it as s3://bucket/prefix#sha256=...; no user, no query.")
    if scheme == "http" and not _is_loopback(found[2]):
        raise Refused("Weights are fetched over plain http from this machine alone.", remedy="Use https.")
    if not found[4]:
        raise Refused("LOCAL_MODEL's address has no hash, and weights without one are never loaded.", remedy=PIN)
    *folders, last = (found[3] or "").strip("/").split("/")
    if not last.endswith((".gguf", ".json")):
        folders, last = [*folders, last] if last else folders, MANIFEST
    if reason := why_unsafe(last) or next((_bad(part) for part in folders if _bad(part)), ""):
        raise Refused(f"LOCAL_MODEL's address names a file that is never taken: {reason}.", remedy="Check the path.")
    return Address(scheme, found[2], "/".join(folders), last, found[4].lower())


def model_of(text: str) -> Model:
    """The model at an address, in the form that its name says: GGUF, else safetensors. Raises Refused."""
    address = parse(text)
    gguf = address.file.endswith(".gguf") or address.folder.lower().endswith("gguf")
    name = address.file.removesuffix(".gguf") if not address.is_manifest else (
        address.folder.rsplit("/", 1)[-1] or address.place)
    single = not address.is_manifest
    return Model(name, "pinned", "llama_cpp" if gguf else "transformers", text.partition("#")[0],
                 revision=address.sha256, file=address.file if single else "", sha256=address.sha256 if single else "")


def check_allowed(address: Address, settings: Settings) -> None:
    """Raises Refused when the address is in a bucket that LOCAL_MODEL_BUCKETS does not name."""
    if address.bucket and address.bucket not in settings.local_model_buckets:
        raise Refused(f"Weights may not come from {address.bucket}.",
                      remedy=f"Add it to LOCAL_MODEL_BUCKETS, if it is yours: LOCAL_MODEL_BUCKETS={address.bucket}")


def _bad(segment: str) -> str:
    plain = _SEGMENT.fullmatch(segment) and ".." not in segment
    return "" if plain else "its path has `..`, an empty part, or letters that need quoting"


def _is_loopback(place: str) -> bool:
    host = place.rsplit(":", 1)[0]
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
