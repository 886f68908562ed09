"""Finds the embedded SmolLM2 for tests: FUNZA_TEST_MODEL_DIR, or `.made/models`, fetched there once when missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import embedded

MODEL_DIR = Path(os.environ.get("FUNZA_TEST_MODEL_DIR", Path(__file__).parents[1] / ".made" / "models"))


def embedded_model_dir() -> Path:
    """A MODEL_DIR with the embedded model in it; skips the test with the reason when no registry gives it."""
    try:
        embedded.fetch(MODEL_DIR)
    except NotReady as error:
        pytest.skip(f"the embedded model cannot be had: {error.detail} {error.remedy}")
    return MODEL_DIR
