"""GGUF weights on a CPU through xllamacpp (llama.cpp in this process).

Jobs are batched continuously: each of `slots` may start while others run. Two things need care:
each `Server` opens an HTTP listener on loopback, so a random key guards it; and the prompt is read in
steps of 256 tokens so that a cancel is noticed within half a second (and it is the fastest step measured:
417 tokens a second on 2 cores, against 395 at 2048).
"""

from __future__ import annotations

import json
import os
import secrets
import urllib.request
from collections.abc import Sequence
from typing import Any

import structlog

from chatbot.errors import NotReady, ProviderError, Refused, SchemaBroken, ServerFailed
from chatbot.local_model import gguf
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.job import Ask, End, Job
from chatbot.local_model.templates import recognise, write_prompt

log = structlog.get_logger(__name__)

PROMPT_STEP = 256
"""Tokens of prompt read between two looks at whether the job was cancelled."""
_JSON_STARTS = frozenset('{["-0123456789tfn')


class LlamaCpp(Engine):
    """llama.cpp's own server object, asked by function call."""

    slots = 4
    continuous = True

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._server: Any = None
        self._key = ""
        self._format = recognise("")

    def load(self) -> None:
        if self._server is not None:
            return
        path = self.settings.path
        if path is None or not path.is_file():
            raise NotReady("The weights file is missing.", remedy="Run `python setup_huggingface.py`.")
        head = gguf.read_head(path)
        self._format = recognise(head.chat_template)
        if self.note:
            log.warning("local_model.completion_mode", model=self.settings.model, note=self.note)
        self._key = secrets.token_urlsafe(32)
        self._server = _start(str(path), min(head.context or self.settings.context, self.settings.context),
                              self.slots, self._key)

    def unload(self) -> None:
        self._server = None

    @property
    def note(self) -> str:
        return "" if self._format != "completion" else (
            f"{self.settings.model} has no chat format that we know: it completes text (few-shot) instead")

    @property
    def listening_address(self) -> str:
        """Where llama.cpp's own HTTP listener is (loopback); it answers only to our key."""
        return str(self._server.listening_address)

    def generate(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            _Run(job).through(self._server, self._body(job.ask))

    def _body(self, ask: Ask) -> dict[str, Any]:
        prompt = write_prompt(ask.turns, self._format)
        body: dict[str, Any] = {
            "prompt": prompt.text, "stop": [*prompt.stop, *ask.stop], "n_predict": ask.max_tokens,
            "temperature": ask.temperature, "stream": True, "stream_options": {"include_usage": True},
            "return_progress": True, "cache_prompt": True}
        if ask.top_p is not None:
            body["top_p"] = ask.top_p
        if ask.seed is not None:
            body["seed"] = ask.seed
        if ask.schema is not None:
            body["json_schema"] = {**ask.schema, "x-guidance": {"whitespace_flexible": False}}
        return body

    def count_tokens(self, text: str) -> int | None:
        """Tokens of `text`, from llama.cpp's own tokenizer; None when it is just being unloaded."""
        server = self._server
        if server is None:
            return None
        request = urllib.request.Request(  # noqa: S310 - our own listener on loopback
            f"{server.listening_address}/tokenize", data=json.dumps({"content": text}).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return len(json.load(answer)["tokens"])
        except OSError:
            return None


def _start(path: str, context: int, slots: int, key: str) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise NotReady("The package xllamacpp is not installed.",
                       remedy="Run `pip install -r requirements-core.txt`.") from error
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx, params.n_parallel = context * slots, slots
    params.n_batch = params.n_ubatch = PROMPT_STEP
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    params.api_keys = [key]
    params.endpoint_slots = params.ui = params.use_jinja = params.warmup = params.fit_params = False
    params.cache_ram_mib = 0  # else up to 8 GiB of old prompts stay in memory
    params.verbosity = -1     # its log holds prompts
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise NotReady("llama.cpp cannot load the weights: the file is damaged, or there is too little memory.",
                       remedy="Run `python setup_huggingface.py --check`.") from error


class _Run:
    """One job on its way through the server."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.held = ""
        self.reason = ""

    def through(self, server: Any, body: dict[str, Any]) -> None:
        if self.job.cancelled:
            return
        server.handle_completions(body, self.hear)
        self.job.fail(ServerFailed("The local engine stopped without an end."))  # dropped after a real end

    def hear(self, chunk: dict[str, Any]) -> bool:
        """Take one chunk; True stops the engine. An exception here would be swallowed by the library."""
        if self.job.over:
            return True
        if "error" in chunk:
            self.job.fail(_error(chunk["error"]))
            return True
        choice = chunk["choices"][0] if chunk.get("choices") else {}
        text, self.reason = choice.get("text", ""), choice.get("finish_reason") or self.reason
        if not self._keeps_to_schema(text):
            self.job.fail(SchemaBroken("The local engine cannot hold the answer to this schema.", ends="released"))
            return True
        self.job.write(text)
        if "usage" in chunk and self.reason:
            self.job.end(_end(self.reason, chunk["usage"]))
        return False

    def _keeps_to_schema(self, text: str) -> bool:
        """llama.cpp answers freely, and says nothing, when it cannot compile a schema: free words are no JSON."""
        if self.job.ask.schema is None:
            return True
        self.held = (self.held + text).lstrip()
        if self.reason == "stop":
            return _is_json(self.held)
        return not self.held or self.held[0] in _JSON_STARTS


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _end(reason: str, usage: dict[str, Any]) -> End:
    return End("length" if reason == "length" else "stop", prompt_tokens=usage["prompt_tokens"],
               completion_tokens=usage["completion_tokens"],
               cached_tokens=usage.get("prompt_tokens_details", {}).get("cached_tokens", 0))


def _error(error: dict[str, Any]) -> ProviderError:
    """llama.cpp's error object as ours. Its message may quote the prompt, so only its type and numbers are used."""
    if error.get("type") == "exceed_context_size_error":
        return Refused(f"The conversation is longer than the local model can read "
                       f"({error.get('n_prompt_tokens', '?')} of {error.get('n_ctx', '?')} tokens).", status=400)
    if error.get("code") == 400:
        return Refused("The local engine does not take this request.", status=400)
    return ServerFailed("The local engine failed.", status=int(error.get("code") or 500))
