"""How much memory the process that holds the weights uses."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes, of one process with everything in it."""

    resident: int = 0
    """Now; 0 where the system does not say (not Linux)."""
    peak: int = 0
    """The most so far."""
    gpu_peak: int = 0
    """The most that torch had on the GPU; 0 when torch is not in use there."""


def memory_of_this_process() -> MemoryUse:
    """Read from the system; imports no torch for it."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    torch = sys.modules.get("torch")
    gpu = int(torch.cuda.max_memory_allocated()) if torch is not None and torch.cuda.is_available() else 0
    return MemoryUse(_resident(), size if sys.platform == "darwin" else size << 10, gpu)


def _resident() -> int:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:   # not Linux
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:")), 0)
