"""The model on this machine, as a provider. Words never leave the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from chatbot.local_model.choice import Choice, Tier, choose
from chatbot.local_model.downloads import all_downloads
from chatbot.local_model.job import Ask, End, Job, Turn
from chatbot.local_model.owner import Owner
from chatbot.local_model.shared import owner_of
from chatbot.providers.interface import Cancel, ChatRequest, Delta, Finish, Piece, Provider, Readiness, Usage
from config import Settings

LOOK_AGAIN = 5.0
"""Seconds between two looks for weights, or better ones, that were missing (a download may run beside)."""


class LocalProvider(Provider):
    """Asks the process's one owner of the local model. Making it loads nothing and imports no engine."""

    name = "local"
    leaves_machine = False

    def __init__(self, settings: Settings, owners: Callable[[Choice, Settings], Owner] = owner_of) -> None:
        """`owners` gives the owner of the chosen model: the process's one, unless told otherwise."""
        self._settings = settings
        self._owner_of = owners
        self._looked = 0.0
        self._choice = Choice()
        self._asked: Owner | None = None
        self._look()

    @property
    def choice(self) -> Choice:
        """What this machine answers with, and why."""
        if not self._choice.is_best and time.monotonic() - self._looked > LOOK_AGAIN:
            self._look()
        return self._choice

    @property
    def tier(self) -> Tier:
        """`gpu` (4 bits on a GPU), `server` (an OpenAI-compatible server of yours) or `embedded` (CPU)."""
        return self.choice.tier

    def _look(self) -> None:
        chosen, self._looked = choose(self._settings), time.monotonic()
        if self._asked is not None and chosen != self._choice and not self._leave_the_old():
            return
        self._choice = chosen
        self.last_resort = self._choice.tier == "embedded"
        self.languages = self._choice.model.languages if self._choice.model else ("en",)
        self.first_token_timeout = 30.0   # a first question also waits for the weights and for who came before

    def _leave_the_old(self) -> bool:
        """Free the weights that were used so far, for better ones that arrived; not while somebody waits for them."""
        old = self._asked
        if old is None or (status := old.status()).running or status.waiting:
            return old is None
        old.close()
        self._asked = None
        return True

    def models(self) -> tuple[str, ...]:
        """The one model that was chosen."""
        model = self.choice.model
        return (model.id,) if model else ()

    def readiness(self) -> Readiness:
        """From the files and the owner's state: nothing is loaded for it."""
        choice = self.choice
        if choice.why_not:
            return Readiness("unavailable" if choice.configured else "not_configured",
                             self._on_its_way(choice) or f"{choice.why_not} {choice.remedy}".strip())
        status = self._owner_of(choice, self._settings).status()
        if status.state in ("failed", "hung"):
            return Readiness("unavailable", status.reason)
        return Readiness("loading" if status.state == "loading" else "ready", status.reason)

    def downloads(self) -> list[dict[str, Any]]:
        """What is known of the downloads of weights on this machine, as `downloads.Download` has it."""
        return [asdict(one) for one in all_downloads(self._settings.model_dir).values()]

    def _on_its_way(self, choice: Choice) -> str:
        """How far the weights of the choice are; empty when nobody fetches them now."""
        coming = all_downloads(self._settings.model_dir).get(choice.model.id) if choice.model else None
        if coming is None or coming.state != "downloading":
            return ""
        of = f" of {coming.total / 1e6:.0f}" if coming.total else ""
        return f"The weights of {coming.model} are on their way: {coming.bytes / 1e6:.0f}{of} MB are here."

    def answer(self, request: ChatRequest, model: str, cancel: Cancel) -> Iterator[Piece]:
        """Queue one job and pass its pieces on. Raises NotReady, Busy, Refused, SchemaBroken or ServerFailed."""
        owner = self._owner_of(self.choice, self._settings)
        self._asked = owner
        job = Job(_ask(request), request.asker)
        owner.submit(job)
        cancel.on_cancel(job.cancel)
        try:
            for piece in job.pieces():
                yield _finish(piece, model) if isinstance(piece, End) else Delta(piece.text)
        finally:
            job.cancel()

    def count_tokens(self, text: str) -> int:
        """The model's own count while it is loaded, else the estimate of `Provider`."""
        counted = self._asked.count_tokens(text) if self._asked is not None and text else None
        return super().count_tokens(text) if counted is None else counted

    @property
    def has_tokenizer(self) -> bool:
        """Whether `count_tokens` is the model's own count now."""
        return self._asked is not None and self._asked.count_tokens("a") is not None

    def close(self) -> None:
        """End what runs and free the weights."""
        if self._asked is not None:
            self._asked.close()


def _ask(request: ChatRequest) -> Ask:
    return Ask(tuple(Turn(message.role, message.content, message.picture.data if message.picture else None)
                     for message in request.messages),
               max_tokens=request.max_tokens, temperature=request.temperature, top_p=request.top_p,
               seed=request.seed, stop=request.stop, schema=request.schema)


def _finish(end: End, model: str) -> Finish:
    usage = Usage(end.prompt_tokens, end.completion_tokens, end.cached_tokens) if end.counted else None
    return Finish(end.reason, usage, model)
