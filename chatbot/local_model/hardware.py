"""What this machine has: graphics cards, cores, memory, free disk.

Looking costs no import of torch: the driver's own `nvidia-smi` says it all, and it is asked only where an NVIDIA
driver is installed. `look(ask_torch=True)` (the set-up script) also checks that torch can use the card.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from chatbot.errors import NotReady

GIB = 1 << 30
_DRIVER = Path("/proc/driver/nvidia")
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One graphics card."""

    name: str
    vram: int
    """Bytes in all."""
    capability: tuple[int, int]
    """CUDA compute capability: (7, 5) is a T4, (8, 0) an A100, (9, 0) an H100 or H200."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """What was found. Sizes are bytes."""

    gpus: tuple[Gpu, ...]
    gpu_problem: str
    """Why a GPU that may be here cannot be used; empty when there is none or when all is well."""
    cores: int
    """CPU cores this process may use."""
    ram_total: int
    """Installed, or the container's limit when that is less."""
    ram_available: int
    disk_free: int

    @property
    def gpu(self) -> Gpu | None:
        """The card that would be used: the one with the most memory, unless something stands in its way."""
        return max(self.gpus, key=lambda gpu: gpu.vram, default=None) if not self.gpu_problem else None


def look(model_dir: Path, *, ask_torch: bool = False) -> Hardware:
    """Look at the machine. `model_dir` (or its nearest existing parent) says which disk to measure."""
    gpus = find_gpus()
    problem = _why_no_cuda(ask_torch) if gpus or _DRIVER.exists() else ""
    total, available = _memory()
    return Hardware(gpus=gpus, gpu_problem=problem, cores=_cores(), ram_total=total, ram_available=available,
                    disk_free=free_disk(model_dir))


@lru_cache(maxsize=1)
def find_gpus() -> tuple[Gpu, ...]:
    """NVIDIA cards as `nvidia-smi` names them; none where no driver is. Asked once per process."""
    if not (_DRIVER.exists() or shutil.which("nvidia-smi")):
        return ()
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_nvidia_smi(answer.stdout)


def parse_nvidia_smi(text: str) -> tuple[Gpu, ...]:
    """Lines such as `NVIDIA H200, 143771, 9.0` (memory in MiB). Lines of another shape are left out."""
    gpus = []
    for line in text.splitlines():
        name, *numbers = [part.strip() for part in line.split(",")]
        try:
            mib, capability = numbers
            major, minor = capability.split(".")
            gpus.append(Gpu(name, int(mib) << 20, (int(major), int(minor))))
        except ValueError:   # "[N/A]" on a card that hides a number: it cannot be used
            continue
    return tuple(gpus)


def _why_no_cuda(ask_torch: bool) -> str:
    """Why torch cannot use the card, or empty. The wheel's version says much without importing it."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "torch is not installed (pip install -r requirements.txt)"
    if version.endswith("+cpu"):
        return f"torch {version} is a build without CUDA"
    if ask_torch:
        import torch

        if not torch.cuda.is_available():
            return f"torch {version} finds no usable CUDA device (driver too old, or hidden by CUDA_VISIBLE_DEVICES)"
    return "" if find_gpus() else "an NVIDIA driver is here, but nvidia-smi names no card"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> tuple[int, int]:
    """Total and available bytes, of the machine or of the container when its limit is lower."""
    facts = _meminfo()
    total, available = facts.get("MemTotal", 0), facts.get("MemAvailable", 0)
    limit, used = cgroup_memory(_CGROUP)
    if limit is None or limit >= total:
        return total, available
    return limit, max(0, min(available, limit - used))


def require_memory(weights: Path, extra: int = 0) -> None:
    """Raises NotReady when the file or folder `weights` (and `extra` bytes) does not fit into free memory. L04."""
    files = weights.rglob("*") if weights.is_dir() else (weights,)
    size = sum(file.stat().st_size for file in files if file.suffix in (".gguf", ".safetensors") and file.is_file())
    needed, available = size * 6 // 5 + extra, _memory()[1]
    if size and available < needed:
        raise NotReady(f"The weights need {needed / 1e9:.1f} GB of memory; {available / 1e9:.1f} GB are free.",
                       remedy="Free some memory, or set LOCAL_MODEL to a smaller model.")


def _meminfo() -> dict[str, int]:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:   # not Linux
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        return {"MemTotal": pages * size, "MemAvailable": pages * size // 2}
    return {name: int(rest.split()[0]) << 10 for name, _, rest in (line.partition(":") for line in lines) if rest}


def cgroup_memory(root: Path) -> tuple[int | None, int]:
    """Limit (None when unlimited) and use in bytes of the container: cgroup v2, then v1."""
    for limit_name, used_name in (("memory.max", "memory.current"),
                                  ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")):
        try:
            limit, used = (root / limit_name).read_text().strip(), (root / used_name).read_text().strip()
        except OSError:
            continue
        return (None if limit == "max" else int(limit)), int(used)
    return None, 0


def free_disk(folder: Path) -> int:
    """Bytes free where `folder` is or would be."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free
