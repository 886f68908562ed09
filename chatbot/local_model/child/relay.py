"""Text on its way to the parent: a job's first piece at once, later ones gathered for a moment.

Each frame wakes a thread of the web process, which shares its cores with the engine.
"""

from __future__ import annotations

import threading
import time

from chatbot.errors import FunzaError
from chatbot.local_model.child.wire import Message, Wire
from chatbot.local_model.child.words import end_to_json, error_to_json
from chatbot.local_model.job import Ask, End, Job, Text

GATHER = 0.01
"""Seconds between two frames of text: the first piece after that takes all before it along."""
HOLD = 0.03
"""Seconds after which text goes even if no piece comes after it. Longer than `GATHER`, so that an engine at full speed
sends by itself: a thread woken for each frame cost 5 % of the decode speed."""


class Relay:
    """Sends what the engine's threads write. Raises nothing: a parent that is gone is noticed by who reads."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._texts: dict[str, str] = {}
        self._last = 0.0
        self._change = threading.Condition()
        self._asleep = False
        """Whether the thread waits for text, without a time limit."""
        threading.Thread(target=self._live, name="relay", daemon=True).start()

    def text(self, job: str, text: str, *, at_once: bool) -> None:
        """Send `text` now or soon."""
        with self._change:
            self._texts[job] = self._texts.get(job, "") + text
            if at_once or time.monotonic() - self._last >= GATHER:
                self._flush()
            elif self._asleep:
                self._change.notify()

    def say(self, message: Message) -> None:
        """Send `message` now, after all text before it."""
        with self._change:
            self._flush()
            self._send(message)

    def _live(self) -> None:
        """Send what nobody else sent in time."""
        with self._change:
            while True:
                self._asleep = not self._texts
                self._change.wait(None if self._asleep else HOLD)
                self._asleep = False
                if time.monotonic() - self._last >= HOLD:
                    self._flush()

    def _flush(self) -> None:
        if self._texts:
            texts, self._texts = self._texts, {}
            self._last = time.monotonic()
            self._send({"texts": texts})

    def _send(self, message: Message) -> None:
        try:
            self._wire.send(message)
        except OSError:
            self._wire.close()


class RelayedJob(Job):
    """A job whose pieces go to the parent instead of a reader in this process."""

    def __init__(self, number: str, ask: Ask, relay: Relay) -> None:
        super().__init__(ask)
        self._number = number
        self._relay = relay
        self._begun = False

    def deliver(self, piece: Text | End | FunzaError | None) -> None:
        if isinstance(piece, Text):
            self._relay.text(self._number, piece.text, at_once=not self._begun)
            self._begun = True
        elif isinstance(piece, End):
            self._relay.say({"job": self._number, "end": end_to_json(piece)})
        elif piece is not None:
            self._relay.say({"job": self._number, "error": error_to_json(piece)})
