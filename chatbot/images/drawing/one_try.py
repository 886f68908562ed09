"""One try at drawing, from its reservation to its end in the ledger: reserve, permit, draw, look, settle.

It knows nothing of other tries: those are `drawing.py`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from datetime import datetime

from chatbot.calling import call_report
from chatbot.calls import Calls
from chatbot.database import now
from chatbot.errors import ColdStart, End, FunzaError, ProviderError
from chatbot.images.drawing.drawn_picture import checked
from chatbot.images.drawing.price import most_of, price_of_picture, prompt_tokens_of, usage_of
from chatbot.images.drawing.watching import Watched
from chatbot.images.endpoint.cost import NOTHING
from chatbot.images.endpoint.sleeper import Sleeper
from chatbot.privacy.permit import Cleared, clear_to_leave
from chatbot.privacy.receipts import row_of
from chatbot.providers.image_interface import ClearedDraw, Drawn, DrawRequest, ImageProvider, MediaType
from chatbot.providers.interface import ChatRequest, Message, Redacted
from chatbot.usage.ledger import Ending, NewCall, Reservation


@dataclass(frozen=True, slots=True)
class OneTry:
    """One try that has its row."""

    provider: ImageProvider
    model: str
    reserved: Reservation
    request: DrawRequest
    began: float
    """`time.monotonic` when it was reserved."""
    at: datetime
    sleeper: Sleeper | None
    uptime_id: str

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)

    def paid_share(self) -> Reservation:
        """The reservation with the price of what it took."""
        return self.sleeper.shared(self.reserved, self.uptime_id, self.at) if self.sleeper else self.reserved


@dataclass(frozen=True, slots=True)
class Made:
    """A try that became the picture; its row is still `reserved`, so that it ends together with the call's."""

    drawn: Drawn
    media_type: MediaType
    width: int
    height: int
    paid: Reservation
    ending: Ending


class Tries:
    """Makes the tries of one drawing."""

    def __init__(self, calls: Calls, call_id: str, request: DrawRequest, call: NewCall, *, cancel: Watched,
                 deadline: float) -> None:
        self._calls = calls
        self._id = call_id
        self._request = request
        self._call = call
        self._cancel = cancel
        self._deadline = deadline

    def reserve(self, provider: ImageProvider, model: str, sleeper: Sleeper | None, uptime_id: str, *, ordinal: int,
                opening: NewCall | None) -> OneTry:
        """Write the try down before anything leaves. Raises LedgerUnavailable, NotAllowed, BudgetExhausted."""
        calls = self._calls
        price = sleeper.price if sleeper else price_of_picture(calls.prices, provider, model, self._request)
        cleared = self._cleared(provider)
        receipt = row_of(cleared.leaving, provider=provider.name, model=model,
                         seal=calls.receipt_seal) if cleared.leaving else None
        reserved = calls.ledger.reserve(
            self._id, ordinal=ordinal, provider=provider.name, model=model, price=price,
            prompt_tokens=prompt_tokens_of(self._request), opening=opening, principal=self._call.principal,
            receipt=receipt, most=most_of(price, self._request, calls.settings.image_draw_timeout))
        return OneTry(provider, model, reserved, _as_cleared(self._request, cleared), time.monotonic(), now(), sleeper,
                      uptime_id)

    def draw(self, one: OneTry) -> Made:
        """Draw and look at it. Raises ProviderError; the try's row has its end then."""
        until = min(self._deadline, one.began + self._calls.settings.image_draw_timeout)
        try:
            drawn = one.provider.draw(one.request, one.model, self._cancel, until)
            kind, width, height = checked(drawn, one.provider.title)
        except FunzaError as error:
            self._end_failed(one, error)
            raise
        except BaseException:  # a mistake of ours: the row gets its end all the same
            self._calls.ledger.end(one.reserved, Ending("unknown", usage_of(None, one.reserved.price, one.request),
                                                        one.elapsed_ms, failure="aborted"))
            raise
        paid = one.paid_share()
        ending = Ending("settled", usage_of(drawn, paid.price, one.request), one.elapsed_ms,
                        upstream_id=drawn.upstream_id)
        return Made(drawn, kind, width, height, paid, ending)

    def _end_failed(self, one: OneTry, error: FunzaError) -> None:
        """Give a failed try its end. Where the provider may have worked, its time or an estimate is booked."""
        state: End = error.ends if isinstance(error, ProviderError) else "released"
        stopped = self._cancel.requested
        if stopped and one.provider.leaves_machine:
            state = "unknown"  # we hung up; it may go on drawing
        if one.sleeper and isinstance(error, ColdStart):
            one.sleeper.fell_asleep(one.uptime_id)
        reserved = one.reserved if state == "released" else one.paid_share()
        usage = NOTHING if state == "released" else usage_of(None, reserved.price, one.request)
        ending = Ending(state, usage, one.elapsed_ms,
                        failure="aborted" if stopped else str(getattr(error, "kind", error.code))[:20],
                        status=error.status if isinstance(error, ProviderError) else None)
        call_report.attempt_failed(self._id, one.provider.name, one.model, ending)
        self._calls.ledger.end(reserved, ending)

    def _cleared(self, provider: ImageProvider) -> Cleared:
        """The words with leave to go, redacted; as they are for this machine. Raises NotAllowed."""
        request = self._request
        turns = [Message("user", request.prompt, request.source)]
        if request.negative_prompt:
            turns.append(Message("user", request.negative_prompt))
        asked = ChatRequest(tuple(turns))
        if not provider.leaves_machine:
            return Cleared(asked)
        return clear_to_leave(asked, provider=provider.name, purpose=self._call.feature,
                              policy=self._calls.settings.cloud_policy, consent=self._calls.consent_of(self._call))


def _as_cleared(request: DrawRequest, cleared: Cleared) -> DrawRequest:
    """The words that may leave, with their permit; the request as it is where nothing leaves."""
    redacted = cleared.request
    if not isinstance(redacted, Redacted):
        return request
    parts = {part.name: getattr(request, part.name) for part in fields(DrawRequest)}
    prompt, *more = (turn.content for turn in redacted.messages)
    return ClearedDraw(**{**parts, "prompt": prompt, "negative_prompt": "".join(more)}, permit=redacted.permit)
