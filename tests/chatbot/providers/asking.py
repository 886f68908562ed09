"""Puts one question to a provider and collects what comes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from chatbot.errors import FunzaError
from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.interface import Cancel, Delta, Finish, Message, Permit, Piece, Redacted
from chatbot.providers.row import ProviderRow
from tests.loopback import LoopbackProvider

KEY = "key-of-the-loopback-0123456789abcdef"
WORDS = "my private question about bleeding"
MODEL = "some/model"


def pointed_at(upstream: LoopbackProvider, row: ProviderRow, key: str = KEY) -> ChatCompletionsProvider:
    """The row's provider, asking `upstream`. Together's SDK adds /v1 itself."""
    address = upstream.url if row.sdk == "together" else upstream.url_v1
    return ChatCompletionsProvider(row, key=key, base_url=address, models=(MODEL,))


def request_for(name: str, **fields: Any) -> Redacted:
    """A permitted request with short time limits."""
    fields = {"messages": (Message("user", WORDS),), "first_token_timeout": 5.0, "idle_timeout": 5.0, **fields}
    return Redacted(permit=Permit(name, "chat", "test"), **fields)


@dataclass
class Outcome:
    """What one try gave: pieces, then perhaps an error."""

    pieces: list[Piece]
    error: FunzaError | None
    seconds: float

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Delta))

    @property
    def finish(self) -> Finish:
        """The one Finish, which must be the last piece."""
        assert self.error is None, self.error
        *deltas, finish = self.pieces
        assert isinstance(finish, Finish)
        assert all(isinstance(piece, Delta) and piece.text for piece in deltas)
        return finish

    def failed_with(self, kind: type[FunzaError]) -> Any:
        """The error, which must be of exactly this class."""
        assert type(self.error) is kind, (self.error, self.pieces)
        return self.error


@dataclass
class Ask:
    """Asks one provider, in one wire mode."""

    provider: ChatCompletionsProvider
    stream: bool

    def __call__(self, cancel: Cancel | None = None, **fields: Any) -> Outcome:
        request = request_for(self.provider.name, stream=self.stream, **fields)
        began, pieces, error = time.monotonic(), [], None
        try:
            for piece in self.provider.answer(request, MODEL, cancel or Cancel()):
                pieces.append(piece)
        except FunzaError as failure:  # anything else is a vendor's exception that leaked: the test must fail
            error = failure
        return Outcome(pieces, error, time.monotonic() - began)
