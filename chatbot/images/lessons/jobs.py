"""The jobs' own records: opened, begun, followed, cancelled and ended by one conditional statement each.

A job begins when its row goes from `queued` to `running`: whoever's statement does that has it, however often a queue
delivers its id. An end is given only to what has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, text, update

from chatbot.accounts.principal import Principal
from chatbot.database import new_id, now
from chatbot.errors import FunzaError, NotFound, RecordsUnavailable
from chatbot.images.lessons.errors import TooManyJobs
from chatbot.images.lessons.order import Wish
from chatbot.images.lessons.tables import JOBS
from chatbot.transactions import Transactions
from chatbot.usage.workers import worker_name

OPEN = ("queued", "running")
_TURN = "SELECT pg_advisory_xact_lock(726190)"
"""On PostgreSQL: two requests of one principal must not both count the jobs before either is in. SQLite has one writer
anyway."""
_KEPT = Transactions(lambda: RecordsUnavailable("Pictures under way can be neither kept nor read now."))


@dataclass(frozen=True, slots=True)
class Job:
    """One picture that somebody asked for."""

    id: str
    principal: str
    role: str
    state: str
    stage: str
    eta_at: datetime | None
    wish: Wish
    source: str
    cancel_wanted: bool
    runs: int
    worker: str
    error_code: str
    error_detail: str
    error_remedy: str
    picture_id: str
    call_id: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def eta_s(self) -> float | None:
        """Seconds until the stage should end; None when nobody knows, or when it has ended."""
        return max(0.0, (self.eta_at - now()).total_seconds()) if self.eta_at and self.is_open else None


class Jobs:
    """The jobs of an installation. Every method raises RecordsUnavailable when the database does not answer."""

    def __init__(self, engine: Engine, most_open: int = 3) -> None:
        self._engine = engine
        self._most_open = most_open

    @property
    def engine(self) -> Engine:
        return self._engine

    def open(self, wish: Wish, principal: Principal, source: str = "") -> Job:
        """Write a job down as queued. Raises TooManyJobs."""
        at = now()
        job_id = new_id()
        row = {"id": job_id, "principal": principal.id, "role": principal.role, "state": "queued", "stage": "queued",
               "wish": wish.as_json(), "source": source, "created_at": at, "enqueued_at": at}
        with _KEPT.writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(_TURN))
            count = connection.scalar(select(func.count()).where(
                JOBS.c.principal == principal.id, JOBS.c.state.in_(OPEN))) or 0
            if count >= self._most_open:
                raise TooManyJobs(f"{self._most_open} pictures may be under way for you at once.",
                                  remedy="Wait until one is done, or cancel one.")
            connection.execute(insert(JOBS).values(row))
            return _job(_row(connection, job_id))

    def get(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        with _KEPT.reading(self._engine) as connection:
            return _job(_row(connection, job_id))

    def seen_by(self, job_id: str, principal: Principal) -> Job:
        """One job of this principal; an admin sees all. Raises NotFound, also for somebody else's."""
        job = self.get(job_id)
        if job.principal != principal.id and not principal.may("admin"):
            raise _no_job()
        return job

    def mine(self, principal: str, limit: int = 10) -> list[Job]:
        """The newest jobs of a principal that are open or that ended without a picture."""
        with _KEPT.reading(self._engine) as connection:
            found = connection.execute(select(JOBS).where(
                JOBS.c.principal == principal, JOBS.c.state.in_((*OPEN, "failed"))).order_by(
                JOBS.c.id.desc()).limit(limit)).mappings()
            return [_job(row) for row in found]

    def begin(self, job_id: str) -> Job | None:
        """Take a queued job for this worker; None when it is not queued any more."""
        at = now()
        with _KEPT.writing(self._engine) as connection:
            taken = connection.execute(update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state == "queued").values(
                state="running", worker=worker_name(), started_at=at, runs=JOBS.c.runs + 1)).rowcount
            return _job(_row(connection, job_id)) if taken else None

    def at_stage(self, job_id: str, stage: str, eta_s: float | None) -> None:
        """Note how far a running job is."""
        eta_at = None if eta_s is None else now() + timedelta(seconds=eta_s)
        self._change(job_id, ("running",), stage=stage, eta_at=eta_at)

    def drawn(self, job_id: str, picture_id: str, call_id: str) -> None:
        """Note that there is a picture: whatever happens from here on, the job is not lost."""
        self._change(job_id, ("running",), picture_id=picture_id, call_id=call_id)

    def wants_cancel(self, job_id: str) -> bool:
        """Whether whoever asked no longer wants it, or had it erased."""
        with _KEPT.reading(self._engine) as connection:
            row = connection.execute(
                select(JOBS.c.cancel_wanted, JOBS.c.state).where(JOBS.c.id == job_id)).one_or_none()
        return row is None or row.cancel_wanted or row.state not in OPEN

    def cancel(self, job_id: str) -> Job:
        """End a queued job, or ask a running one's worker to stop; an ended one stays as it is. Raises NotFound."""
        with _KEPT.writing(self._engine) as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state == "queued").values(
                state="cancelled", ended_at=now()))
            connection.execute(update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state == "running").values(
                cancel_wanted=True))
            return _job(_row(connection, job_id))

    def done(self, job_id: str) -> bool:
        """End a job that has its picture. False when it had an end already."""
        return self._end(job_id, "done")

    def cancelled(self, job_id: str) -> bool:
        """End a job that was not wanted any more. False when it had an end already."""
        return self._end(job_id, "cancelled")

    def failed(self, job_id: str, error: FunzaError) -> bool:
        """End a job that gave no picture. False when it had an end already."""
        return self._end(job_id, "failed", error_code=error.code[:60], error_detail=error.detail[:500],
                         error_remedy=(error.remedy or "")[:500])

    def to_enqueue(self, older_than: timedelta) -> list[str]:
        """Queued jobs that no queue may know any more; each is given out once in that time."""
        at = now()
        with _KEPT.writing(self._engine) as connection:
            return list(connection.scalars(update(JOBS).where(
                JOBS.c.state == "queued", JOBS.c.enqueued_at <= at - older_than).values(enqueued_at=at).returning(
                JOBS.c.id)))

    def count_open(self) -> int:
        """How many jobs of anybody are not ended."""
        with _KEPT.reading(self._engine) as connection:
            return connection.scalar(select(func.count()).where(JOBS.c.state.in_(OPEN))) or 0

    def sources_of_ended(self) -> list[tuple[str, str]]:
        """Jobs that have ended and still name a file of their source, with that name."""
        with _KEPT.reading(self._engine) as connection:
            return [(row.id, row.source) for row in connection.execute(select(JOBS.c.id, JOBS.c.source).where(
                JOBS.c.source != "", JOBS.c.state.not_in(OPEN)))]

    def sources(self) -> set[str]:
        """The files that any job names as its source."""
        with _KEPT.reading(self._engine) as connection:
            return set(connection.scalars(select(JOBS.c.source).where(JOBS.c.source != "")))

    def without_source(self, job_id: str) -> None:
        """Note that the file of its source is gone."""
        with _KEPT.writing(self._engine) as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(source=""))

    def forget_ended(self, older_than: timedelta) -> int:
        """Delete jobs that ended so long ago, with their prompts. Returns how many."""
        with _KEPT.writing(self._engine) as connection:
            return connection.execute(delete(JOBS).where(
                JOBS.c.ended_at < now() - older_than, JOBS.c.source == "")).rowcount

    def _end(self, job_id: str, state: str, **values: Any) -> bool:
        return self._change(job_id, OPEN, state=state, ended_at=now(), eta_at=None, **values)

    def _change(self, job_id: str, states: tuple[str, ...], **values: Any) -> bool:
        with _KEPT.writing(self._engine) as connection:
            return connection.execute(update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state.in_(states)).values(
                values)).rowcount == 1


def _row(connection: Connection, job_id: str) -> RowMapping:
    found = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().one_or_none()
    if found is None:
        raise _no_job()
    return found


def _no_job() -> NotFound:
    return NotFound("There is no such job.")


def _job(row: RowMapping) -> Job:
    return Job(wish=Wish.from_json(row["wish"]), **{
        name: row[name] for name in Job.__slots__ if name != "wish"})
