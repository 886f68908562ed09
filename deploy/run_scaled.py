"""`make run-scaled`: web workers without weights, one model server, PostgreSQL and Redis, on this machine.

A part that you have already is used as it is: DATABASE_URL, REDIS_URL, LOCAL_BASE_URL. The others are started here and
end with this command; PostgreSQL keeps its data in instance/scaled. What runs, and what does not and why, is said at
the start. When a part dies all is stopped, and it says which: keeping parts alive is systemd's or compose's work.
"""

# ruff: noqa: T201 - a script
from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from chatbot.local_model.choice import choose
from chatbot.providers import PROVIDERS
from config import Settings, load_settings
from deploy import parts
from deploy.parts import Part, PartMissing

FOLDER = Path("instance/scaled")


@dataclass
class Installation:
    """What is running, and the settings with which the workers find it."""

    settings: dict[str, str] = field(default_factory=dict)
    started: list[Part] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """One line a part, for the screen: no passwords."""


@contextmanager
def installation(settings: Settings, folder: Path) -> Iterator[Installation]:
    """Start what the settings do not name. Raises PartMissing."""
    with ExitStack() as stack:
        made = Installation({"WEB_CONCURRENCY": os.environ.get("WEB_CONCURRENCY") or "2",
                             "SECRET_KEY": settings.secret_key.get_secret_value() or secrets.token_hex(32)})
        _database(settings, folder, stack, made)
        _redis(settings, folder, stack, made)
        _model(settings, folder, stack, made)
        web = stack.enter_context(parts.web(folder, made.settings, settings.host, settings.port))
        made.started.append(web)
        made.said.append(f"web            {web.address} with {made.settings['WEB_CONCURRENCY']} gunicorn workers")
        yield made


def _database(settings: Settings, folder: Path, stack: ExitStack, made: Installation) -> None:
    if settings.database_url.startswith("postgresql"):
        made.said.append("PostgreSQL     yours (DATABASE_URL)")
        return
    part = stack.enter_context(parts.postgres(folder / "postgres"))
    made.settings.update(DATABASE_URL=part.address, OUTBOX_DIR=settings.outbox_dir or str(folder / "outbox"))
    made.started.append(part)
    made.said.append(f"PostgreSQL     started; its data and password are in {folder / 'postgres'}")


def _redis(settings: Settings, folder: Path, stack: ExitStack, made: Installation) -> None:
    if settings.redis_url:
        made.said.append("Redis          yours (REDIS_URL)")
        return
    part = stack.enter_context(parts.redis(folder / "redis"))
    made.settings["REDIS_URL"] = part.address
    made.started.append(part)
    made.said.append("Redis          started; it keeps nothing on disk")


def _model(settings: Settings, folder: Path, stack: ExitStack, made: Installation) -> None:
    choice = choose(settings)
    if choice.engine == "openai_url":
        made.said.append("model server   yours (LOCAL_BASE_URL)")
        return
    if choice.why_not or choice.weights is None:
        made.settings["LOCAL_ENGINE"] = "off"
        made.said.append(f"model server   none: {choice.why_not} {choice.remedy}")
        made.said.append("               clouds with a key answer, and the fact cards")
        return
    key = secrets.token_urlsafe(24)
    if choice.engine == "transformers":
        server = parts.transformers_serve(choice.weights, folder, four_bit=choice.gpu)
        name = str(choice.weights)
    else:
        server = parts.gguf_server(choice.weights, folder, key)
        name = choice.model.id if choice.model else choice.weights.stem
    part = stack.enter_context(server)
    made.settings.update(LOCAL_ENGINE="openai_url", LOCAL_BASE_URL=part.address, LOCAL_API_KEY=key, LOCAL_MODEL=name)
    if choice.tier == "embedded" and not settings.chain:  # behind a URL nobody sees how small it is: clouds go first
        made.settings["CHAIN"] = ",".join([*(row for row in PROVIDERS if row != "local"), "local"])
    made.started.append(part)
    made.said.append(f"{part.name} with {name}; the workers hold no weights")


def main() -> int:
    """Run until Ctrl-C, SIGTERM, or the death of a part."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        with installation(load_settings(), FOLDER.absolute()) as made:
            print("\n".join(made.said), flush=True)
            print(f"logs           {FOLDER}", flush=True)
            return _until_one_dies(made.started)
    except PartMissing as error:
        print(f"run-scaled: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped")
        return 0


def _until_one_dies(started: list[Part]) -> int:
    while True:
        for part in started:
            if part.process.poll() is not None:
                print(f"{part.name} ended with exit code {part.process.returncode}: stopping all", file=sys.stderr)
                return 1
        time.sleep(0.5)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
