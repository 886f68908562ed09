"""Documents over HTTP: sending, listing, reading and deleting them, and every bad file with its status."""

from __future__ import annotations

import io
import socket
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient

from tests.chatbot.documents.bad_files import BAD_FILES, BAD_NAMES, BadFile
from tests.chatbot.documents.good_files import IRON, PAGES, docx, pdf
from tests.routes.accounts import House, build
from tests.routes.conftest import AppMaker, check_problem

URL = "/api/v1/documents"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("house"), max_upload_bytes=4_000_000)


@pytest.fixture(scope="module")
def educator(house: House) -> FlaskClient:
    return house.client(house.key("educator", per_minute=1_000))


def send(client: FlaskClient, data: bytes, name: str = "book.pdf", **fields: str) -> Any:
    return client.post(URL, data={"file": (io.BytesIO(data), name), **fields}, content_type="multipart/form-data")


def test_a_pdf_is_kept_and_comes_back_with_its_pages(educator: FlaskClient) -> None:
    response = send(educator, pdf(*PAGES), title="A guide")
    assert response.status_code == 201
    kept = response.get_json()
    assert {name: kept[name] for name in ("title", "kind", "pages", "language")} == {
        "title": "A guide", "kind": "pdf", "pages": 3, "language": "en"}
    whole = educator.get(f"{URL}/{kept['id']}").get_json()
    assert len(whole["passages"]) == kept["passages"]
    assert any(passage["page"] == 1 and "They prevent anaemia" in passage["text"] for passage in whole["passages"])
    assert kept["characters"] == sum(len(passage["text"]) for passage in whole["passages"])


def test_text_is_kept_as_json(educator: FlaskClient) -> None:
    kept = educator.post(URL, json={"text": IRON, "title": "My \u202enotes\n"}).get_json()
    assert (kept["title"], kept["kind"], kept["pages"]) == ("My notes", "text", None)


def test_the_same_file_sent_twice_is_one_document(educator: FlaskClient) -> None:
    first, again = (send(educator, docx(IRON, heading="Twice"), "book.docx") for _ in range(2))
    assert (first.status_code, again.get_json()) == (201, first.get_json())


def test_the_list_has_everybodys_documents_and_who_sent_them(house: House) -> None:
    mine, theirs = (house.client(house.keys.create(name, "educator", expires_at=None).secret)
                    for name in ("Amina", "Baraka"))
    kept = mine.post(URL, json={"text": "Nets keep malaria away."}).get_json()["id"]
    found = {one["id"]: one for one in theirs.get(URL).get_json()["documents"]}
    assert found[kept]["created_by_name"] == "Amina"
    assert theirs.get(f"{URL}/{kept}").status_code == 200
    check_problem(theirs.delete(f"{URL}/{kept}"), 403, "not_allowed")
    gone = mine.delete(f"{URL}/{kept}")
    assert (gone.status_code, gone.data) == (204, b"")
    check_problem(mine.get(f"{URL}/{kept}"), 404, "not_found")
    check_problem(mine.delete(f"{URL}/{kept}"), 404, "not_found")


def test_the_list_comes_in_parts(educator: FlaskClient) -> None:
    for number in range(3):
        educator.post(URL, json={"text": f"Part {number} of the list."})
    first = educator.get(f"{URL}?limit=2").get_json()["documents"]
    second = educator.get(f"{URL}?limit=2&after={first[-1]['id']}").get_json()["documents"]
    assert len(first) == 2
    assert all(one["id"] < first[-1]["id"] for one in second)
    for query in ("limit=0", "limit=1000", "after=x", "page=1"):
        assert educator.get(f"{URL}?{query}").status_code == 400


def test_a_learner_neither_sends_nor_sees_documents(house: House) -> None:
    learner = house.client(house.key("learner"))
    for response in (send(learner, pdf(*PAGES)), learner.get(URL), learner.get(f"{URL}/x"), learner.delete(f"{URL}/x")):
        check_problem(response, 403, "role_too_low")


@pytest.mark.parametrize("bad", BAD_FILES, ids=[bad.id for bad in BAD_FILES])
def test_a_bad_file_is_a_problem_with_its_status(educator: FlaskClient, bad: BadFile) -> None:
    data = bad.make()
    began = time.perf_counter()
    body = check_problem(send(educator, data, bad.name), bad.status, bad.code or None)
    assert time.perf_counter() - began < 15
    assert body["remedy"]


@pytest.mark.parametrize("name", [*BAD_NAMES, "a.pdf\0.exe", 'x\r\nSet-Cookie: a=b\r\n.pdf'])
def test_a_file_name_is_never_given_back(educator: FlaskClient, name: str) -> None:
    response = send(educator, pdf(*PAGES), name)
    assert response.status_code in {201, 400, 415}  # 400: a line break in a name breaks the form
    assert name not in response.get_data(as_text=True)
    assert name not in str(response.headers)
    assert "Set-Cookie" not in response.headers


def part(name: str, value: str, filename: str = "") -> str:
    """One part of a form with the boundary `x`."""
    named = f'; filename="{filename}"' if filename else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{value}\r\n'


A_FILE = part("file", "Iron prevents anaemia.", "a.txt")


@pytest.mark.parametrize(("parts", "status", "code"), [
    ("", 400, "invalid_input"), ("no form at all", 400, "invalid_input"),
    (part("file", "text without a file name"), 400, "invalid_input"),
    (part("other", "x", "a.txt"), 400, "unknown_field"), (A_FILE + part("role", "admin"), 400, "unknown_field"),
    (A_FILE + A_FILE, 400, "unknown_field"), (A_FILE + part("title", "a") * 2, 400, "unknown_field"),
    (A_FILE + part("title", "a\0b"), 400, "invalid_json"), (A_FILE + part("title", "a" * 2_000), 413, "too_long"),
    (A_FILE * 2_000, 413, "body_too_large")])
def test_a_wrong_form_is_a_problem(educator: FlaskClient, parts: str, status: int, code: str) -> None:
    response = educator.post(URL, data=f"{parts}--x--\r\n".encode(), content_type="multipart/form-data; boundary=x")
    check_problem(response, status, code)


@pytest.mark.parametrize("boundary", ["x", "-" * 15 + "WerkzeugFormPart_1795274153.67414640.2407479570665393"])
def test_a_file_of_any_size_arrives_as_it_was_sent(client: FlaskClient, boundary: str) -> None:
    """Around 64 KiB, where a form was once cut in two pieces within its last boundary."""
    sent = part("file", "|", "a.txt").replace("--x", f"--{boundary}").encode().split(b"|")
    for size in range(65_536 - 260, 65_537):
        body = sent[0] + b"a" * size + sent[1] + f"--{boundary}--\r\n".encode()
        with client.application.test_request_context(
                URL, method="POST", data=body, content_type=f"multipart/form-data; boundary={boundary}"):
            assert request.files["file"].read() == b"a" * size


@pytest.mark.parametrize("asked", [{}, {"text": ""}, {"text": 1}, {"text": "x", "url": "http://169.254.169.254"},
                                   {"text": "x", "title": None}, {"text": " \n "}])
def test_wrong_json_is_a_400(educator: FlaskClient, asked: dict[str, Any]) -> None:
    check_problem(educator.post(URL, json=asked), 400)


@pytest.mark.parametrize("path", ["/api/v1/chat", "/api/v1/estimate"])
def test_no_other_route_takes_a_form_with_a_file(educator: FlaskClient, path: str) -> None:
    response = educator.post(path, data={"file": (io.BytesIO(b"x"), "a.txt")}, content_type="multipart/form-data")
    check_problem(response, 415, "unsupported_media_type")


def test_an_upload_may_be_larger_than_other_bodies_and_has_a_limit_of_its_own(educator: FlaskClient) -> None:
    assert send(educator, b"maji safi " * 150_000, "a.txt").status_code == 201
    check_problem(send(educator, b"x" * 4_000_001, "a.txt"), 413, "body_too_large")
    check_problem(send(educator, b"x" * 6_000_000, "a.txt"), 413, "body_too_large")
    check_problem(educator.post(URL, json={"text": "maji safi " * 150_000}), 413, "body_too_large")


def test_a_body_that_says_it_has_a_gigabyte_is_refused_before_it_is_read(served: str) -> None:
    host, port = served.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall((f"POST {URL} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                      "Content-Length: 1000000000\r\n\r\n--x\r\n").encode())
        assert b" 413 " in line.recv(200)


def test_a_body_without_a_length_is_cut_at_the_limit(make_app: AppMaker) -> None:
    body = io.BytesIO(b"--x\r\n" + b"x" * 3_000_000)
    response = make_app(max_upload_bytes=100_000).test_client().post(
        URL, content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    check_problem(response, 413, "body_too_large")
    assert body.tell() < 1_000_000


def test_other_requests_are_answered_while_bombs_are_read(served: str) -> None:
    slow = next(bad for bad in BAD_FILES if bad.what == "slow content")
    head, tail = part("file", "|", "a.pdf").encode().split(b"|")
    body = head + slow.make() + tail + b"--x--\r\n"
    statuses: list[int] = []

    def upload() -> None:
        request = urllib.request.Request(served + URL, body, {"Content-Type": "multipart/form-data; boundary=x"})
        try:
            urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)

    bombs = [threading.Thread(target=upload) for _ in range(2)]
    for bomb in bombs:
        bomb.start()
    waits = []
    while any(bomb.is_alive() for bomb in bombs):
        began = time.perf_counter()
        with urllib.request.urlopen(served + "/livez", timeout=60) as response:
            assert response.status == 200
        waits.append(time.perf_counter() - began)
        time.sleep(0.05)
    assert statuses == [422, 422]
    assert len(waits) > 10
    assert max(waits) < 5
