"""Weights that arrive in the background while the server runs: DOWNLOAD_AT_START.

Nobody waits for them: `choice.py` answers with what is here, else the next provider does, and the local provider looks
again every few seconds. Of several workers one downloads; the others look in now and then, in case it died.
"""

from __future__ import annotations

import random
import threading

import structlog

from chatbot.errors import NotReady
from chatbot.local_model.choice import to_fetch
from chatbot.local_model.download_lock import NotNow
from chatbot.local_model.downloads import PAUSE
from chatbot.local_model.fetching import fetch
from chatbot.local_model.hardware import look
from config import Settings

log = structlog.get_logger(__name__)
LOOK_IN = 20.0
"""Seconds until a worker looks again whether the one that downloads still does."""


class Arrival:
    """Fetches the best weights that this machine can run; meanwhile the next best that can be had."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, in a daemon thread: what came is kept when the process ends, and gone on with."""
        threading.Thread(target=self._live, name="weights", daemon=True).start()

    def stop(self) -> None:
        """Begin no other try."""
        self._stop.set()

    def _live(self) -> None:
        wait: float | None = 0.0
        while wait is not None and not self._stop.wait(wait):
            wait = self.once()

    def once(self) -> float | None:
        """One try at each model that is worth it, until one is here. Seconds until the next; None: nothing to do."""
        try:
            models = to_fetch(self._settings, look(self._settings.model_dir))
        except NotReady as error:
            log.warning("local_model.nothing_to_fetch", reason=error.detail)
            return None
        wait = None
        for model in models:
            try:
                fetch(model, self._settings, automatic=True)
                return wait   # None when it is the best; else the better one is tried again
            except NotNow:
                wait = wait or LOOK_IN
            except NotReady as error:
                log.warning("local_model.download_failed", model=model.id, reason=error.detail, remedy=error.remedy)
                wait = wait or PAUSE * random.uniform(1.0, 1.5)  # noqa: S311 - jitter
        return wait


def start_arrival(settings: Settings) -> Arrival | None:
    """The background download that the settings allow, begun; None when they do not."""
    if not settings.download_at_start or settings.strategy == "cloud":
        return None
    arrival = Arrival(settings)
    arrival.start()
    return arrival
