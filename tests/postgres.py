"""A PostgreSQL server of our own for the tests: a private cluster in a temporary folder, on a free loopback port.

PostgreSQL refuses to run as root, so root runs it as an unprivileged user. Without its programs the tests that need
it are skipped, and say so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from bench.served import free_port
from chatbot.database import migrate, open_engine
from tests.migrated import migrated_file

USERS = ("postgres", "nobody")
_numbers = count(1)


class Cluster:
    """One server. It can be stopped and started again, as in a restart or a failover."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._port = free_port()
        self._migrated = ""

    def create(self) -> None:
        """Make the cluster's files."""
        self._run("initdb", "--pgdata", str(self._folder), "--username", "funza", "--auth", "trust",
                  "--encoding", "UTF8", "--locale", "C", "--no-sync")

    def start(self) -> None:
        """Start it. It does not wait for the disk: a test may crash the server, but not the machine under it."""
        options = (f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=60 "
                   "-c fsync=off -c full_page_writes=off")
        self._run("pg_ctl", "start", "--wait", "--pgdata", str(self._folder), "--options", options,
                  "--log", str(self._folder / "server.log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop it. `immediate` is a crash: nothing is written down any more."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", str(self._folder), "--mode", mode)

    def freeze(self) -> None:
        """Let every process of the server stand still: it takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def new_database(self, *, like: str = "template1") -> str:
        """The URL of an empty database, or of a copy of the database named `like`."""
        import psycopg

        name = f"funza_{next(_numbers)}"
        with psycopg.connect(f"host=127.0.0.1 port={self._port} user=funza dbname=postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return f"postgresql+psycopg://funza@127.0.0.1:{self._port}/{name}"

    def migrated_database(self) -> str:
        """The URL of a database that has every table and no row."""
        if not self._migrated:
            url = self.new_database()
            engine = open_engine(url)
            migrate(engine)
            engine.dispose()  # nobody may be connected to what is copied
            self._migrated = url.rpartition("/")[2]
        return self.new_database(like=self._migrated)

    def _signal(self, number: int) -> None:
        import psutil

        first = psutil.Process(int((self._folder / "postmaster.pid").read_text().split()[0]))
        for process in (first, *first.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a child that was just ending
                process.send_signal(number)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*_as_somebody(), str(self._programs / program), *arguments], cwd=self._folder, capture_output=True,
            text=True, timeout=60, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip() or done.stdout.strip()}")


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A running server of our own. Raises FileNotFoundError when PostgreSQL is not installed."""
    programs = find_programs()
    if programs is None:
        raise FileNotFoundError("no initdb and pg_ctl: install the package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="funza-postgres-"))
    if os.geteuid() == 0:
        os.chown(folder, *_somebody())
    cluster = Cluster(folder, programs)
    try:
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path | None:
    """Where initdb and pg_ctl are: on the path, or where Debian keeps each version."""
    places = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


@cache
def _somebody() -> tuple[int, int]:
    for name in USERS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise FileNotFoundError(f"none of the users {USERS} to run PostgreSQL as")


def _as_somebody() -> list[str]:
    if os.geteuid() != 0:
        return []
    uid, gid = _somebody()
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The server of this test run."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed (no initdb, no pg_ctl)")
    with private_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'funza.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of each kind that has every table and no row."""
    return migrated_database(request, tmp_path)


def migrated_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of such a database, of the kind that `request` is for."""
    if request.param == "sqlite":
        return migrated_file(folder / "funza.db")
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.migrated_database()
