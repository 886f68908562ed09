"""Waiting in a test for what another thread or process does: patient, as the machine may be full of other tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 30.0
Found = TypeVar("Found")


def until(holds: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """What `holds()` says when it first says something true. Fails the test when `seconds` are up."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.01)
    return found
