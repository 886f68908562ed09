"""Drawing over a real socket: a picture, its row in the ledger, and what becomes of every bad answer."""

from __future__ import annotations

import threading
import time
from base64 import b64decode
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import BudgetExhausted, FunzaError, LedgerUnavailable, RecordsUnavailable
from chatbot.images.drawing.draw import Cancelled, DrawOrder, Illustration, NobodyDraws, NotDrawn
from chatbot.images.picture import read_picture
from chatbot.privacy.consent import purpose_named
from chatbot.privacy.receipts import receipts_of
from chatbot.providers.image_endpoint import ImageEndpoint
from chatbot.providers.image_interface import DrawRequest
from chatbot.providers.interface import Cancel
from chatbot.usage.budget_limits import set_budget
from tests.chatbot.images.drawing_house import Watching, endpoint_settings, illustrator, png
from tests.house import attempts, call_rows, make_settings
from tests.loopback.image_endpoint import FakeImageEndpoint, Reply

ORDER = DrawOrder("A midwife washes her hands at a clinic", negative_prompt="words", size=(64, 64), seed=7, steps=20,
                  guidance=6.5, principal="p1", language="en")


def awake(**more: Any) -> FakeImageEndpoint:
    return FakeImageEndpoint(png(), state="running", **more)


def drawn(folder: Path, endpoint: FakeImageEndpoint, order: DrawOrder = ORDER, **more: Any) -> Illustration:
    made, _ = illustrator(folder, **endpoint_settings(endpoint, **more))
    return made.draw(order, Watching())


def test_a_picture_comes_with_its_origin_and_one_call_in_the_ledger(tmp_path: Path) -> None:
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        watch = Watching()
        got = made.draw(ORDER, watch)
        (post,) = endpoint.posts
    assert (got.data, got.media_type, got.width, got.height, got.seed) == (png(), "image/png", 64, 64, 7)
    assert (got.provider, got.model) == ("image_endpoint", "stabilityai/stable-diffusion-xl-base-1.0")
    assert (got.provenance, got.fell_back, watch.names[-1]) == ("cloud", False, "drawing")
    assert post.body == {"inputs": ORDER.prompt, "parameters": {
        "negative_prompt": "words", "width": 64, "height": 64, "num_inference_steps": 20, "guidance_scale": 6.5,
        "seed": 7}}
    assert post.headers["accept"] == "image/png"
    call = next(one for one in call_rows(calls) if one.feature == "illustration")
    row = next(one for one in attempts(calls) if one.call_id == call.id)
    assert (call.id, call.state, call.principal, call.language) == (got.call_id, "answered", "p1", "en")
    assert (row.state, row.cost_state, row.price_source) == ("settled", "estimated", "IMAGE_ENDPOINT_USD_PER_HOUR")
    assert got.usage.cost_usd
    assert got.usage.cost_usd <= Decimal("0.8") * row.latency_ms / 3_600_000 + Decimal("0.000001")


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_the_kind_is_told_by_the_bytes_and_not_by_the_content_type(tmp_path: Path, kind: str, media_type: str) -> None:
    with awake().will(Reply(body=png(80, 40, kind), content_type="text/plain")) as endpoint:
        got = drawn(tmp_path, endpoint)
    assert (got.media_type, got.width, got.height) == (media_type, 80, 40)


def test_a_given_picture_is_changed_and_goes_out_as_pixels_only(tmp_path: Path) -> None:
    source = read_picture(png(128, 96), may_leave=True)
    order = DrawOrder("The same room with a window", source=source, strength=0.4, feature="illustration-edit")
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        got = made.draw(order, Watching())
        (post,) = endpoint.posts
    assert b64decode(post.body["inputs"]) == source.data
    assert post.body["parameters"] == {"prompt": order.prompt, "strength": 0.4}
    assert got.provider == "image_endpoint"
    assert "illustration-edit" in {one.feature for one in call_rows(calls)}


def test_a_picture_that_may_show_people_stays_here(tmp_path: Path) -> None:
    order = DrawOrder("The same room", source=read_picture(png(128, 96)))
    with awake() as endpoint:
        with pytest.raises(NobodyDraws, match="stays on this machine"):
            drawn(tmp_path, endpoint, order)
        assert endpoint.requests == []


def test_identifiers_are_taken_out_before_the_words_leave_and_a_receipt_is_kept(tmp_path: Path) -> None:
    order = DrawOrder("A poster for asha@example.org", size=(64, 64), principal="p1")
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        got = made.draw(order, Watching())
        (post,) = endpoint.posts
    assert post.body["inputs"] == "A poster for [EMAIL-1]"
    (receipt,) = receipts_of(calls.ledger.engine, got.call_id, principal="p1", sees_all=False, seal=None) or []
    assert (receipt.provider, receipt.purpose, receipt.left) == ("image_endpoint", "illustration", "yes")


@pytest.mark.parametrize(("settings", "strategy"), [({"cloud_policy": "never"}, None), ({"cloud_policy": "ask"}, None),
                                                     ({}, "local")])
def test_nothing_is_asked_where_the_policy_or_the_strategy_forbids_it(
        tmp_path: Path, settings: dict[str, Any], strategy: Any) -> None:
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, **settings))
        with pytest.raises(NobodyDraws):
            made.draw(DrawOrder("A room", strategy=strategy), Watching())
        assert endpoint.requests == []
    assert [one.state for one in call_rows(calls)] == ["refused"]
    assert attempts(calls) == []


def test_where_people_are_asked_it_draws_for_who_said_yes(tmp_path: Path) -> None:
    purpose = purpose_named("illustration_cloud")
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, cloud_policy="ask"))
        calls.consents.give(purpose, ORDER.principal, "", purpose.version)
        assert made.draw(ORDER, Watching()).provider == "image_endpoint"
        with pytest.raises(NobodyDraws):
            made.draw(replace(ORDER, principal="another"), Watching())
        assert len(endpoint.posts) == 1


def test_without_a_price_the_cost_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    with FakeImageEndpoint(png(), wake_seconds=0.1) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_endpoint_usd_per_hour=0))
        got = made.draw(ORDER, Watching())
    assert (got.usage.cost_usd, got.usage.cost_state) == (None, "unpriced")
    assert {(one.cost_nano_usd, one.cost_state) for one in attempts(calls)} == {(None, "unpriced")}


def test_a_budget_with_no_room_for_the_wake_wakes_nobody(tmp_path: Path) -> None:
    with FakeImageEndpoint(png()) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        set_budget(calls.ledger.engine, "", "day", Decimal("0.0001"))
        with pytest.raises(BudgetExhausted):
            made.draw(ORDER, Watching())
        assert (endpoint.wakes, endpoint.requests) == (0, [])


HTML = b"<html><body>login</body></html>"
BOMB = png()[:16] + (60_000).to_bytes(4, "big") * 2 + png()[24:]
ANIMATED = png()[:33] + b"\0\0\0\x08acTL" + b"\0\0\0\x02\0\0\0\0" + b"\0\0\0\0" + png()[33:]
BAD_ANSWERS = {
    "HTML": (Reply(body=HTML, content_type="text/html"), NotDrawn),
    "HTML that calls itself a picture": (Reply(body=HTML), NotDrawn),
    "JSON": (Reply(body=b'{"error": "out of memory"}', content_type="application/json"), NotDrawn),
    "nothing": (Reply(body=b""), NotDrawn),
    "a GIF": (Reply(body=b"GIF89a" + bytes(40)), NotDrawn),
    "half a header": (Reply(body=png()[:20]), NotDrawn),
    "a bomb": (Reply(body=BOMB), NotDrawn),
    "one that moves": (Reply(body=ANIMATED), NotDrawn),
    "one pixel": (Reply(body=png(1, 1)), NotDrawn),
    "a failure": (Reply(500, b"CUDA error"), NobodyDraws),
    "too many requests": (Reply(429, b"slow down", headers={"retry-after": "60"}), FunzaError),
    "no credit": (Reply(402, b"{}"), NobodyDraws),
    "an unknown task": (Reply(404, b"Not Found"), NobodyDraws),
    "a redirect": (Reply(302, headers={"location": "http://127.0.0.1:9/"}), NobodyDraws),
}


@pytest.mark.parametrize("fault", sorted(BAD_ANSWERS))
def test_a_bad_answer_is_no_picture_and_its_row_has_an_end(tmp_path: Path, fault: str) -> None:
    reply, kind = BAD_ANSWERS[fault]
    with awake().will(reply, reply, reply) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        with pytest.raises(kind) as failed:
            made.draw(ORDER, Watching())
        assert 1 <= len(endpoint.posts) <= 2
    assert "html" not in failed.value.detail.lower()
    assert "CUDA" not in failed.value.detail
    assert {one.state for one in attempts(calls)} <= {"settled", "released", "unknown"}
    assert [one.state for one in call_rows(calls) if one.feature == "illustration"] == ["failed"]


def test_a_failure_that_passes_is_tried_again(tmp_path: Path) -> None:
    with awake().will(Reply(500, b"")) as endpoint:
        got = drawn(tmp_path, endpoint)
        assert len(endpoint.posts) == 2
    assert got.fell_back


def test_a_token_that_is_not_taken_is_asked_with_once(tmp_path: Path) -> None:
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_endpoint_token="hf_old"))
        for _ in range(3):
            with pytest.raises(NobodyDraws, match="does not accept our key"):
                made.draw(ORDER, Watching())
        assert len(endpoint.requests) == 1
    assert {one.state for one in attempts(calls)} == {"released"}


def test_a_drawing_that_hangs_ends_with_its_time(tmp_path: Path) -> None:
    with awake().will(Reply(body=png(), after=20)) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint, image_draw_timeout=0.3, image_timeout=0.6))
        began = time.monotonic()
        with pytest.raises(NobodyDraws, match="did not answer in time"):
            made.draw(ORDER, Watching())
        assert time.monotonic() - began < 10
    row = next(one for one in attempts(calls) if one.model != "wake")
    assert (row.state, row.failure) == ("unknown", "timeout")
    assert row.cost_nano_usd


def test_who_no_longer_wants_it_is_let_go_in_half_a_second(tmp_path: Path) -> None:
    with awake().will(Reply(body=png(), after=20)) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        watch = Watching()
        threading.Timer(0.3, watch.unwanted.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            made.draw(ORDER, watch)
        assert time.monotonic() - began < 10
        assert len(endpoint.posts) == 1
    assert next(one for one in call_rows(calls) if one.feature == "illustration").state == "aborted"
    row = next(one for one in attempts(calls) if one.model != "wake")
    assert (row.state, row.failure) == ("unknown", "aborted")


def test_one_that_is_cancelled_before_it_begins_asks_nobody(tmp_path: Path) -> None:
    with awake() as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        watch = Watching()
        watch.unwanted.set()
        with pytest.raises(Cancelled):
            made.draw(ORDER, watch)
        assert endpoint.posts == []
    assert [one.model for one in attempts(calls) if one.model != "wake"] == []


@pytest.mark.parametrize("table", ["attempts", "endpoint_uptimes"])
def test_nobody_is_asked_when_nothing_can_be_written_down(tmp_path: Path, table: str) -> None:
    with FakeImageEndpoint(png()) as endpoint:
        made, calls = illustrator(tmp_path, **endpoint_settings(endpoint))
        with calls.ledger.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone")
        with pytest.raises((LedgerUnavailable, RecordsUnavailable)):
            made.draw(ORDER, Watching())
        made.tidy()
        assert (endpoint.requests, endpoint.wakes) == ([], 0)


def test_with_nothing_set_up_it_says_what_to_set(tmp_path: Path) -> None:
    made, _ = illustrator(tmp_path)
    assert "IMAGE_ENDPOINT_URL" in made.nobody()
    with pytest.raises(NobodyDraws) as failed:
        made.draw(ORDER, Watching())
    assert "IMAGE_ENDPOINT_URL" in (failed.value.remedy or "")


def test_a_local_model_that_lacks_its_packages_says_what_to_install(tmp_path: Path) -> None:
    made, _ = illustrator(tmp_path, strategy="local", diffusers_model="tiny/pipeline")
    (status,) = [one for one in made.status() if one.name == "diffusers"]
    if status.state == "ready":
        pytest.skip("diffusers is installed here")
    assert "pip install -r requirements-drawing.txt" in status.reason
    assert "pip install -r requirements-drawing.txt" in made.nobody()


def test_a_request_without_a_permit_does_not_leave(tmp_path: Path) -> None:
    with awake() as endpoint:
        provider = ImageEndpoint(make_settings(tmp_path, **endpoint_settings(endpoint)))
        with pytest.raises(TypeError, match="ClearedDraw"):
            provider.draw(DrawRequest("A room"), "sdxl", Cancel(), time.monotonic() + 1)
        assert endpoint.requests == []
