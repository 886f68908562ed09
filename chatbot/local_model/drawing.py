"""A diffusers pipeline (Stable Diffusion, SDXL, ...) on this machine's GPU: an optional extra.

Only safetensors that are on this disk are loaded, and no code of a model's. One picture at a time: a second would not
fit beside the first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from chatbot.errors import Busy, NotReady, OutOfTime

INSTALL = "pip install -r requirements-drawing.txt beside requirements.txt (about 6 GB, and a GPU with 10 GB or more)"
STEPS = 30
SIDE = 8
"""Pixels: sides are a multiple of it, because the pipelines work on eighths."""


def missing_packages() -> str:
    """What has to be installed first; empty when nothing has."""
    missing = [name for name in ("diffusers", "torch", "transformers", "PIL") if find_spec(name) is None]
    return f"{' and '.join(missing)} missing: {INSTALL}" if missing else ""


class Pipeline:
    """Loads its weights for the first picture. Safe in threads.

    Args:
        model: folder of a diffusers pipeline, or the hub id of one that is in the hub's cache: nothing is downloaded.
        device: `cuda`, or `cpu` for a tiny one in a test.
    """

    def __init__(self, model: str, device: str = "cuda") -> None:
        self._model = model
        self._device = device
        self._one = threading.Lock()
        self._pipeline: Any = None

    def draw(self, prompt: str, *, negative_prompt: str, size: tuple[int, int], seed: int | None, steps: int | None,
             guidance: float | None, source: bytes | None, strength: float | None, stop: Callable[[], bool],
             deadline: float) -> tuple[bytes, int]:
        """The PNG and its seed. `source` is a JPEG of ours to change; `stop` is asked after each step.

        Raises Busy, OutOfTime, and NotReady when there is no GPU or the weights cannot be had.
        """
        if not self._one.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Busy("another picture is being drawn")
        try:
            import torch

            pipeline = self._for(torch, changing=source is not None)
            seed = torch.seed() % 2**31 if seed is None else seed
            wanted: dict[str, Any] = {
                "prompt": prompt, "negative_prompt": negative_prompt or None, "num_inference_steps": steps or STEPS,
                "guidance_scale": guidance, "generator": torch.Generator("cpu").manual_seed(seed),
                "callback_on_step_end": _stopper(stop, deadline), **_canvas(size, source, strength)}
            made = pipeline(**{name: value for name, value in wanted.items() if value is not None})
        finally:
            self._one.release()
        if stop() or time.monotonic() >= deadline:
            raise OutOfTime("drawing was stopped", ends="released")
        out = BytesIO()
        made.images[0].save(out, "PNG")
        return out.getvalue(), seed

    def _for(self, torch: Any, *, changing: bool) -> Any:
        import diffusers

        if self._device == "cuda" and not torch.cuda.is_available():
            raise NotReady("drawing here needs a GPU")
        if self._pipeline is None:
            kind = torch.float16 if self._device == "cuda" else torch.float32
            try:
                self._pipeline = diffusers.AutoPipelineForText2Image.from_pretrained(
                    self._model, dtype=kind, use_safetensors=True, local_files_only=True).to(self._device)
                self._pipeline.set_progress_bar_config(disable=True)
            except (OSError, ValueError, RuntimeError) as error:
                raise NotReady(f"the drawing model cannot be loaded ({type(error).__name__})") from None
        return diffusers.AutoPipelineForImage2Image.from_pipe(self._pipeline) if changing else self._pipeline


def _canvas(size: tuple[int, int], source: bytes | None, strength: float | None) -> dict[str, Any]:
    width, height = (side // SIDE * SIDE for side in size)
    if source is None:
        return {"width": width, "height": height}
    from PIL import Image

    with Image.open(BytesIO(source), formats=("JPEG",)) as opened:
        return {"image": opened.convert("RGB").resize((width, height)), "strength": strength}


def _stopper(stop: Callable[[], bool], deadline: float) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    """Ends the pipeline's loop early (huggingface.co/docs/diffusers, "Pipeline callbacks")."""

    def after_a_step(pipeline: Any, _step: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
        pipeline._interrupt = stop() or time.monotonic() >= deadline
        return kept

    return after_a_step
