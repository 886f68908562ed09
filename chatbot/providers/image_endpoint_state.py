"""What an answer says of a dedicated endpoint's machine: it runs, it sleeps or wakes, it is paused, or it failed."""

from __future__ import annotations

import json
from typing import Literal

Seen = Literal["running", "asleep", "paused", "failed"]
"""`asleep` is also a machine that wakes: from outside both answer 503."""

ASLEEP = frozenset({502, 503})
"""While it sleeps or wakes: 503 says the guide, 502 said its proxy before (huggingface.co/docs/inference-endpoints)."""
_PAUSED = (b"invalid state", b"paused")
"""A paused endpoint answers 400 `Bad Request: Invalid state` (github.com/elastic/elasticsearch/issues/112033)."""
_STATES: dict[str, Seen] = {
    "running": "running", "updating": "running", "scaledToZero": "asleep", "initializing": "asleep",
    "pending": "asleep", "paused": "paused", "failed": "failed", "updateFailed": "failed"}
"""Hugging Face's own words for it (`huggingface_hub.InferenceEndpointStatus`)."""


def seen_in_answer(status: int, body: bytes) -> Seen | None:
    """What the endpoint itself says by its answer to a GET; None for a key that it does not take, or too many requests.

    A model server that is up answers: 200, or 404 or 405 where it knows no such path.
    """
    if status in ASLEEP:
        return "asleep"
    if status == 400 and any(words in body[:2_000].lower() for words in _PAUSED):
        return "paused"
    if status in (401, 403, 407, 429) or 300 <= status < 400:
        return None
    return "failed" if status >= 500 else "running"


def seen_in_status(body: bytes) -> Seen | None:
    """What `GET /v2/endpoint/NAMESPACE/NAME` says (`status.state`); None for anything else."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    status = told.get("status") if isinstance(told, dict) else None
    state = status.get("state") if isinstance(status, dict) else None
    return _STATES.get(state) if isinstance(state, str) else None
