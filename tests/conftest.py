"""Fixtures that every test may ask for."""

from __future__ import annotations

from tests.postgres import database_url, postgres  # noqa: F401
