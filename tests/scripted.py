"""A provider that does what a test tells it to, for tests of what stands above the providers."""

from __future__ import annotations

import time
from collections.abc import Iterator

from chatbot.errors import ProviderError
from chatbot.providers.interface import Cancel, ChatRequest, Delta, Finish, Piece, Provider, Readiness, Redacted, Usage

READY = Readiness("ready")
Step = str | float | Finish | ProviderError
"""Text to say, seconds to wait, the finish, or the error to raise."""


def answer(text: str, prompt: int = 10, completion: int = 5) -> list[Step]:
    """A good answer in one piece."""
    return [text, Finish("stop", Usage(prompt, completion), upstream_id="up-1")]


class Scripted(Provider):
    """Plays one script a try, the last one for ever. Keeps what it was asked."""

    def __init__(self, name: str, *scripts: list[Step], cloud: bool = True, models: tuple[str, ...] = ("m1",),
                 last_resort: bool = False, languages: tuple[str, ...] = (),
                 readiness: Readiness = READY) -> None:
        self.name = name
        self.title = name.title()
        self.leaves_machine = cloud
        self.last_resort = last_resort
        self.languages = languages
        self._scripts = list(scripts)
        self._models = models
        self._readiness = readiness
        self.asked: list[tuple[str, ChatRequest]] = []
        self.cancelled = 0

    def answer(self, request: ChatRequest, model: str, cancel: Cancel) -> Iterator[Piece]:
        if self.leaves_machine:
            assert isinstance(request, Redacted)
            assert request.permit.provider == self.name
        self.asked.append((model, request))
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        for step in script:
            if cancel.requested:
                self.cancelled += 1
                return
            if isinstance(step, ProviderError):
                raise step
            if isinstance(step, float):
                self._wait(step, cancel)
            else:
                yield Delta(step) if isinstance(step, str) else step

    def _wait(self, seconds: float, cancel: Cancel) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not cancel.requested:
            time.sleep(0.005)

    def readiness(self) -> Readiness:
        return self._readiness

    def models(self) -> tuple[str, ...]:
        return self._models
