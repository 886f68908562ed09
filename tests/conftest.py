"""Fixtures that every test may ask for, and where a test run puts what it writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.postgres import database_url, migrated_url, postgres  # noqa: F401

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free there, and of memory, before tests write into it."""
# The same examples at every run, and no limits of time: a machine may be full of other tests.
# `pytest --hypothesis-profile=searching` looks for new ones.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("searching", PATIENT)
settings.register_profile("patient", PATIENT, derandomize=True)
settings.load_profile("patient")
PYCACHE = Path(__file__).parents[1] / ".made" / "pycache"


def pytest_configure() -> None:
    """Temporary folders in memory where there is room: each commit waits for its disk, and shared disks are slow.

    Only the tests' folders move there; the app runs with the settings it always has. The processes that tests start
    keep their compiled modules (a server compiles for a third of a second), but not beside the code where that is
    not wanted.
    """
    if _has_room():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(PYCACHE))
    # A model of some hundred kilobytes: threads that wait for each other on a busy machine cost it 40 times its work.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _has_room() -> bool:
    import psutil

    try:
        return min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) >= ROOM
    except OSError:  # no such folder: another system than Linux
        return False
