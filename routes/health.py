"""Probes: does the process live, can it answer now and through whom, and its numbers for Prometheus."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import LedgerUnavailable
from routes.installation import installation
from routes.metrics import all_workers
from routes.schemas import Alive, Ready, Responses

blueprint = APIBlueprint("health", __name__, tag="Probes")

NUMBERS: Responses = {200: {"description": "Prometheus text format",
                            "content": {"text/plain": {"schema": {"type": "string"}}}}}


@blueprint.get("/livez")
@blueprint.output(Alive)
def livez() -> dict[str, str]:
    """Say that the process answers. Looks at nothing else, so that a restart is never the cure for a full disk."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@blueprint.output(Ready)
def readyz() -> dict[str, object]:
    """Say which provider would answer now, and what is out of order. 503 while the database does not answer."""
    service = installation().service
    try:
        with service.engine.execution_options(read_only=True).connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise LedgerUnavailable("The database does not answer.") from error
    degraded = service.whom_not_to_ask()
    return {"status": "degraded" if degraded else "ready", "database": True,
            "would_answer": service.who_would_answer(), "degraded": degraded}


@blueprint.get("/metrics")
@blueprint.doc(responses=NUMBERS)
def metrics() -> Response:
    """Give the numbers of this server, of all its workers together, to Prometheus."""
    return Response(all_workers(), content_type=CONTENT_TYPE_LATEST)
