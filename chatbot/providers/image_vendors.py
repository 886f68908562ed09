"""Together and OpenAI as providers of pictures: a row each, driven by their SDKs. A link is never followed.

To add one that speaks `images/generations` and has an SDK: a row, and its model's setting in `config.py`.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import log
from typing import Any

from pydantic import SecretStr

from chatbot.errors import FunzaError
from chatbot.providers.completion import MAX_TOKENS, label
from chatbot.providers.failures import from_error_body, from_exception
from chatbot.providers.image_bytes import MOST_BYTES, found_picture, from_base64, json_object
from chatbot.providers.image_interface import Drawn, DrawRequest, ImageProvider, must_be_cleared
from chatbot.providers.interface import Cancel, Readiness, Usage
from chatbot.providers.patience import Patience
from chatbot.providers.row import Sdk
from chatbot.providers.vendor_client import VendorClient, build_client, is_address
from config import Settings

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One vendor. The `*_setting` fields name fields of `config.Settings`."""

    name: str
    """The same as its row for text: key, breaker and invoice are the same."""
    title: str
    sdk: Sdk
    key_setting: str
    url_setting: str
    model_setting: str
    new: Callable[[DrawRequest, str], Arguments]
    """The arguments of `images.generate` for a new picture."""
    edit: Callable[[DrawRequest, str], tuple[str, Arguments]]
    """The method of `images`, and its arguments, that changes a given picture."""
    price_table: str = ""


def _together(request: DrawRequest, model: str) -> Arguments:
    """Source: docs.together.ai/reference/post-images-generations."""
    return {"model": model, "prompt": request.prompt, "negative_prompt": request.negative_prompt or None,
            "width": request.width, "height": request.height, "seed": request.seed, "steps": request.steps,
            "guidance_scale": request.guidance, "n": 1, "response_format": "base64", "output_format": "png"}


def _together_edit(request: DrawRequest, model: str) -> tuple[str, Arguments]:
    assert request.source is not None
    source = f"data:{request.source.media_type};base64,{b64encode(request.source.data).decode()}"
    return "generate", {**_together(request, model), "image_url": source}


SIZES = ((1_024, 1_024), (1_536, 1_024), (1_024, 1_536))
"""What the GPT Image models draw (platform.openai.com/docs/api-reference/images/create, `size`)."""


def _openai(request: DrawRequest, model: str) -> Arguments:
    """The GPT Image models always answer in base64; DALL-E must be asked for it. They take no seed."""
    width, height = min(SIZES, key=lambda size: abs(log(size[0] / size[1]) - log(request.width / request.height)))
    words = request.prompt
    if request.negative_prompt:
        words += f"\n\nLeave out: {request.negative_prompt}"
    return {"model": model, "prompt": words, "size": f"{width}x{height}", "n": 1,
            "response_format": "b64_json" if model.startswith("dall-e") else None}


def _openai_edit(request: DrawRequest, model: str) -> tuple[str, Arguments]:
    assert request.source is not None
    return "edit", {**_openai(request, model), "image": ("picture.jpg", request.source.data, request.source.media_type)}


IMAGE_ROWS = (
    ImageRow("together", "Together", "together", "together_api_key", "together_base_url", "together_image_model",
             _together, _together_edit),
    ImageRow("openai", "OpenAI", "openai", "openai_api_key", "openai_base_url", "openai_image_model",
             _openai, _openai_edit, price_table="openai"),
)


class ImageVendor(ImageProvider):
    """One row's provider."""

    def __init__(self, row: ImageRow, settings: Settings) -> None:
        self.row = row
        self.name, self.title, self.price_table = row.name, row.title, row.price_table
        self._key = SecretStr(getattr(settings, row.key_setting).get_secret_value().strip())
        self._base_url: str = getattr(settings, row.url_setting)
        self._model: str = getattr(settings, row.model_setting)
        self._off = row.name in settings.providers_off
        self._client: VendorClient | None = None
        self._lock = threading.Lock()

    def models(self) -> tuple[str, ...]:
        return (self._model,) if self._model else ()

    def readiness(self) -> Readiness:
        row, key = self.row, self._key.get_secret_value()
        if self._off:
            return Readiness("not_configured", f"PROVIDERS_OFF names {row.title}")
        if missing := [name.upper() for name in (row.key_setting, row.model_setting) if not self._is_set(name)]:
            return Readiness("not_configured", f"set {' and '.join(missing)} to draw with {row.title}")
        if not key.isascii() or not key.isprintable() or " " in key:
            return Readiness("not_configured", f"{row.key_setting.upper()} holds characters that no key has")
        if not is_address(self._base_url):
            return Readiness("not_configured", f"{row.url_setting.upper()} is not an address")
        if find_spec(row.sdk) is None:
            return Readiness("unavailable", f"the package {row.sdk} is missing: pip install {row.sdk}")
        return Readiness("ready")

    def draw(self, request: DrawRequest, model: str, cancel: Cancel, deadline: float) -> Drawn:
        must_be_cleared(request, self.name)
        new = ("generate", self.row.new(request, model))
        method, arguments = self.row.edit(request, model) if request.source else new
        answer = self._asked(method, arguments, cancel, deadline)
        told = json_object(answer.content, self.title)
        if told.get("error"):
            raise from_error_body(self.title, told)
        listed = told.get("data")
        first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        data = from_base64(first.get("b64_json"), self.title)
        return Drawn(data, found_picture(data, self.title), request.seed if "seed" in arguments else None,
                     usage=_usage(told.get("usage")), upstream_id=label(answer.headers.get("x-request-id")))

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _asked(self, method: str, arguments: Arguments, cancel: Cancel, deadline: float) -> Any:
        """The SDK's raw response, read to its end."""
        client = self._vendor()
        patience = Patience(cancel, 0)
        patience.until, patience.bytes_left = deadline, MOST_BYTES
        given = {name: value for name, value in arguments.items() if value is not None}
        failure: FunzaError
        try:
            with patience:
                ask = getattr(client.sdk.images.with_raw_response, method)
                return ask(**given, timeout=client.timeout(max(1.0, patience.seconds_left() + 1))).http_response
        except client.failures as error:
            failure = from_exception(self.title, error)
        raise failure  # out here: the vendor's exception holds its words, and is not even our error's context

    def _vendor(self) -> VendorClient:
        with self._lock:
            if self._client is None:
                self._client = build_client(self.row.sdk, self._key.get_secret_value(), self._base_url)
            return self._client

    def _is_set(self, setting: str) -> bool:
        return bool(self._key.get_secret_value() if setting == self.row.key_setting else self._model)


def _usage(told: object) -> Usage | None:
    """Tokens as OpenAI names them here; None when they cannot be right."""
    if not isinstance(told, Mapping):
        return None
    read, written = (_count(told.get(name)) for name in ("input_tokens", "output_tokens"))
    return None if read is None or written is None else Usage(read, written)


def _count(told: object) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= MAX_TOKENS else None
