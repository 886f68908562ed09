"""A dedicated endpoint at Hugging Face that draws (SDXL), through `huggingface_hub.InferenceClient`.

The library shapes the request; the bytes go over our own connection pool, because the library's has no deadline,
follows redirects, takes a key from the environment, and opens a stranger's picture with Pillow in this very process.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import SecretStr

from chatbot.errors import ColdStart, EndpointPaused, FunzaError
from chatbot.providers.completion import label
from chatbot.providers.failures import from_exception, from_status
from chatbot.providers.image_bytes import MOST_BYTES, found_picture
from chatbot.providers.image_endpoint_state import ASLEEP, Seen, seen_in_answer, seen_in_status
from chatbot.providers.image_interface import Drawn, DrawRequest, ImageProvider, must_be_cleared
from chatbot.providers.interface import Cancel, Readiness
from chatbot.providers.patience import Patience
from chatbot.providers.vendor_client import build_http, is_address
from config import Settings

if TYPE_CHECKING:
    from huggingface_hub import InferenceClient

TITLE = "The drawing endpoint"
RESUME = "Resume it at Hugging Face, or take IMAGE_ENDPOINT_URL out of the settings."
HOLD = "X-Scale-Up-Timeout"
"""Seconds for which the proxy may hold a request while the endpoint wakes.

Source: huggingface.co/docs/inference-endpoints/guides/autoscaling.
"""
STATUS_SECONDS = 5.0


class _Received(Exception):
    """Leaves `text_to_image` with the bytes, before it gives them to Pillow: they are only decoded when confined."""

    def __init__(self, data: bytes, upstream_id: str) -> None:
        super().__init__()
        self.data = data
        self.upstream_id = upstream_id


class ImageEndpoint(ImageProvider):
    """Draws, and says how its machine is."""

    name = "image_endpoint"
    title = TITLE
    sleeps = True

    def __init__(self, settings: Settings) -> None:
        self._url = settings.image_endpoint_url
        self._status_url = settings.image_endpoint_status_url
        self._token = SecretStr(settings.image_endpoint_token.get_secret_value().strip())
        self._model = settings.image_endpoint_model
        self._off = self.name in settings.providers_off
        self._lock = threading.Lock()
        self._pool: tuple[Any, Any, tuple[type[Exception], ...]] | None = None

    @property
    def url(self) -> str:
        return self._url

    def models(self) -> tuple[str, ...]:
        return (self._model,)

    def readiness(self) -> Readiness:
        token = self._token.get_secret_value()
        if self._off or not self._url:
            why = "PROVIDERS_OFF names it" if self._off else "set IMAGE_ENDPOINT_URL to draw with an endpoint of yours"
            return Readiness("not_configured", why)
        if not is_address(self._url):
            return Readiness("not_configured", "IMAGE_ENDPOINT_URL is not an address")
        if not token.isascii() or not token.isprintable() or " " in token:
            return Readiness("not_configured", "IMAGE_ENDPOINT_TOKEN holds characters that no token has")
        return Readiness("ready")

    def draw(self, request: DrawRequest, model: str, cancel: Cancel, deadline: float) -> Drawn:
        must_be_cleared(request, self.name)
        patience = Patience(cancel, 0)
        patience.until, patience.bytes_left = deadline, MOST_BYTES
        http, client, failures = self._connections()
        failure: FunzaError
        try:
            self._ask(request, patience, http, client)
        except _Received as received:
            kind = found_picture(received.data, TITLE)
            return Drawn(received.data, kind, request.seed, upstream_id=received.upstream_id)
        except failures as error:
            failure = from_exception(TITLE, error)
        raise failure

    def probe(self, hold: float, cancel: Cancel, seconds: float) -> Seen:
        """Look how it is; if it sleeps, this wakes it. `hold`: seconds that the proxy may hold the request meanwhile.

        Raises ProviderError when nobody answers, or does not take our token.
        """
        if (seen := self._told_state(cancel)) in ("paused", "failed"):
            return seen
        status, headers, body = self._get(self._url, cancel, seconds, hold=hold)
        found = seen_in_answer(status, body)
        if found is None:
            raise from_status(TITLE, status, headers, {})
        return found

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool[1].close()

    def _told_state(self, cancel: Cancel) -> Seen | None:
        """What Hugging Face says of it; None when that is not set up, or says nothing."""
        if not self._status_url:
            return None
        status, _, body = self._get(self._status_url, cancel, STATUS_SECONDS)
        return seen_in_status(body) if status == 200 else None

    def _get(self, url: str, cancel: Cancel, seconds: float, *, hold: float = 0.0) -> tuple[int, Any, bytes]:
        http, client, failures = self._connections()
        headers = self._headers() | ({HOLD: str(max(1, round(hold)))} if hold else {})
        try:
            with Patience(cancel, seconds):
                answer = client.get(url, headers=headers, timeout=http.Timeout(seconds + 1))
                return answer.status_code, answer.headers, answer.content[:100_000]
        except failures as error:
            failure = from_exception(TITLE, error)
        raise failure

    def _ask(self, request: DrawRequest, patience: Patience, http: Any, client: Any) -> NoReturn:
        """Raises _Received with the answer, ProviderError for a bad one, and what the HTTP library raises."""
        def post(parameters: Any, *, stream: bool = False) -> bytes:
            with patience, client.stream(
                    "POST", parameters.url, json=parameters.json, content=parameters.data,
                    headers={**parameters.headers, "accept": "image/png"},
                    timeout=http.Timeout(max(1.0, patience.seconds_left() + 1))) as answer:
                data = answer.read()
            if answer.status_code != 200:
                raise _failed(answer.status_code, answer.headers, data)
            raise _Received(data, label(answer.headers.get("x-request-id")))

        library = _inference_client()(model=self._url, token=self._token.get_secret_value() or "none")
        library._inner_post = post  # type: ignore[assignment,method-assign]
        if request.source is None:
            library.text_to_image(
                request.prompt, negative_prompt=request.negative_prompt or None, width=request.width,
                height=request.height, num_inference_steps=request.steps, guidance_scale=request.guidance,
                seed=request.seed)
        else:
            more = {"strength": request.strength, "seed": request.seed}
            library.image_to_image(
                request.source.data, prompt=request.prompt, negative_prompt=request.negative_prompt or None,
                num_inference_steps=request.steps, guidance_scale=request.guidance, **more)  # type: ignore[arg-type]
        raise AssertionError("the library answered without asking")

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token.get_secret_value() or 'none'}"}

    def _connections(self) -> tuple[Any, Any, tuple[type[Exception], ...]]:
        with self._lock:
            if self._pool is None:
                _inference_client()  # 0.3 s that a first drawing must not pay for
                self._pool = build_http(self._url, send_key=bool(self._token.get_secret_value()))
            return self._pool


def _inference_client() -> type[InferenceClient]:
    from huggingface_hub import InferenceClient

    return InferenceClient


def _failed(status: int, headers: Any, body: bytes) -> FunzaError:
    """What an answer that is no picture means."""
    if status in ASLEEP:
        return ColdStart(f"{TITLE} sleeps and wakes up", status=status)
    if seen_in_answer(status, body) == "paused":
        return EndpointPaused(f"{TITLE} is paused.", status=status, remedy=RESUME)
    return from_status(TITLE, status, headers, {})
