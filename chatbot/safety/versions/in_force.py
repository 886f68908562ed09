"""Keeps this process triaging by the version that was published last: it looks every two seconds, beside the requests.

While the database does not answer, the last known version stays in force. A version that cannot be read any more (an
update of the system dropped a word that its rules use) is not taken up: what was in force stays, and an alert says so.
"""

from __future__ import annotations

import threading

import structlog
from prometheus_client import Gauge
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from chatbot.alerts import alert
from chatbot.safety.signs import rules_number, use_signs
from chatbot.safety.versions.tables import VERSIONS
from chatbot.safety.versions.text import signs_from, wordings_from
from chatbot.safety.wordings import use_wordings

NUMBER = Gauge("funza_safety_version", "Version of the danger signs that triage uses; of several workers the oldest",
               multiprocess_mode="livemin")
log = structlog.get_logger()


class RulesInForce:
    """`look` once, then `start` the thread; `stop` ends it and goes back to the shipped signs.

    Args:
        engine: of the database that holds the versions.
        every: seconds between two looks.
    """

    def __init__(self, engine: Engine, *, every: float = 2.0) -> None:
        self._engine = engine.execution_options(read_only=True)
        self._every = every
        self._stop = threading.Event()
        self._looking = threading.Lock()
        self._seen = 0
        """The version that was taken up, or found unreadable; 0 is what ships."""
        self._lost = False

    @property
    def number(self) -> int:
        """The version that this process triages by; 0 is what ships with the system."""
        return rules_number()

    def look(self) -> None:
        """Take up the version that was published last, if it is another one. Raises nothing."""
        with self._looking:
            try:
                self._take_up_latest()
                self._lost = False
            except SQLAlchemyError as error:
                if not self._lost:
                    log.warning("safety_version_unknown", kind=type(error).__name__, stays=self.number)
                self._lost = True
            NUMBER.set(self.number)

    def start(self) -> None:
        """Look again and again until `stop`."""
        threading.Thread(target=self._run, daemon=True, name="safety-rules").start()

    def stop(self) -> None:
        """End the thread. Nobody keeps this process at the latest version any more, so it goes back to the shipped."""
        self._stop.set()
        with self._looking:
            if self._seen:
                use_wordings(None)
                use_signs(0, None)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.look()

    def _take_up_latest(self) -> None:
        with self._engine.connect() as connection:
            number = connection.scalar(select(func.max(VERSIONS.c.number))) or 0
            if number == self._seen or self._stop.is_set():
                return
            changes = connection.scalar(select(VERSIONS.c.changes).where(VERSIONS.c.number == number))
        self._seen = number
        try:
            signs, wordings = signs_from(changes or ""), wordings_from(changes or "")
        except ValueError:
            alert("safety_version_unreadable", version=number, stays=self.number)
            return
        use_wordings(wordings)
        use_signs(number, signs)
        log.info("safety_version_in_force", version=number)
