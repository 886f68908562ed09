"""A SQLite file with every table and no row: migrated once a process, and copied for each test."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from chatbot.database import migrate, open_engine


def migrated_file(path: Path) -> str:
    """Put such a file at `path`, unless there is one, and return its URL."""
    if not path.exists():
        shutil.copyfile(_pattern(), path)
    return f"sqlite:///{path}"


@cache
def _pattern() -> Path:
    path = Path(mkdtemp(prefix="funza-migrated-")) / "funza.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path
