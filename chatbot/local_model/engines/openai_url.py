"""Any OpenAI-compatible server of yours: `transformers serve`, vLLM, llama-server, Ollama.

This is how several web workers, or several machines, share one set of weights. The server batches and owns the
weights; this engine only speaks to it, one request a job.
"""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chatbot.errors import NotReady, ProviderError, RateLimited, Refused, ServerFailed, TimedOut, Unreachable
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.job import Ask, End, Job, Turn

if TYPE_CHECKING:
    from openai import OpenAI

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 60.0
"""Seconds of silence. The caller's own deadline is shorter: it leaves, and this only frees the thread."""


class OpenAIUrl(Engine):
    """Asks through the openai SDK with its retries off: the call layer has the one retry loop."""

    slots = 16
    continuous = True
    holds_weights = False

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._client: OpenAI | None = None
        self._model = settings.model

    def load(self) -> None:
        """Make the client; when no LOCAL_MODEL names the model, ask the server for its first. Raises NotReady.

        A server that answers, with whatever, is there: `transformers serve` lists the hub's cache at /v1/models,
        which is a 500 on a machine without one, and serves a folder's model all the same.
        """
        import httpx2
        from openai import APIError, APIStatusError, OpenAI

        client = OpenAI(base_url=self.settings.base_url, api_key=self.settings.api_key or "none", max_retries=0,
                        timeout=httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT))
        try:
            served = [model.id for model in client.models.list().data]
        except APIStatusError:
            served = []
        except APIError as error:
            client.close()
            raise NotReady("The server at LOCAL_BASE_URL (ALT_TEXT_BASE_URL) does not answer.",
                           remedy="Start it, or correct its address (with its /v1).") from error
        if self.settings.model == "default":
            if not served:
                client.close()
                raise NotReady("The server at LOCAL_BASE_URL does not say which model it serves.",
                               remedy="Set LOCAL_MODEL to its name.")
            self._model = served[0]
        self._client = client

    def unload(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def generate(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._one(job)

    def _one(self, job: Job) -> None:
        import httpx2
        from openai import APIError

        if self._client is None:
            job.fail(NotReady("The server is not connected."))
            return
        try:
            stream = self._client.chat.completions.create(**_body(job.ask, self._model))
        except APIError as error:
            job.fail(_error(error))
            return
        job.on_cancel(lambda: _hang_up(stream))
        try:
            with stream:
                _read(stream, job)
        except (APIError, httpx2.HTTPError, httpx2.StreamError) as error:
            job.fail(ServerFailed(f"The local server broke off ({type(error).__name__}).", ends="unknown"))


def _hang_up(stream: Any) -> None:
    """Shut the socket under a reader that waits in another thread: closing the stream would not wake it."""
    line = stream.response.extensions["network_stream"].get_extra_info("socket")
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:   # it was closed already
        return


def _body(ask: Ask, model: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model, "messages": [{"role": turn.role, "content": _content(turn)} for turn in ask.turns],
        "max_tokens": ask.max_tokens, "temperature": ask.temperature, "stream": True,
        "stream_options": {"include_usage": True}}
    if ask.top_p is not None:
        body["top_p"] = ask.top_p
    if ask.seed is not None:
        body["seed"] = ask.seed
    if ask.stop:
        body["stop"] = list(ask.stop)
    if ask.schema is not None:
        body["response_format"] = {"type": "json_schema",
                                   "json_schema": {"name": "answer", "schema": ask.schema, "strict": True}}
    return body


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if turn.picture is None:
        return turn.content
    uri = f"data:image/jpeg;base64,{b64encode(turn.picture).decode()}"
    return [{"type": "image_url", "image_url": {"url": uri}}, {"type": "text", "text": turn.content}]


def _read(stream: Any, job: Job) -> None:
    """Pass the chunks on. A stream without a finish_reason was cut, which no exception says."""
    reason, usage = "", None
    for chunk in stream:
        if job.over:
            return
        usage = chunk.usage or usage
        for choice in chunk.choices:
            job.write(choice.delta.content or "")
            reason = choice.finish_reason or reason
    if not reason:
        job.fail(ServerFailed("The local server cut its answer off.", ends="unknown"))
        return
    job.end(End("length" if reason == "length" else "stop",
                prompt_tokens=usage.prompt_tokens if usage else 0,
                completion_tokens=usage.completion_tokens if usage else 0, counted=usage is not None))


def _error(error: Exception) -> ProviderError:
    """The SDK's exception as ours. Its text may quote the request, so it is not passed on."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return TimedOut("The local server is silent.")
    if isinstance(error, APIConnectionError):
        return Unreachable("The local server cannot be reached.", remedy="Start it, or correct LOCAL_BASE_URL.")
    if not isinstance(error, APIStatusError):
        return ServerFailed("The local server's stream is broken.")
    return _by_status(error.status_code)


def _by_status(status: int) -> ProviderError:
    if status == 429:
        return RateLimited("The local server is busy.", status=status)
    if status in (401, 403):
        return Refused("The local server wants another key.", status=status, remedy="Set LOCAL_API_KEY.")
    if status < 500:
        return Refused("The local server does not take this request.", status=status)
    return ServerFailed("The local server failed.", status=status)
