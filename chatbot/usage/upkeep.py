"""Looks after the ledger beside the calls: what waits in the outbox, what dead workers left, answers that expired.

One daemon thread a process. It raises nothing: what fails now is done a moment later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from filelock import FileLock, Timeout
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from chatbot.usage.ledger import Ledger
from chatbot.usage.recovery import recover
from chatbot.usage.replays import forget_expired

log = structlog.get_logger()


@dataclass(slots=True)
class _Work:
    do: Callable[[], object]
    every: float
    due: float = 0.0

    def do_when_due(self) -> None:
        if time.monotonic() >= self.due:
            self.do()
            self.due = time.monotonic() + self.every


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
        self._also: list[_Work] = []

    def also_tidy(self, work: Callable[[], object], *, every: float = 0.0) -> None:
        """Have `work` done with each tidying, or with one in so many seconds: others' records that expire.

        It may raise SQLAlchemyError.
        """
        self._also.append(_Work(work, every))

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
                self.tidy_all()

    def tidy_all(self) -> None:
        """`tidy`, what expired, and what others asked for; what fails is put off to the next time."""
        try:
            self.tidy()
            forget_expired(self._engine)
            for work in self._also:
                work.do_when_due()
        except (SQLAlchemyError, OSError) as error:
            log.warning("upkeep_put_off", kind=type(error).__name__)
