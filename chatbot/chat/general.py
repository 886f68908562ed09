"""General text for OpenAI-compatible clients: the same call, without passages and without the health support check.

The validity gate holds. Danger signs are looked for in every user turn that nobody has answered yet, and reported in
the completion's `triage`. When no model answers, an emergency is answered with its fixed text, and any other call fails
(one that asked for JSON too: fixed words are no JSON).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from chatbot.calling.completion import CallEvent, Completion
from chatbot.calling.validity import Gate, JsonGate, TextGate
from chatbot.calls import Calls, Order
from chatbot.chat.advice import advice_on
from chatbot.errors import InvalidInput
from chatbot.knowledge.turn_tokens import broken_up
from chatbot.providers.interface import ChatRequest, Message
from chatbot.strategies import Wish, parse_wish
from chatbot.usage.ledger import NewCall
from config import Strategy


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is asked to write."""

    max_tokens: int = 512
    temperature: float = 0.7
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    """A JSON Schema the answer must satisfy, or None for free text."""


class SamplingWishes(TypedDict, total=False):
    """`Sampling`, as keyword arguments."""

    max_tokens: int
    temperature: float
    top_p: float | None
    seed: int | None
    stop: tuple[str, ...]
    schema: dict[str, Any] | None


def _said(turn: Message) -> Message:
    """A turn that cannot end itself and open another. What the client's own system turn says is left as it is.

    Nothing else is changed: whether the client's words hold data or instructions, only the client knows.
    """
    return turn if turn.role == "system" else replace(turn, content=broken_up(turn.content))


class General:
    """Completes any conversation."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def complete(self, messages: tuple[Message, ...], model: str, sampling: Sampling,
                 strategy: Strategy | None = None, principal: str = "") -> Completion:
        """The whole completion. Raises UnknownModel, InvalidInput, NoProvider."""
        return self._calls.finish(self._noticed(self._order(messages, model, sampling, strategy, principal,
                                                            stream=False)))

    def stream(self, messages: tuple[Message, ...], model: str, sampling: Sampling,
               strategy: Strategy | None = None, principal: str = "") -> Iterator[CallEvent]:
        """The completion as events: `Started`, `TextDelta`s, then one `CompletionDone` or `Failed`."""
        return self._calls.run(self._noticed(self._order(messages, model, sampling, strategy, principal, stream=True)))

    def _noticed(self, order: Order) -> Order:
        self._calls.noticed(order.triage, order.call)
        return order

    def order(self, messages: tuple[Message, ...], model: str, sampling: Sampling,
              strategy: Strategy | None = None, principal: str = "") -> Order:
        """What would be asked of a model. Raises InvalidInput."""
        return self._order(messages, model, sampling, strategy, principal, stream=False)

    def _order(self, messages: tuple[Message, ...], model: str, sampling: Sampling, strategy: Strategy | None,
               principal: str, *, stream: bool) -> Order:
        if not messages or messages[-1].role != "user":
            raise InvalidInput("The last message must be the user's.", field="messages")
        chosen, provider, name = parse_wish(model, strategy or self._calls.settings.strategy)
        advice, schema = advice_on(messages, self._calls.settings), sampling.schema
        found = advice.triage

        def gate() -> Gate:
            return TextGate() if schema is None else JsonGate(schema)

        return Order(
            request=ChatRequest(tuple(map(_said, messages)), max_tokens=sampling.max_tokens,
                                temperature=sampling.temperature, top_p=sampling.top_p, seed=sampling.seed,
                                stop=sampling.stop, schema=schema),
            wish=Wish(chosen, provider=provider, model=name),
            call=NewCall("openai", chosen, triage_level=found.level, principal=principal), gate=gate, stream=stream,
            triage=found, floor=advice.text if found.level == "emergency" and schema is None else None)
