"""The drawing model of this machine: what it is asked, and what it says when it is not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot.images.drawing.draw import DrawOrder, Illustrator
from chatbot.images.picture import read_picture
from chatbot.local_model.drawing import Pipeline
from chatbot.providers.image_diffusers import LocalDiffusers
from chatbot.providers.image_interface import DrawRequest
from chatbot.providers.interface import Cancel, Readiness
from tests.chatbot.images.drawing_house import Watching, illustrator, png
from tests.house import attempts, make_settings


class Painter(Pipeline):
    """Draws without a GPU: notes what it is asked."""

    def __init__(self) -> None:
        super().__init__("tiny", device="cpu")
        self.asked: dict[str, Any] = {}

    def draw(self, prompt: str, *, stop: Callable[[], bool], deadline: float, **parts: Any) -> tuple[bytes, int]:
        self.asked = {"prompt": prompt, **parts}
        return png(), 41


class Ready(LocalDiffusers):
    def readiness(self) -> Readiness:
        return Readiness("ready")


def test_a_pipeline_is_asked_for_every_wish_and_says_its_seed(tmp_path: Path) -> None:
    painter = Painter()
    provider = LocalDiffusers(make_settings(tmp_path, diffusers_model="tiny"), painter)
    source = read_picture(png(64, 48))
    request = DrawRequest("A garden", "words", 512, 384, None, 12, 5.0, source, 0.5)
    got = provider.draw(request, "tiny", Cancel(), time.monotonic() + 1)
    assert painter.asked == {"prompt": "A garden", "negative_prompt": "words", "size": (512, 384), "seed": None,
                             "steps": 12, "guidance": 5.0, "source": source.data, "strength": 0.5}
    assert (got.data, got.media_type, got.seed) == (png(), "image/png", 41)


def test_what_is_drawn_here_stays_here_and_may_show_people(tmp_path: Path) -> None:
    settings = {"strategy": "hybrid", "cloud_policy": "never", "diffusers_model": "tiny"}
    _, calls = illustrator(tmp_path, **settings)
    made = Illustrator(calls, {"diffusers": Ready(calls.settings, Painter())})
    got = made.draw(DrawOrder("A garden", source=read_picture(png(64, 48))), Watching())
    assert (got.provider, got.provenance, got.seed) == ("diffusers", "local", 41)
    assert (got.usage.cost_usd, got.usage.cost_state) == (0, "local")
    assert [(one.provider, one.cost_state) for one in attempts(calls)] == [("diffusers", "local")]


@pytest.mark.parametrize("settings", [{}, {"diffusers_model": "tiny", "providers_off": "diffusers"}])
def test_it_is_not_in_the_chain_unless_it_is_set_up(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert LocalDiffusers(make_settings(tmp_path, **settings)).readiness().state == "not_configured"
