"""The parts of a larger installation, each a process of its own on this machine: what `make run-scaled` starts.

Each part is a context manager that gives its address and the process, and ends the process with its block. Nothing
here is a substitute: PostgreSQL is PostgreSQL, and where a program is missing `PartMissing` says what to install.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parent.parent
LOOPBACK = "127.0.0.1"
POSTGRES_HOMES = "/usr/lib/postgresql/*/bin"
"""Where Debian keeps the programs of each PostgreSQL, outside PATH."""


class PartMissing(Exception):
    """A part cannot be started here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """A running part. `address` may hold a password: it is for settings, never for the screen."""

    name: str
    address: str
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def postgres(folder: Path, port: int | None = None) -> Iterator[Part]:
    """PostgreSQL with its data in `folder`, made on the first start. Under root it runs as the user `postgres`."""
    port = port or free_port()
    programs = _postgres_programs()
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder.mkdir(parents=True, exist_ok=True)
    data, word = folder / "data", folder / "password"
    if not (data / "PG_VERSION").exists():
        word.write_text(secrets.token_urlsafe(24))
        word.chmod(0o600)
        _give(folder, user)
        subprocess.run([programs / "initdb", "-D", data, "-U", "funza", "--auth=scram-sha-256", f"--pwfile={word}",
                        "--encoding=UTF8", "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, user=user,
                       cwd=folder)
    command: list[str | Path] = [
        programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", f"listen_addresses={LOOPBACK}",
        "-c", "max_connections=100"]
    with _running(command, folder / "log", user=user, cwd=folder) as process:
        _wait(lambda: subprocess.run([programs / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(port)],
                                     check=False).returncode == 0, process, "PostgreSQL")
        address = f"postgresql+psycopg://funza:{quote(word.read_text())}@{LOOPBACK}:{port}/postgres"
        yield Part("PostgreSQL", address, process)


@contextmanager
def redis(folder: Path, port: int | None = None) -> Iterator[Part]:
    """Redis with a password, keeping nothing on disk: what it holds may be lost at any moment."""
    port, word = port or free_port(), secrets.token_urlsafe(24)
    program = _program("redis-server", "apt-get install redis-server")
    folder.mkdir(parents=True, exist_ok=True)
    settings = f'bind {LOOPBACK}\nport {port}\nrequirepass {word}\nsave ""\nappendonly no\ndir {folder}\n'
    with _running([program, "-"], folder / "redis.log", said=settings.encode()) as process:
        _wait(lambda: _listens(port), process, "Redis")
        yield Part("Redis", f"redis://:{word}@{LOOPBACK}:{port}/0", process)


@contextmanager
def transformers_serve(model: Path, folder: Path, *, four_bit: bool, port: int | None = None) -> Iterator[Part]:
    """`transformers serve` on a folder of safetensors; 4-bit needs a GPU."""
    port = port or free_port()
    program = Path(sys.executable).with_name("transformers")
    if not program.exists() or not _importable("fastapi", "uvicorn"):
        raise PartMissing("transformers serve is not installed: pip install -r requirements-serving.txt")
    command: list[str | Path] = [
        program, "serve", model, "--host", LOOPBACK, "--port", str(port),
        *(["--quantization", "bnb-4bit", "--device", "cuda:0"] if four_bit else ["--device", "cpu"])]
    # Its log says which request came, not what it held; HF_HUB_OFFLINE: a folder needs no hub.
    with _running(command, folder / "model.log", more={"HF_HUB_OFFLINE": "1"}) as process:
        _wait(lambda: _answers(f"http://{LOOPBACK}:{port}/health"), process, "transformers serve", 300)
        yield Part("model server (transformers serve)", f"http://{LOOPBACK}:{port}/v1", process)


@contextmanager
def gguf_server(weights: Path, folder: Path, key: str, port: int | None = None) -> Iterator[Part]:
    """llama.cpp's own OpenAI-compatible server on a GGUF file (`deploy.serve_gguf`), open only to `key`."""
    port = port or free_port()
    command = [sys.executable, "-m", "deploy.serve_gguf", str(weights), "--port", str(port)]
    with _running(command, folder / "model.log", more={"LOCAL_API_KEY": key}, cwd=ROOT) as process:
        _wait(lambda: _answers(f"http://{LOOPBACK}:{port}/health"), process, "the GGUF server", 120)
        yield Part("model server (llama.cpp)", f"http://{LOOPBACK}:{port}/v1", process)


@contextmanager
def web(folder: Path, settings: Mapping[str, str], host: str = LOOPBACK, port: int | None = None) -> Iterator[Part]:
    """Web workers under gunicorn, as many as `settings` ask for (WEB_CONCURRENCY); ready when /readyz says so."""
    port = port or free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind", f"{host}:{port}",
               "run:create_app()"]
    more = {**settings, "HOST": host, "PORT": str(port)}
    with _running(command, folder / "web.log", more=more, cwd=ROOT) as process:
        _wait(lambda: _answers(f"http://{LOOPBACK}:{port}/livez"), process, "gunicorn", 60)
        yield Part("web", f"http://{host}:{port}", process)


@contextmanager
def _running(command: Sequence[str | Path], log: Path, *, more: Mapping[str, str] | None = None,
             user: str | None = None, cwd: Path | None = None, said: bytes | None = None,
             ) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its output in `log`, until the block ends: SIGTERM, and after 20 s SIGKILL."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE if said is not None else subprocess.DEVNULL, stdout=out, stderr=out,
            env={**os.environ, **(more or {})}, user=user, cwd=cwd, start_new_session=True)
    if process.stdin is not None and said is not None:
        process.stdin.write(said)
        process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _postgres_programs() -> Path:
    homes = sorted(Path("/").glob(POSTGRES_HOMES.lstrip("/")))
    found = next((home for home in reversed(homes) if (home / "initdb").exists()), None)
    if found:
        return found
    if (on_path := shutil.which("initdb")) and shutil.which("postgres"):
        return Path(on_path).parent
    raise PartMissing("PostgreSQL is not installed: apt-get install postgresql (or set DATABASE_URL to one of yours)")


def _program(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise PartMissing(f"{name} is not installed: {remedy} (or set REDIS_URL to one of yours)")
    return found


def _importable(*names: str) -> bool:
    from importlib.util import find_spec

    return all(find_spec(name) for name in names)


def _give(folder: Path, user: str | None) -> None:
    """Let `user` own `folder` and what is in it."""
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, user)


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], what: str, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise PartMissing(f"{what} ended at its start with exit code {process.returncode}; its log says why")
        if ready():
            return
        time.sleep(0.1)
    raise PartMissing(f"{what} was not ready within {seconds:.0f} s; its log says why")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - loopback
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
