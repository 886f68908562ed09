"""The command line: one group a file, registered from one index. `FLASK_APP=run flask --help` lists them.

To add a group: a file here with `register(app)`, and its name in `GROUPS`.
"""

from __future__ import annotations

from importlib import import_module

from flask import Flask

GROUPS = ("keys", "people", "budgets", "prices", "savings", "hosting", "alt_text", "extract", "models", "pictures")
"""Modules of this package, in the order of the help page."""


def register_commands(app: Flask) -> None:
    """Give `app` every command."""
    for name in GROUPS:
        import_module(f"commands.{name}").register(app)
