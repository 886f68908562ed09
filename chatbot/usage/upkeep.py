"""Looks after the ledger beside the calls: what waits in the outbox, what dead workers left, answers that expired.

One daemon thread a process. It raises nothing: what fails now is done a moment later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from filelock import FileLock, Timeout
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from chatbot.usage.ledger import Ledger
from chatbot.usage.recovery import recover
from chatbot.usage.replays import forget_expired

log = structlog.get_logger()


class Upkeep:
    """`tidy` at start, then `start` the thread; `stop` ends it.

    Args:
        engine: of the ledger's database.
        ledger: whose outbox is looked after.
        every: seconds between two looks at the outbox.
        tidy_every: seconds between two looks for what dead workers left.
    """

    def __init__(self, engine: Engine, ledger: Ledger, *, every: float = 1.0, tidy_every: float = 30.0) -> None:
        self._engine = engine
        self.ledger = ledger
        self._every = every
        self._tidy_every = tidy_every
        self._stop = threading.Event()
        self._also: list[Callable[[], None]] = []

    def also_tidy(self, work: Callable[[], None]) -> None:
        """Have `work` done with each tidying: others' records that expire. It may raise SQLAlchemyError."""
        self._also.append(work)

    def tidy(self) -> None:
        """Write the ends that dead workers left in files, then end the rows they left. Raises SQLAlchemyError.

        In that order, and by one worker of this machine at a time: a row that recovery ends keeps an estimate.
        """
        folder = self.ledger.outbox.folder
        if not folder.exists():
            recover(self._engine)
            return
        try:
            with FileLock(folder / "tidy.lock", timeout=5):
                if self.ledger.deliver_left_behind():
                    recover(self._engine)
        except Timeout:
            log.info("another_worker_tidies")

    def start(self) -> None:
        """Look after the ledger until `stop`."""
        threading.Thread(target=self._run, daemon=True, name="ledger-upkeep").start()

    def stop(self) -> None:
        """End the thread, after a last try to write what waits."""
        self._stop.set()
        self.ledger.deliver_waiting()

    def _run(self) -> None:
        tidied = time.monotonic()
        while not self._stop.wait(self._every):
            if self.ledger.outbox.waiting and (delivered := self.ledger.deliver_waiting()):
                log.info("outbox_delivered", ends=delivered, waiting=self.ledger.outbox.waiting)
            if time.monotonic() - tidied >= self._tidy_every:
                tidied = time.monotonic()
                self._tidy_quietly()

    def _tidy_quietly(self) -> None:
        try:
            self.tidy()
            forget_expired(self._engine)
            for work in self._also:
                work()
        except (SQLAlchemyError, OSError) as error:
            log.warning("upkeep_put_off", kind=type(error).__name__)
