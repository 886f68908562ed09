"""A drawing model on this machine's own GPU: an optional extra that says what to install. Nothing leaves it."""

from __future__ import annotations

from chatbot.local_model.drawing import Pipeline, missing_packages
from chatbot.providers.image_interface import Drawn, DrawRequest, ImageProvider
from chatbot.providers.interface import Cancel, Readiness
from config import Settings


class LocalDiffusers(ImageProvider):
    """Asks `chatbot.local_model.drawing`."""

    name = "diffusers"
    title = "This machine's own drawing model"
    leaves_machine = False

    def __init__(self, settings: Settings, pipeline: Pipeline | None = None) -> None:
        self._model = settings.diffusers_model
        self._off = self.name in settings.providers_off
        self._pipeline = pipeline or Pipeline(settings.diffusers_model)

    def models(self) -> tuple[str, ...]:
        return (self._model,) if self._model else ()

    def readiness(self) -> Readiness:
        if self._off or not self._model:
            why = "PROVIDERS_OFF names it" if self._off else "set DIFFUSERS_MODEL to draw on this machine's GPU"
            return Readiness("not_configured", why)
        missing = missing_packages()
        return Readiness("unavailable", missing) if missing else Readiness("ready")

    def draw(self, request: DrawRequest, model: str, cancel: Cancel, deadline: float) -> Drawn:
        data, seed = self._pipeline.draw(
            request.prompt, negative_prompt=request.negative_prompt, size=(request.width, request.height),
            seed=request.seed, steps=request.steps, guidance=request.guidance,
            source=request.source.data if request.source else None, strength=request.strength,
            stop=lambda: cancel.requested, deadline=deadline)
        return Drawn(data, "image/png", seed)
