"""Jobs that a dead worker left running: ended, or queued once more. The ledger's rows decide, so nothing is paid twice.

- It has its picture already: done. Only the alt text may be missing, and a person can write that.
- A try of it left this machine (`reserved`, `unknown` or `settled`): failed, since the provider may have billed it.
- Nothing left, or the provider cannot have billed (`released`): queued again, once.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from sqlalchemy import Connection, Engine, RowMapping, and_, exists, or_, select, update

from chatbot.database import now
from chatbot.images.lessons.tables import JOBS
from chatbot.usage.tables import ATTEMPTS, CALLS
from chatbot.usage.workers import LONGEST_CALL, is_alive

FEATURES = ("illustration", "illustration-edit")
MOST_RUNS = 2
INTERRUPTED = "server_restart"
SAYS = "The server restarted while this picture was drawn."
DO = "Ask for it again. The first try may have been billed; it is in the usage report."

log = structlog.get_logger()


def recover_jobs(engine: Engine) -> list[str]:
    """End or queue what dead workers left. Returns the ids that are queued again. Raises SQLAlchemyError."""
    with engine.execution_options(read_only=True).connect() as connection:
        workers = connection.scalars(select(JOBS.c.worker).where(JOBS.c.state == "running").distinct()).all()
    dead = [worker for worker in workers if not is_alive(worker)]
    if not dead:
        return []
    with engine.begin() as connection:
        return [again for job in _left_by(connection, dead) if (again := _decide(connection, job))]


def _left_by(connection: Connection, workers: Iterable[str]) -> list[RowMapping]:
    """Nobody here can ask after a worker of another host: there the job's age decides."""
    here = [worker for worker in workers if is_alive(worker) is False]
    abandoned = and_(JOBS.c.worker.in_(list(workers)), JOBS.c.started_at < now() - LONGEST_CALL)
    return list(connection.execute(select(JOBS).where(
        JOBS.c.state == "running", or_(JOBS.c.worker.in_(here), abandoned)).with_for_update()).mappings())


def _decide(connection: Connection, job: RowMapping) -> str:
    """Give a job its next state; its id when it is queued again."""
    again = False
    if job["picture_id"]:
        values = {"state": "done", "ended_at": now()}
    elif job["cancel_wanted"]:
        values = {"state": "cancelled", "ended_at": now()}
    elif job["runs"] < MOST_RUNS and not _may_be_billed(connection, job):
        again, values = True, {"state": "queued", "stage": "queued", "enqueued_at": now()}
    else:
        values = {"state": "failed", "ended_at": now(), "error_code": INTERRUPTED, "error_detail": SAYS,
                  "error_remedy": DO}
    changed = connection.execute(update(JOBS).where(
        JOBS.c.id == job["id"], JOBS.c.state == "running", JOBS.c.worker == job["worker"]).values(
        {**values, "eta_at": None})).rowcount
    log.info("image_job_recovered", job_id=job["id"], state=values["state"])
    return str(job["id"]) if again and changed else ""


def _may_be_billed(connection: Connection, job: RowMapping) -> bool:
    """Whether the dead worker asked a provider for this principal since it began the job.

    A call does not name its job. Two jobs of one principal in one worker may be taken for each other: then neither is
    drawn again, which is the side on which nothing is paid twice.
    """
    asked = exists().where(
        CALLS.c.worker == job["worker"], CALLS.c.principal == job["principal"], CALLS.c.feature.in_(FEATURES),
        CALLS.c.started_at >= job["started_at"], ATTEMPTS.c.call_id == CALLS.c.id, ATTEMPTS.c.state != "released")
    return bool(connection.scalar(select(asked)))
