"""What an engine is: something that holds weights and answers jobs with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.local_model.job import Job
from chatbot.local_model.memory import MemoryUse, memory_of_this_process


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine needs to know to load."""

    model: str
    """The name to report."""
    path: Path | None = None
    """A `.gguf` file or a folder of safetensors; None for an engine that holds no weights."""
    context: int = 4096
    """Tokens of prompt and answer together that one job may use."""
    gpu: bool = False
    four_bit: bool = True
    """Quantise 16-bit safetensors to NF4 while loading (transformers only; a GGUF is what it is)."""
    base_url: str = ""
    api_key: str = ""


class Engine(ABC):
    """Loads weights and answers jobs. Override `load`, `unload` and `generate`; made and used by one owner.

    Errors raised by `load` are `NotReady` with a remedy; `generate` never raises for a job's sake: it calls
    `job.fail` with a `ProviderError`.
    """

    slots: int = 4
    """How many jobs run at once."""
    continuous: bool = False
    """True: a job may start while others run, each in a `generate` of its own thread.
    False: what waits is given as one batch, and the next batch starts when it is done."""
    holds_weights: bool = True
    """Whether it loads weights on this machine (then one owner of the machine may hold it)."""
    broken: str = ""
    """Why it is of no more use and must be made anew; empty while it is sound."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings

    @abstractmethod
    def load(self) -> None:
        """Read the weights. Raises NotReady. May take seconds to minutes."""

    @abstractmethod
    def unload(self) -> None:
        """Free the weights. Safe to call twice."""

    @abstractmethod
    def generate(self, jobs: Sequence[Job]) -> None:
        """Answer all `jobs` (at most `slots`), each until its end, failure or cancel, then return."""

    def count_tokens(self, text: str) -> int | None:
        """Tokens of `text`, or None when the engine cannot say. Only called while loaded."""
        return None

    def memory_use(self) -> MemoryUse:
        """Of the process that holds the weights."""
        return memory_of_this_process()

    @property
    def note(self) -> str:
        """Something a person should know about how it answers, such as completion mode; else empty."""
        return ""
