"""One try, from its reservation to its one end in the ledger: reserve, permit, ask, judge, settle.

It yields what may be shown and returns how it went. It knows nothing of other tries: those are `one_call.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from chatbot.alerts import alert
from chatbot.calling import call_report
from chatbot.calling.completion import Pulse
from chatbot.calling.pieces import Limits, pieces
from chatbot.calling.validity import Gate, Withheld
from chatbot.errors import End, Filtered, FunzaError, ProviderError
from chatbot.privacy.permit import Cleared
from chatbot.privacy.receipts import ReceiptSeal, row_of
from chatbot.privacy.redaction.placeholders import PutBack
from chatbot.providers.interface import Cancel, ChatRequest, Delta, Finish, Provider, Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall, Reservation
from chatbot.usage.prices import Price

TURN_OVERHEAD = 4
"""Tokens a chat template adds to each turn, about."""
TEMPLATE_TOKENS = 64
"""More than the chat templates we know put before the first turn."""
MOST_TOKENS_A_BYTE = 4
"""Our estimate is about a token for 3.2 bytes; no tokenizer makes more than one token of a byte."""
UNSEEN_TOKENS = 20_000
"""What a provider may add to a prompt or to an answer that we do not see: its own instructions, a schema, thinking."""


@dataclass(frozen=True, slots=True)
class Asking:
    """All that one try needs."""

    call_id: str
    ordinal: int
    opening: NewCall | None
    provider: Provider
    model: str
    price: Price | None
    request: Callable[[], Cleared]
    """Makes the request; for a cloud it redacts it and asks for the permit, and raises NotAllowed."""
    limits: Limits
    gate: Gate
    most_tokens: int = 8_192
    """Tokens that the answer may have: what was asked for."""
    principal: str = ""
    """Whose budget pays."""
    shows: bool = False
    """Whether a client sees the text as it comes: then a content filter ends it, and does not make it a failed try."""
    seal: ReceiptSeal | None = None
    """Seals the text of the receipt; None keeps no text."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The try became the answer; its row is still `reserved`, so that it ends together with the call's."""

    text: str
    finish_reason: str
    reserved: Reservation
    ending: Ending


def prompt_estimate(provider: Provider, request: ChatRequest, model: str) -> int:
    """Tokens of a prompt, estimated; a schema that the answer must satisfy is read by the model too."""
    schema = json.dumps(request.schema) if request.schema else ""
    pictures = sum(provider.count_picture(turn.picture, model) for turn in request.messages if turn.picture)
    return pictures + provider.count_tokens(schema) + sum(
        provider.count_tokens(message.content) + TURN_OVERHEAD for message in request.messages)


def one_try(asking: Asking, ledger: Ledger, prompt_tokens: int) -> Generator[str | Pulse, None, Answered | FunzaError]:
    """Make the try. Yields text that may be shown and pulses; returns the answer, or the error it ended with.

    Raises LedgerUnavailable when the reservation cannot be written, BudgetExhausted when a budget has no room for it,
    and NotAllowed when the request may not leave: then nobody was asked.
    """
    cleared = asking.request()
    reserved = ledger.reserve(
        asking.call_id, ordinal=asking.ordinal, provider=asking.provider.name, model=asking.model,
        price=asking.price, prompt_tokens=prompt_tokens, opening=asking.opening, principal=asking.principal,
        most=_most(asking, prompt_tokens), receipt=_receipt(asking, cleared))
    tally = _Tally(asking, prompt_tokens)
    cancel = Cancel()
    try:
        reason = yield from _listen(asking, cleared, tally, cancel)
    except FunzaError as error:
        ending = tally.failed(error)
        call_report.attempt_failed(asking.call_id, asking.provider.name, asking.model, ending)
        ledger.end(reserved, ending)
        return error
    except GeneratorExit:
        ledger.end(reserved, tally.aborted())
        raise
    finally:
        cancel()
    return Answered("".join(tally.shown), reason, reserved, tally.settled())


def _most(asking: Asking, prompt_tokens: int) -> int | None:
    """Nano-dollars that the try may cost at the most; None when nobody knows its price."""
    seconds = asking.limits.deadline - time.monotonic()
    prompt = prompt_tokens * MOST_TOKENS_A_BYTE + TEMPLATE_TOKENS
    return asking.price.most(prompt, asking.most_tokens, seconds) if asking.price else None


def _receipt(asking: Asking, cleared: Cleared) -> Callable[[str, str], dict[str, Any]] | None:
    if cleared.leaving is None:
        return None
    return row_of(cleared.leaving, provider=asking.provider.name, model=asking.model, seal=asking.seal)


def _listen(asking: Asking, cleared: Cleared, tally: _Tally, cancel: Cancel) -> Generator[str | Pulse, None, str]:
    """Read the pieces through the gate, with what was redacted put back. Returns the finish reason."""
    back = PutBack(cleared.placeholders, in_json=cleared.request.schema is not None) if cleared.placeholders else None
    try:
        for piece in pieces(asking.provider, cleared.request, asking.model, cancel, asking.limits,
                            watched=asking.shows):
            if isinstance(piece, Pulse):
                yield piece
            elif isinstance(piece, Delta):
                heard = tally.hear(piece.text)
                yield from tally.show(asking.gate.feed(back.feed(heard) if back else heard))
            else:
                tally.finish = piece
                break
        reason = tally.finish.finish_reason if tally.finish else None
        if back and (rest := back.end()):
            yield from tally.show(asking.gate.feed(rest))
        yield from tally.show(asking.gate.end(reason))
    except Withheld:
        return "withheld"
    except Filtered:
        if not (asking.shows and tally.shown):
            raise
    return reason or "stop"


class _Tally:
    """The running account of one try: its text, its tokens, its times."""

    def __init__(self, asking: Asking, prompt_tokens: int) -> None:
        self._asking = asking
        self._prompt_tokens = prompt_tokens
        self._began = time.monotonic()
        self._first_token_ms: int | None = None
        self._heard: list[str] = []
        self.shown: list[str] = []
        self.finish: Finish | None = None

    def hear(self, text: str) -> str:
        if self._first_token_ms is None:
            self._first_token_ms = self._elapsed_ms()
        self._heard.append(text)
        return text

    def show(self, text: str) -> Generator[str, None, None]:
        if text:
            self.shown.append(text)
            yield text

    def settled(self) -> Ending:
        return self._ending("settled", self._usage())

    def failed(self, error: FunzaError) -> Ending:
        """Where the provider may have billed, what came so far is booked, or the prompt's estimate."""
        state: End = "settled" if self._heard else error.ends if isinstance(error, ProviderError) else "released"
        if state == "unknown" and not self._asking.provider.leaves_machine:
            state = "released"  # nobody bills for this machine's own model
        return self._ending(state, Usage(0, 0) if state == "released" else self._usage(),
                            failure=str(getattr(error, "kind", error.code))[:20],
                            status=error.status if isinstance(error, ProviderError) else None)

    def aborted(self) -> Ending:
        """What came so far is booked; before the first token nobody knows whether it was billed."""
        return self._ending("settled" if self._heard else "unknown", self._usage(), failure="aborted")

    def _usage(self) -> Usage:
        heard = "".join(self._heard)
        reported = self.finish.usage if self.finish else None
        if reported is not None and self._is_possible(reported):
            return reported
        return Usage(self._prompt_tokens, self._asking.provider.count_tokens(heard), reported=False)

    def _is_possible(self, usage: Usage) -> bool:
        """A count that no prompt and no answer of this size can have is a mistake: an estimate is booked instead."""
        longest = self._prompt_tokens * MOST_TOKENS_A_BYTE + UNSEEN_TOKENS
        if usage.prompt_tokens <= longest and usage.completion_tokens <= self._asking.most_tokens + UNSEEN_TOKENS:
            return True
        alert("absurd_usage", self._asking.provider.name, prompt_tokens=usage.prompt_tokens,
              completion_tokens=usage.completion_tokens)
        return False

    def _ending(self, state: End, usage: Usage, *, failure: str = "", status: int | None = None) -> Ending:
        return Ending(state=state, usage=usage, failure=failure, status=status, latency_ms=self._elapsed_ms(),
                      first_token_ms=self._first_token_ms,
                      upstream_id=self.finish.upstream_id if self.finish else "")

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)
