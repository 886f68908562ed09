"""Together and OpenAI draw over a real socket: what is asked on the wire, what is taken, what it costs."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import (
    BadKey,
    EmptyAnswer,
    Filtered,
    FunzaError,
    Malformed,
    NotText,
    OutOfCredit,
    RateLimited,
    ServerFailed,
    TimedOut,
)
from chatbot.images.drawing.chain import UNPRICED
from chatbot.images.drawing.draw import DrawOrder, NobodyDraws
from chatbot.images.picture import read_picture
from chatbot.providers.image_interface import ClearedDraw, DrawRequest
from chatbot.providers.image_rows import build_image_providers
from chatbot.providers.image_vendors import IMAGE_ROWS
from chatbot.providers.interface import Cancel, Permit, Usage
from tests.chatbot.images.drawing_house import Watching, illustrator, png
from tests.house import attempts, make_settings
from tests.loopback.image_vendor import FakeImageVendor, Said

NAMES = [row.name for row in IMAGE_ROWS]
ORDER = DrawOrder("A bowl of beans and greens", negative_prompt="words", size=(1_200, 800), seed=3, steps=4,
                  guidance=3.5)
PRICES = """
[[image]]
provider = "together"
model = "flux"
usd_per_megapixel = "0.01"
from = 2026-01-01
source = "a test"
"""


def settings_for(name: str, vendor: FakeImageVendor, **more: Any) -> dict[str, Any]:
    model = {"together": "flux", "openai": "gpt-image-1"}[name]
    url = {"together": vendor.url, "openai": vendor.url_v1}[name]
    return {f"{name}_api_key": "k", f"{name}_base_url": url, f"{name}_image_model": model, "image_draw_timeout": 20,
            **more}


def asked(folder: Path, name: str, vendor: FakeImageVendor, deadline: float = 20.0, **parts: Any) -> Any:
    provider = build_image_providers(make_settings(folder, **settings_for(name, vendor)))[name]
    request = ClearedDraw("A bowl of beans", permit=Permit(name, "illustration", "a test"), **parts)
    return provider.draw(request, provider.models()[0], Cancel(), time.monotonic() + deadline)


def test_together_is_asked_for_base64_with_every_wish(tmp_path: Path) -> None:
    with FakeImageVendor(png()) as vendor:
        made, _ = illustrator(tmp_path, **settings_for("together", vendor))
        got = made.draw(ORDER, Watching())
        ((path, body),) = vendor.requests
    assert path == "/v1/images/generations"
    assert body == {"model": "flux", "prompt": ORDER.prompt, "negative_prompt": "words", "width": 1200, "height": 800,
                    "seed": 3, "steps": 4, "guidance_scale": 3.5, "n": 1, "response_format": "base64",
                    "output_format": "png"}
    assert (got.data, got.provider, got.model, got.seed) == (png(), "together", "flux", 3)


def test_openai_gets_the_nearest_size_and_no_seed(tmp_path: Path) -> None:
    with FakeImageVendor(png()) as vendor:
        made, _ = illustrator(tmp_path, **settings_for("openai", vendor))
        got = made.draw(ORDER, Watching())
        ((path, body),) = vendor.requests
    assert path == "/v1/images/generations"
    assert body == {"model": "gpt-image-1", "prompt": f"{ORDER.prompt}\n\nLeave out: words", "size": "1536x1024",
                    "n": 1}
    assert (got.provider, got.seed) == ("openai", None)


def test_together_changes_a_picture_given_as_data(tmp_path: Path) -> None:
    source = read_picture(png(64, 48), may_leave=True)
    with FakeImageVendor(png()) as vendor:
        asked(tmp_path, "together", vendor, source=source)
        ((path, body),) = vendor.requests
    assert path == "/v1/images/generations"
    assert body["image_url"] == "data:image/jpeg;base64," + b64encode(source.data).decode()


def test_openai_changes_a_picture_given_as_a_file(tmp_path: Path) -> None:
    source = read_picture(png(64, 48), may_leave=True)
    with FakeImageVendor(png()) as vendor:
        asked(tmp_path, "openai", vendor, source=source)
        ((path, body),) = vendor.requests
    assert path == "/v1/images/edits"
    assert (body["image"], body["prompt"]) == (source.data, "A bowl of beans")


def test_tokens_that_openai_reports_are_booked_at_the_published_price(tmp_path: Path) -> None:
    usage = {"input_tokens": 50, "output_tokens": 1056, "total_tokens": 1106}
    with FakeImageVendor(png(), usage) as vendor:
        made, calls = illustrator(tmp_path, **settings_for("openai", vendor, allow_unpriced=False))
        got = made.draw(ORDER, Watching())
    (row,) = attempts(calls)
    assert (row.prompt_tokens, row.completion_tokens, row.cost_state) == (50, 1056, "exact")
    assert row.price_source.startswith("genai-prices")
    assert got.usage.cost_usd


def test_a_price_by_the_megapixel_is_booked_exactly(tmp_path: Path) -> None:
    prices = tmp_path / "mine.toml"
    prices.write_text(PRICES)
    with FakeImageVendor(png()) as vendor:
        made, calls = illustrator(tmp_path, **settings_for(
            "together", vendor, allow_unpriced=False, prices_file=str(prices)))
        got = made.draw(ORDER, Watching())
    (row,) = attempts(calls)
    assert (row.cost_nano_usd, row.cost_state) == (9_600_000, "exact")
    assert str(got.usage.cost_usd) == "0.0096"


def test_one_whose_price_nobody_knows_is_not_asked(tmp_path: Path) -> None:
    with FakeImageVendor(png()) as vendor:
        made, _ = illustrator(tmp_path, **settings_for("together", vendor, allow_unpriced=False))
        with pytest.raises(NobodyDraws) as refused:
            made.draw(ORDER, Watching())
        assert vendor.requests == []
    assert UNPRICED in refused.value.detail


FILTER = {"error": {"message": "rejected by the safety system", "code": "content_policy_violation"}}
FAULTS: dict[str, tuple[Said, type[FunzaError]]] = {
    "a key that is refused": (Said(401, {"error": {"message": "no", "code": "invalid_api_key"}}), BadKey),
    "too many requests": (Said(429, {"error": {"message": "slow", "code": "rate_limit_exceeded"}}), RateLimited),
    "no credit": (Said(429, {"error": {"message": "pay", "code": "insufficient_quota"}}), OutOfCredit),
    "a filter": (Said(400, FILTER), Filtered),
    "a failure": (Said(500, {"error": {"message": "oops"}}), ServerFailed),
    "an error in a 200": (Said(200, {"error": {"message": "oops", "code": "server_error"}}), ServerFailed),
    "HTML": (Said(200, b"<html>sign in</html>"), NotText),
    "half of its JSON": (Said(200, b'{"data": [{"b64_json": "AAA'), Malformed),
    "no picture": (Said(200, {"data": []}), EmptyAnswer),
    "an address in its place": (Said(200, {"data": [{"url": "http://127.0.0.1:9/x.png"}]}), EmptyAnswer),
    "what is not base64": (Said(200, {"data": [{"b64_json": "<<<>>>"}]}), Malformed),
    "base64 of HTML": (Said(200, {"data": [{"b64_json": b64encode(b"<html>").decode()}]}), NotText),
    "a number": (Said(200, {"data": [{"b64_json": 7}]}), Malformed),
    "nested too deep": (Said(200, b"[" * 100_000), Malformed),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("name", NAMES)
def test_every_bad_answer_is_one_of_our_errors_and_says_nothing_of_theirs(
        tmp_path: Path, name: str, fault: str) -> None:
    said, kind = FAULTS[fault]
    with FakeImageVendor(png()).will(said) as vendor, pytest.raises(kind) as failed:
        asked(tmp_path, name, vendor)
    assert len(vendor.requests) == 1
    assert "oops" not in failed.value.detail
    assert failed.value.__cause__ is None
    assert "oops" not in repr(failed.value.__context__)


@pytest.mark.parametrize("name", NAMES)
def test_one_that_hangs_ends_with_its_time(tmp_path: Path, name: str) -> None:
    with FakeImageVendor(png()) as vendor:
        asked(tmp_path, name, vendor)  # imports the SDK
        vendor.will(Said(after=20.0))
        began = time.monotonic()
        with pytest.raises(TimedOut):
            asked(tmp_path, name, vendor, deadline=0.3)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("usage", [{"input_tokens": -1, "output_tokens": 2}, {"input_tokens": "9", "output_tokens": 2},
                                   {"input_tokens": 10**9, "output_tokens": 2}, [], {"input_tokens": True}])
def test_absurd_usage_is_no_usage(tmp_path: Path, usage: Any) -> None:
    with FakeImageVendor(png(), usage) as vendor:
        assert asked(tmp_path, "openai", vendor).usage is None


def test_usage_is_read(tmp_path: Path) -> None:
    with FakeImageVendor(png(), {"input_tokens": 5, "output_tokens": 6}) as vendor:
        assert asked(tmp_path, "openai", vendor).usage == Usage(5, 6)


@pytest.mark.parametrize("name", NAMES)
def test_a_request_without_a_permit_for_it_does_not_leave(tmp_path: Path, name: str) -> None:
    with FakeImageVendor(png()) as vendor:
        provider = build_image_providers(make_settings(tmp_path, **settings_for(name, vendor)))[name]
        for request in (DrawRequest("A room"), ClearedDraw("A room", permit=Permit("gemini", "x", "y"))):
            with pytest.raises(TypeError):
                provider.draw(request, provider.models()[0], Cancel(), time.monotonic() + 1)
        assert vendor.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_without_its_model_it_is_not_in_the_chain_and_says_what_to_set(tmp_path: Path, name: str) -> None:
    made = make_settings(tmp_path, **{f"{name}_api_key": "k"})
    told = build_image_providers(made)[name].readiness()
    assert told.state == "not_configured"
    assert f"{name.upper()}_IMAGE_MODEL" in told.reason


def test_after_one_that_fails_the_next_draws(tmp_path: Path) -> None:
    with FakeImageVendor(png()).will(Said(401, {})) as first, FakeImageVendor(png()) as second:
        made, calls = illustrator(tmp_path, **{**settings_for("together", first), **settings_for("openai", second)})
        got = made.draw(ORDER, Watching())
    assert (got.provider, got.fell_back) == ("openai", True)
    assert [(one.provider, one.state) for one in attempts(calls)] == [("together", "released"), ("openai", "settled")]


def test_keys_are_never_part_of_a_body(tmp_path: Path) -> None:
    with FakeImageVendor(png(), key="sk-hidden") as vendor:
        made, _ = illustrator(tmp_path, **settings_for("together", vendor, together_api_key="sk-hidden"))
        made.draw(ORDER, Watching())
        assert "sk-hidden" not in json.dumps(vendor.requests)
