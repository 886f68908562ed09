"""The proxies in front let through what the app takes, and no more: nginx for real where it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from apiflask import APIFlask

from bench.served import free_port
from config import Settings
from routes.json_guard import FRAMING, UPLOADS
from run import create_app

DEPLOY = Path(__file__).parents[2] / "deploy"
NGINX, CADDY = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
FILES_IN_NGINX = re.search(r"location ~ (\S+) \{\s+client_max_body_size (\d+)m;", NGINX)
COMING = {"/api/v1/images/edit"}
"""Named in the samples whether or not this version has the route."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(_env_file=None, database_url=f"sqlite:///{tmp_path_factory.mktemp('db')}/funza.db")


@pytest.fixture(scope="module")
def app(settings: Settings) -> APIFlask:
    return create_app(settings)


def upload_paths(app: APIFlask) -> set[str]:
    return {str(rule) for rule in app.url_map.iter_rules() if rule.endpoint in UPLOADS}


def test_nginx_takes_files_as_large_as_the_app_does_where_the_app_takes_files(
        app: APIFlask, settings: Settings) -> None:
    assert FILES_IN_NGINX is not None
    where, megabytes = FILES_IN_NGINX.groups()
    assert settings.max_upload_bytes + FRAMING <= int(megabytes) << 20 < settings.max_upload_bytes * 1.1
    assert all(re.search(where, path) for path in upload_paths(app) | COMING)
    assert not any(re.search(where, str(rule)) for rule in app.url_map.iter_rules()
                   if str(rule) not in upload_paths(app) | COMING)


def test_nginx_takes_other_bodies_as_large_as_the_app_does(settings: Settings) -> None:
    found = re.search(r"^    client_max_body_size (\d+)m;", NGINX, re.MULTILINE)
    assert found is not None
    assert settings.max_body_bytes <= int(found[1]) << 20 < settings.max_body_bytes * 1.1


def test_caddy_takes_files_as_large_as_the_app_does_where_the_app_takes_files(
        app: APIFlask, settings: Settings) -> None:
    for matcher in ("@files path", "@plain not path"):
        line = next(line for line in CADDY.splitlines() if matcher in line)
        assert set(line.split(matcher)[1].split()) == upload_paths(app) | COMING
    found = re.search(r"request_body @files \{\s+max_size (\d+)MB", CADDY)
    assert found is not None
    assert settings.max_upload_bytes + FRAMING <= int(found[1]) * 1_000_000 < settings.max_upload_bytes * 1.1


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    """nginx with our file, without TLS, in front of a server that takes everything; its address."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    app, front = ThreadingHTTPServer(("127.0.0.1", 0), Swallow), free_port()
    threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    ours = (NGINX.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{front};")
            .replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
            .replace("127.0.0.1:8000", f"127.0.0.1:{app.server_port}").replace("/var/log/nginx/", f"{tmp_path}/"))
    ours = re.sub(r"^\s*ssl_certificate\S*\s+\S+;$", "", ours, flags=re.MULTILINE)
    conf = tmp_path / "nginx.conf"
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root; " if os.geteuid() == 0 else ""
    conf.write_text(f"{user}daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
                    f"http {{ {paths}\n{ours}\n}}")
    process = subprocess.Popen([program, "-c", str(conf), "-e", f"{tmp_path}/error.log"], stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{front}"
        until = time.monotonic() + 10
        while post(address + "/ready", 1) is None:
            assert process.poll() is None, (tmp_path / "error.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.02)
        yield address
    finally:
        process.terminate()
        process.wait()
        app.shutdown()
        app.server_close()


class Swallow(BaseHTTPRequestHandler):
    """Takes a body of any size."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def post(url: str, size: int) -> int | None:
    """The status of a POST of `size` bytes; None when nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=bytes(size)), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, ConnectionError):
        return None


def test_a_large_file_passes_nginx_and_a_large_message_does_not(nginx: str) -> None:
    assert post(f"{nginx}/api/v1/documents", 19_000_000) == 200
    assert post(f"{nginx}/api/v1/documents", 21_500_000) in (413, None)   # None: cut while it still sends
    assert post(f"{nginx}/api/v1/chat", 1_200_000) in (413, None)
    assert post(f"{nginx}/api/v1/chat", 900_000) == 200
