"""Illustrators over a loopback endpoint, and one who watches."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path
from typing import Any

from huggingface_hub import InferenceClient  # noqa: F401 - what takes a second to import is no part of a measured one
from PIL import Image

from chatbot.calling.health import Health
from chatbot.calls import Calls
from chatbot.images.drawing.draw import Illustrator
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import price_book
from tests.house import make_engine, make_settings
from tests.loopback.image_endpoint import FakeImageEndpoint

HOUR = 0.8
"""US dollars."""


def png(width: int = 64, height: int = 64, kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (20, 120, 110)).save(out, kind)
    return out.getvalue()


def endpoint_settings(endpoint: FakeImageEndpoint, **more: Any) -> dict[str, Any]:
    return {"image_endpoint_url": endpoint.url, "image_endpoint_token": endpoint.token,
            "image_endpoint_usd_per_hour": HOUR, "image_endpoint_probe_seconds": 0.2, "image_endpoint_wake_seconds": 20,
            "image_timeout": 30, "image_draw_timeout": 20, **more}


def illustrator(folder: Path, **settings: Any) -> tuple[Illustrator, Calls]:
    made = make_settings(folder, **{"strategy": "cloud", **settings})
    calls = Calls(made, {}, Ledger(make_engine(made)), price_book(made), Health())
    return Illustrator(calls), calls


class Watching:
    """Notes the stages; says that it is no longer wanted once told so."""

    def __init__(self, *, stop_at: str = "") -> None:
        self.stages: list[tuple[str, float | None]] = []
        self.unwanted = threading.Event()
        self._stop_at = stop_at

    def stage(self, name: str, eta_s: float | None) -> None:
        self.stages.append((name, eta_s))
        if name == self._stop_at:
            self.unwanted.set()

    def cancelled(self) -> bool:
        return self.unwanted.is_set()

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.stages))
