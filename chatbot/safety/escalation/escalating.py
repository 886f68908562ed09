"""Writes down that a grave danger sign was found, beside the answer: it neither delays it nor can break it.

A record is made in memory at once and written by a thread of its own. While the database cannot be written it waits in
memory, an alert is raised, and one log line says what waits (ids only). A `kill` loses what waits: the log line is then
all there is of it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, SQLAlchemyError

from chatbot.alerts import alert
from chatbot.database import new_id, now
from chatbot.safety.escalation.tables import ESCALATIONS
from chatbot.safety.levels import Triage
from chatbot.safety.signs import rules_number
from chatbot.usage.ledger import NewCall

GRAVE = ("emergency", "urgent")
OPEN = ("new", "seen")
"""States in which somebody still has to do something."""
MOST_WAITING = 10_000
"""Records in memory; beyond them the oldest is lost, and an alert says so."""
AFTER = 0.2
"""Seconds that a record waits, so that the answer's own line in the ledger is written before it."""
FOUND = Counter("funza_escalations_total", "Messages in which triage found a grave sign", ["tier"])
SIGNS = Counter("funza_escalation_signs_total", "Signs found in them; one message may have several", ["tier", "sign"])
OLDEST = Gauge("funza_escalations_oldest_open_seconds", "Age of the oldest record that nobody has handled; 0: none",
               ["tier"], multiprocess_mode="livemax")
log = structlog.get_logger()


@dataclass(slots=True)
class _Waiting:
    row: dict[str, Any]
    told: bool = False
    """Whether the log says that it waits."""


class Escalating:
    """`start` its thread; then `note` what triage found; `stop` ends it after a last try to write.

    Args:
        engine: of the database that holds the records.
        minutes: by tier, after how many minutes a record that nobody handled is overdue.
        every: seconds between two tries while something waits.
        look_every: seconds between two looks at the oldest record that nobody handled.
    """

    def __init__(self, engine: Engine, minutes: Mapping[str, int], *, every: float = 2.0,
                 look_every: float = 15.0) -> None:
        self._engine = engine
        self._minutes = minutes
        self._every = every
        self._look_every = look_every
        self._waiting: deque[_Waiting] = deque()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._stop = False

    @property
    def waiting(self) -> int:
        """Records that the database does not have yet."""
        return len(self._waiting)

    def note(self, found: Triage, call: NewCall) -> None:
        """Have a record written, when what was found is grave. Takes microseconds; raises nothing."""
        if found.level not in GRAVE:
            return
        FOUND.labels(found.level).inc()
        for sign in found.signs:
            SIGNS.labels(found.level, sign).inc()
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            alert("escalation_lost")
        self._waiting.append(_Waiting(_row(found, call)))
        self._wake.set()

    def start(self) -> None:
        """Write what is noted, until `stop`."""
        threading.Thread(target=self._run, daemon=True, name="escalations").start()

    def stop(self) -> None:
        """End the thread, after a last try to write what waits."""
        self._stop = True
        self._wake.set()
        self.write_waiting()

    def write_waiting(self) -> int:
        """Write what waits, oldest first; stop where the database fails. Returns how many it took."""
        written = 0
        with self._writing:
            while self._waiting:
                first = self._waiting[0]
                try:
                    self._write(first.row)
                    written += 1
                except DataError as error:
                    log.error("escalation_refused", kind=type(error).__name__, **_ids(first.row))
                except SQLAlchemyError as error:
                    self._tell_of_waiting(error)
                    break
                if self._waiting and self._waiting[0] is first:  # `note` drops the oldest when there are too many
                    self._waiting.popleft()
        return written

    def look(self) -> None:
        """Measure how long the oldest record has waited for a person. Raises SQLAlchemyError."""
        oldest = select(ESCALATIONS.c.tier, func.min(ESCALATIONS.c.at)).where(ESCALATIONS.c.state.in_(OPEN))
        with self._engine.execution_options(read_only=True).connect() as connection:
            since = {row[0]: row[1] for row in connection.execute(oldest.group_by(ESCALATIONS.c.tier))}
        for tier in GRAVE:
            seconds = (now() - since[tier]).total_seconds() if tier in since else 0.0
            OLDEST.labels(tier).set(seconds)
            if seconds > 60 * self._minutes[tier]:
                alert("escalation_overdue", tier, minutes=int(seconds // 60))

    def _run(self) -> None:
        looked = -self._look_every
        while not self._stop:
            self._wake.wait(self._every if self._waiting else self._look_every)
            self._wake.clear()
            if self._waiting and not self._stop:
                time.sleep(AFTER)
            self.write_waiting()
            if time.monotonic() - looked >= self._look_every:
                looked = time.monotonic()
                self._look_quietly()

    def _look_quietly(self) -> None:
        try:
            self.look()
        except SQLAlchemyError as error:
            log.warning("escalations_not_measured", kind=type(error).__name__)

    def _write(self, row: dict[str, Any]) -> None:
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        with self._engine.begin() as connection:  # a try that failed may have been written all the same
            connection.execute(dialect.insert(ESCALATIONS).values(**row).on_conflict_do_nothing())

    def _tell_of_waiting(self, error: SQLAlchemyError) -> None:
        alert("escalations_not_written", waiting=len(self._waiting))
        for one in list(self._waiting):
            if not one.told:
                one.told = True
                log.error("escalation_waits", kind=type(error).__name__, **_ids(one.row))


def _row(found: Triage, call: NewCall) -> dict[str, Any]:
    return {"id": new_id(), "at": now(), "tier": found.level, "signs": json.dumps(found.signs),
            "rules": rules_number(), "stage": call.stage[:20], "language": call.language[:5],
            "surface": call.feature[:20], "conversation_id": call.conversation_id[:26],
            "principal": call.principal[:26], "state": "new", "state_at": None, "state_by": "", "note": "",
            "version": 1}


def _ids(row: dict[str, Any]) -> dict[str, str]:
    """What a person needs to find the conversation again."""
    return {name: row[name] for name in ("id", "tier", "signs", "surface", "conversation_id")}
