"""What the child does with a message. Work runs in threads, so that a cancel is always heard.

    load, memory, stop          about the engine
    ask {jobs}                  one `generate`; text and ends of its jobs come while it runs, the reply when it returns
    cancel {job}                no reply
    count {text}                tokens

A message with a number `n` gets exactly one reply with the same `n`: `said` or `error`, and `broken`: why the engine
is of no more use, when it is; then the child ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import structlog

from chatbot.daemons import run_in_background
from chatbot.errors import FunzaError, NotReady, ServerFailed
from chatbot.local_model.child.relay import Relay, RelayedJob
from chatbot.local_model.child.wire import Message, Wire
from chatbot.local_model.child.words import ask_from_json, error_to_json, settings_from_json
from chatbot.local_model.engines import engine_class
from chatbot.local_model.engines.engine import Engine

log = structlog.get_logger(__name__)

BROKEN = 86
"""Exit code of a child whose engine is of no more use (a poisoned CUDA context)."""


class Serving:
    """Obeys the parent until it is gone."""

    def __init__(self, wire: Wire, engine: str) -> None:
        """`engine` is `module:Class`."""
        self._wire = wire
        self._relay = Relay(wire)
        self._name = engine
        self._engine: Engine | None = None
        self._jobs: dict[str, RelayedJob] = {}
        self._lock = threading.Lock()

    def live(self) -> None:
        """Read until the parent closes its end or dies."""
        work: dict[str, Callable[[Message], Message]] = {
            "load": self._load, "ask": self._ask, "count": self._count, "memory": self._memory, "stop": self._stop}
        for message in self._wire.messages():
            if message["do"] == "cancel":
                self._cancel(message["job"])
                continue
            if message["do"] == "ask":   # here, so that no cancel can come before its job
                self._enter(message["jobs"])
            run_in_background(partial(self._reply, work[message["do"]], message))

    def _reply(self, work: Callable[[Message], Message], message: Message) -> None:
        try:
            said = {"said": work(message)}
        except FunzaError as error:
            said = {"error": error_to_json(error)}
        except MemoryError:
            said = {"error": error_to_json(NotReady("There is too little memory for the local model.",
                                                    remedy="Run `python setup_huggingface.py --check`."))}
        except Exception as error:  # noqa: BLE001 - its words may hold a prompt, its type may not
            log.error("local_model.engine_broke", error=type(error).__name__)
            said = {"error": error_to_json(ServerFailed("The local engine broke."))}
        broken = self._engine.broken if self._engine is not None else ""
        self._relay.say({"n": message["n"], **said, "broken": broken})
        if broken:
            os._exit(BROKEN)

    def _load(self, message: Message) -> Message:
        engine = engine_class(self._name)(settings_from_json(message["settings"]))
        engine.load()
        self._engine = engine
        return {"note": engine.note}

    def _enter(self, asks: dict[str, Message]) -> None:
        with self._lock:
            for number, ask in asks.items():
                self._jobs[number] = RelayedJob(number, ask_from_json(ask), self._relay)

    def _ask(self, message: Message) -> Message:
        jobs = {number: self._jobs[number] for number in message["jobs"]}
        try:
            self._loaded().generate(list(jobs.values()))
        finally:
            for job in jobs.values():   # one that its engine forgot, or whose engine raised
                job.fail(ServerFailed("The local engine broke."))
            with self._lock:
                for number in jobs:
                    del self._jobs[number]
        return {}

    def _cancel(self, number: str) -> None:
        with self._lock:
            job = self._jobs.get(number)
        if job is not None:
            job.cancel()

    def _count(self, message: Message) -> Message:
        return {"tokens": self._loaded().count_tokens(message["text"])}

    def _memory(self, _: Message) -> Message:
        return asdict(self._loaded().memory_use())

    def _stop(self, message: Message) -> Message:
        """Free the weights and end at once: native threads must not outlive Python's own end."""
        if self._engine is not None:
            self._engine.unload()
        self._relay.say({"n": message["n"], "said": {}, "broken": ""})
        os._exit(0)

    def _loaded(self) -> Engine:
        if self._engine is None:
            raise NotReady("The local model is not loaded.")
        return self._engine
