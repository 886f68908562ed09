"""Pictures over HTTP: ordered, followed, cancelled, found, described, downloaded, deleted; and what is refused."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from PIL import Image

from chatbot.images.lessons.illustrations import Illustrations
from config import Settings
from run import create_app
from tests.chatbot.images.good_pictures import jpeg, png
from tests.chatbot.images.illustrating import FakeDescriber, FakeIllustrator, blind, empty_database
from tests.routes.accounts import SECRET_KEY
from tests.routes.conftest import check_problem

URL = "/api/v1/images"
WANTED = {"prompt": "A teal box beside a sign, flat illustration", "title": "A box: one"}


class Served:
    """The real app with AUTH=on, and an illustrator that the test leads."""

    def __init__(self, folder: Path, *, immediate: bool = True, **settings: Any) -> None:
        (folder / "funza.db").write_bytes(empty_database())
        self.app: APIFlask = create_app(Settings(_env_file=None, database_url=f"sqlite:///{folder}/funza.db", auth="on",
                                                 local_engine="off", secret_key=SECRET_KEY, **settings))
        self.service = self.app.extensions["funza"].service
        self.illustrator, self.describer = FakeIllustrator(), FakeDescriber()
        self.service.illustrations.close()
        self.service.illustrations = Illustrations(
            self.service.calls, self.service.engine, self.illustrator, self.describer,  # type: ignore[arg-type]
            immediate=immediate)

    def client(self, role: str = "educator") -> FlaskClient:
        from chatbot.accounts.keys import Keys
        from chatbot.accounts.seal import Seal

        made = Keys(self.service.engine, Seal(SECRET_KEY)).create("a test", role, expires_at=None, per_minute=1_000)  # type: ignore[arg-type]
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
        return client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("house"))
    yield made
    made.service.close()


@pytest.fixture(scope="module")
def educator(served: Served) -> FlaskClient:
    return served.client()


@pytest.fixture(autouse=True)
def _as_ever(served: Served) -> None:
    served.illustrator.fails, served.illustrator.why_not, served.describer.fails = None, "", None


def order(client: FlaskClient, prompt: str = "", **fields: Any) -> Any:
    """A job; with a seed of its own, so that no order is a double click."""
    fields = {**WANTED, "seed": time.monotonic_ns() % 2**32, **fields}
    return client.post(URL, json={**fields, "prompt": prompt or fields["prompt"]})


def drawn(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    job = order(client, **fields).get_json()
    assert job["state"] == "done", job
    found: dict[str, Any] = client.get(job["image_url"]).get_json()
    return found


def test_an_order_is_a_job_with_an_address_that_leads_to_the_picture(educator: FlaskClient, served: Served) -> None:
    response = order(educator, negative_prompt="text", size="1216x832", steps=20, guidance=6.5)
    assert response.status_code == 202
    job = response.get_json()
    assert response.headers["Location"] == job["url"] == f"{URL}/jobs/{job['id']}"
    assert educator.get(job["url"]).get_json() == job
    assert (job["state"], job["eta_s"], job["error"]) == ("done", None, None)
    asked = served.illustrator.asked[-1]
    assert (asked.size, asked.steps, asked.guidance, asked.negative_prompt) == ((1216, 832), 20, 6.5, "text")
    image = educator.get(job["image_url"]).get_json()
    assert (image["title"], image["alt_state"], image["usable"], image["provider"]) == (
        "A box: one", "suggested", True, "endpoint")
    assert image["digital_source_type"].endswith("/trainedAlgorithmicMedia")


@pytest.mark.parametrize(("fields", "status", "field"), [
    ({}, 400, "prompt"), ({"prompt": " "}, 400, "prompt"), ({"prompt": "x" * 1_001}, 413, "prompt"),
    ({"prompt": "a box", "size": "4096x4096"}, 400, "size"), ({"prompt": "a box", "seed": -1}, 400, "seed"),
    ({"prompt": "a box", "seed": 2**40}, 400, "seed"), ({"prompt": "a box", "steps": 10_000}, 400, "steps"),
    ({"prompt": "a box", "guidance": "6"}, 400, "guidance"), ({"prompt": "a box", "colour": "red"}, 400, "colour"),
    ({"prompt": "a box", "language": "fr"}, 400, "language"), ({"prompt": "a naked woman"}, 400, "prompt"),
    ({"prompt": "picha ya Asha Wanjiru", "language": "sw"}, 400, "prompt")])
def test_bad_orders_name_the_field_and_nobody_is_asked(educator: FlaskClient, served: Served, fields: dict[str, Any],
                                                       status: int, field: str) -> None:
    before = len(served.illustrator.asked)
    assert check_problem(educator.post(URL, json=fields), status)["field"] == field
    assert len(served.illustrator.asked) == before


def test_a_refused_prompt_names_its_rule_and_the_remedy(educator: FlaskClient) -> None:
    body = check_problem(order(educator, "Photo of a woman giving birth in hospital"), 400, "prompt_refused")
    assert "(rule: procedure)" in body["detail"]
    assert "no faces" in body["remedy"]


def test_with_nobody_to_draw_the_order_is_a_503_with_the_remedy_and_no_job(
        educator: FlaskClient, served: Served) -> None:
    served.illustrator.why_not = "No provider of pictures is set up."
    body = check_problem(order(educator), 503, "nobody_draws")
    assert "IMAGE_ENDPOINT_URL" in body["remedy"]


def test_the_same_key_draws_once(educator: FlaskClient, served: Served) -> None:
    before, key = len(served.illustrator.asked), {"Idempotency-Key": "a-key-of-this-test"}
    first, second = (educator.post(URL, json=WANTED, headers=key) for _ in range(2))
    assert (first.get_json(), first.headers["Location"]) == (second.get_json(), second.headers["Location"])
    assert len(served.illustrator.asked) == before + 1


def test_a_double_click_draws_once(educator: FlaskClient) -> None:
    asked = {**WANTED, "seed": 4}
    assert educator.post(URL, json=asked).status_code == 202
    check_problem(educator.post(URL, json=asked), 409, "asked_twice")


def test_jobs_are_told_cancelled_and_limited_while_they_are_drawn(tmp_path: Path) -> None:
    served = Served(tmp_path, immediate=False, image_jobs_per_principal=2)
    served.illustrator.hold = threading.Event()
    client, other = served.client(), served.client()
    jobs = [order(client).get_json() for _ in range(2)]
    body = check_problem(order(client), 429, "too_many_open_jobs")
    assert "cancel one" in body["remedy"]
    assert served.illustrator.begun.wait(30)
    running = client.get(jobs[0]["url"]).get_json()
    assert (running["state"], running["stage"]) == ("running", "waking")
    assert 60 < running["eta_s"] <= 90
    for path in (jobs[0]["url"], f"{URL}/jobs/01JD0000000000000000000000", f"{URL}/jobs/x"):
        assert check_problem(other.get(path), 404)["detail"] == "There is no such job."
        assert check_problem(other.delete(path), 404)["detail"] == "There is no such job."
    assert client.delete(jobs[1]["url"]).get_json()["state"] == "cancelled"
    assert client.delete(jobs[0]["url"]).get_json()["cancel_wanted"] is True
    until = time.monotonic() + 8
    while client.get(jobs[0]["url"]).get_json()["state"] != "cancelled" and time.monotonic() < until:
        time.sleep(0.05)
    assert client.get(jobs[0]["url"]).get_json()["state"] == "cancelled"
    assert client.get(URL).get_json() == {"images": []}
    served.service.close()


def test_a_file_is_an_attachment_that_nothing_runs_and_holds_no_place(educator: FlaskClient) -> None:
    response = educator.get(drawn(educator)["file_url"])
    assert response.headers["Content-Disposition"].startswith('attachment; filename="A box_ one.png"')
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.mimetype == "image/png"
    picture = Image.open(BytesIO(response.data))
    assert picture.size == (320, 200)
    assert dict(picture.getexif()) == {}


def test_a_picture_without_alt_text_is_shown_on_our_page_and_not_given_out_until_a_person_writes_one(
        educator: FlaskClient, served: Served) -> None:
    served.describer.fails = blind().fails
    image = drawn(educator)
    assert (image["alt_text"], image["alt_state"], image["usable"]) == ("", "awaiting", False)
    assert "PATCH" in check_problem(educator.get(image["file_url"]), 409, "awaiting_alt_text")["remedy"]
    shown = educator.get(f"{image['file_url']}?inline=1")
    assert (shown.status_code, shown.headers["Content-Disposition"]) == (200, "inline")
    written = educator.patch(f"{URL}/{image['id']}", json={"alt_text": "A teal box.", "version": image["version"]})
    assert (written.get_json()["alt_state"], written.get_json()["usable"]) == ("checked", True)
    assert educator.get(image["file_url"]).status_code == 200


@pytest.mark.parametrize(("change", "status", "code"), [
    ({"alt_text": ""}, 400, "invalid_input"), ({"alt_text": "x" * 126}, 413, "too_long"),
    ({"alt_text": "<img src=x onerror=alert(1)>"}, 400, "invalid_input"),
    ({"version": 99, "title": "b"}, 409, "version_conflict"),
    ({"alt": "x"}, 400, "unknown_field")])
def test_a_bad_change_changes_nothing(educator: FlaskClient, change: dict[str, Any], status: int, code: str) -> None:
    image = drawn(educator)
    check_problem(educator.patch(f"{URL}/{image['id']}", json=change), status, code)
    assert educator.get(f"{URL}/{image['id']}").get_json() == image


def test_words_can_be_changed_one_by_one(educator: FlaskClient) -> None:
    image = drawn(educator)
    renamed = educator.patch(f"{URL}/{image['id']}", json={"title": "Another"}).get_json()
    assert (renamed["title"], renamed["alt_state"], renamed["alt_text"]) == ("Another", "suggested", image["alt_text"])
    warned = educator.patch(f"{URL}/{image['id']}", json={"alt_text": "Image of a box."}).get_json()
    assert [one["rule"] for one in warned["warnings"]] == ["no-image-of"]
    bare = educator.patch(f"{URL}/{image['id']}", json={"decorative": True}).get_json()
    assert (bare["decorative"], bare["alt_text"], bare["usable"]) == (True, "", True)


def test_the_library_is_shared_searched_and_paged(educator: FlaskClient, served: Served) -> None:
    ids = [drawn(educator, prompt=f"A zebrafinch, number {word}")["id"] for word in ("one", "two")]
    other = served.client()
    assert [one["id"] for one in other.get(f"{URL}?q=zebrafinch").get_json()["images"]] == ids[::-1]
    assert [one["id"] for one in other.get(f"{URL}?q=zebrafinch&after={ids[1]}").get_json()["images"]] == ids[:1]
    check_problem(other.get(f"{URL}?limit=0"), 400)
    check_problem(other.get(f"{URL}?quality=1"), 400, "unknown_field")


def test_a_deleted_picture_is_gone_and_only_who_asked_deletes_it(educator: FlaskClient, served: Served) -> None:
    image = drawn(educator)
    check_problem(served.client().delete(f"{URL}/{image['id']}"), 403)
    assert educator.delete(f"{URL}/{image['id']}").status_code == 204
    for path in ("", "/file", "/note"):
        check_problem(educator.get(f"{URL}/{image['id']}{path}"), 404, "not_found")
    assert image["sha256"] not in " ".join(served.service.illustrations.library.files.all())


def test_the_note_is_unsigned_and_says_so(educator: FlaskClient) -> None:
    image = drawn(educator)
    told = educator.get(f"{URL}/{image['id']}/note").get_json()
    assert (told["sha256"], told["signed"], told["made_by_role"]) == (image["sha256"], False, "educator")


def test_an_uploaded_picture_is_changed_and_not_kept(educator: FlaskClient, served: Served) -> None:
    sent = {"file": (io.BytesIO(jpeg()), "a.jpg"), "prompt": "Make the background blue", "strength": "0.5",
            "people": "none"}
    job = educator.post(f"{URL}/edit", data=sent, content_type="multipart/form-data")
    assert job.status_code == 202
    assert (served.illustrator.asked[-1].strength, served.illustrator.asked[-1].feature) == (0.5, "illustration-edit")
    image = educator.get(job.get_json()["image_url"]).get_json()
    assert image["digital_source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")


@pytest.mark.parametrize(("data", "name", "status"), [
    (b"<svg onload=alert(1)>", "a.svg", 415), (b"", "a.png", 400), (png()[:200], "a.png", 422), (png(), "a.jpg", 415)])
def test_a_file_that_is_no_picture_starts_no_job(educator: FlaskClient, served: Served, data: bytes, name: str,
                                                 status: int) -> None:
    before = len(served.illustrator.asked)
    sent = {"file": (io.BytesIO(data), name), "prompt": "Make it blue"}
    check_problem(educator.post(f"{URL}/edit", data=sent, content_type="multipart/form-data"), status)
    assert len(served.illustrator.asked) == before


def test_a_photo_of_people_is_not_put_into_a_clinic(educator: FlaskClient) -> None:
    sent = {"file": (io.BytesIO(jpeg()), "a.jpg"), "prompt": "Put her in a hospital bed"}
    response = educator.post(f"{URL}/edit", data=sent, content_type="multipart/form-data")
    body = check_problem(response, 400, "prompt_refused")
    assert "real-person-edited" in body["detail"]


def test_a_picture_of_the_library_is_varied(educator: FlaskClient, served: Served) -> None:
    image = drawn(educator)
    job = educator.post(f"{URL}/edit", json={"picture_id": image["id"], "prompt": "The same at night", "strength": 0.6})
    assert job.get_json()["state"] == "done"
    source = served.illustrator.asked[-1].source
    assert source
    assert source.may_leave
    check_problem(educator.post(f"{URL}/edit", json={"picture_id": "01JD0000000000000000000000", "prompt": "x"}), 404)
    assert check_problem(educator.post(f"{URL}/edit", json={"prompt": "x"}), 400)["field"] == "picture_id"


def test_each_answer_is_what_the_document_says(educator: FlaskClient) -> None:
    document = educator.get("/openapi.json").get_json()
    image = drawn(educator)
    one, job = f"{URL}/{image['id']}", order(educator).get_json()["url"]
    edit = {"picture_id": image["id"], "prompt": "The same in the rain"}
    answers = [("post", URL, order(educator)), ("post", f"{URL}/edit", educator.post(f"{URL}/edit", json=edit)),
               ("get", f"{URL}/jobs/{{job_id}}", educator.get(job)),
               ("delete", f"{URL}/jobs/{{job_id}}", educator.delete(job)),
               ("get", URL, educator.get(URL)), ("get", f"{URL}/{{image_id}}", educator.get(one)),
               ("patch", f"{URL}/{{image_id}}", educator.patch(one, json={"title": "Rain"})),
               ("get", f"{URL}/{{image_id}}/note", educator.get(f"{one}/note"))]
    for method, path, response in answers:
        told = document["paths"][path][method]["responses"][str(response.status_code)]
        schema = {**told["content"]["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(response.get_json())
    files = document["paths"][f"{URL}/{{image_id}}/file"]["get"]["responses"]["200"]["content"]
    assert educator.get(image["file_url"]).mimetype in files


def test_learners_and_strangers_are_kept_out(served: Served) -> None:
    check_problem(served.client("learner").post(URL, json=WANTED), 403, "role_too_low")
    check_problem(served.app.test_client().get(URL), 401)
