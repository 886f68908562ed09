"""Counts and times every request by endpoint (never by path: a path may hold what a client made up)."""

from __future__ import annotations

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("funza_http_requests_total", "Requests answered", ["method", "endpoint", "status"])
SECONDS = Histogram("funza_http_request_seconds", "Seconds until the headers of an answer", ["endpoint"],
                    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60))


def all_workers() -> bytes:
    """The numbers in Prometheus's text format: of this process, or the sums of all workers when they share a folder.

    gunicorn.conf.py sets PROMETHEUS_MULTIPROC_DIR when there are several workers. A dead worker's counts stay.
    """
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def measure(app: Flask) -> None:
    """Measure every request of `app`. Registered first, so that refused requests count as well."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started_at = time.perf_counter()


def _finish(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    known = request.routing_exception is None
    REQUESTS.labels(request.method if known else "other", endpoint, str(response.status_code)).inc()
    if "started_at" in g:
        SECONDS.labels(endpoint).observe(time.perf_counter() - g.started_at)
    return response
