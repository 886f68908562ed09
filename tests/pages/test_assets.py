"""The pages' files: what was vendored is what was published, and a phone fetches each file once and small."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest
from flask.testing import FlaskClient

from routes.assets import FOLDER, version

VENDOR = FOLDER / "vendor"
ROW = re.compile(r"^\| (\S+) \(`[^`]+`\) \| (\S+) \| (\d[\w.-]*) \| (\S+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)
TEXTS = ["funza.css", "chat.js", "events.js", "dashboard.css", "dashboard.js", "vendor/htmx.min.js",
         "vendor/pico.classless.min.css", "vendor/uPlot.iife.min.js", "vendor/uPlot.min.css"]


def test_every_vendored_file_is_listed_and_is_what_was_published() -> None:
    listed = {name: digest for name, _, _, _, digest in ROW.findall((VENDOR / "VENDORED.md").read_text())}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()
             if path.name != "VENDORED.md"}
    assert found == listed
    assert len(found) == 4


def test_a_file_asked_for_by_its_version_is_kept_for_ever(client: FlaskClient) -> None:
    html = client.get("/").get_data(as_text=True)
    addresses = re.findall(r'"(/assets/[^"]+)"', html)
    assert len(addresses) >= 5
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert f"v={hashlib.sha256(response.data).hexdigest()[:12]}" in address


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000"])
def test_a_file_without_its_right_version_is_asked_for_again(client: FlaskClient, query: str) -> None:
    assert client.get(f"/assets/chat.js{query}").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_file_travels_packed_and_unpacks_to_itself(client: FlaskClient, name: str) -> None:
    response = client.get(f"/assets/{name}", headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert gzip.decompress(response.data) == (FOLDER / name).read_bytes()
    assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "identity"])
@pytest.mark.parametrize("path", ["/", "/assets/funza.css"])
def test_a_client_that_cannot_unpack_gets_it_plain(client: FlaskClient, path: str, accepts: str) -> None:
    response = client.get(path, headers={"Accept-Encoding": accepts})
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]
    assert b"Funza" in response.data or b"--leaf" in response.data


def test_a_page_unpacks_to_the_plain_page(client: FlaskClient) -> None:
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == client.get("/").data


def test_a_file_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    etag = client.get("/assets/chat.js", headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    again = client.get("/assets/chat.js", headers={"Accept-Encoding": "gzip", "If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_file_is_not_packed(client: FlaskClient) -> None:
    response = client.get("/assets/chat.js", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (response.status_code, len(response.data)) == (206, 10)
    assert "Content-Encoding" not in response.headers


def test_a_stream_is_never_packed(client: FlaskClient) -> None:
    response = client.post("/api/v1/chat", json={"message": "Why iron?", "stream": True},
                           headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("path", ["../config.py", "..%2fpages.py", "vendor/", "nothing.js", "%00"])
def test_nothing_outside_the_folder_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/assets/{path}?v=0").status_code == 404


def test_the_version_follows_the_bytes() -> None:
    assert version("chat.js") == hashlib.sha256((FOLDER / "chat.js").read_bytes()).hexdigest()[:12]
