"""One extraction, start to end: the labels on the page, then a model part by part, then both held against the document.

The labels cost nothing and are always read. A model is asked about one part of the document after the other, through
the same metered calls as everything else (feature `extraction`), until every field has a value; each answer must have
the asked shape, is mended once at the most, and then the next provider is asked. Where no model answers, what the
labels say is the answer, and the ledger books it as `curated`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Engine

from chatbot.calling.completion import Completion, CompletionDone, Failed
from chatbot.calling.one_try import prompt_estimate
from chatbot.calls import Calls, Order
from chatbot.database import new_id, usd
from chatbot.documents.evidence import Document
from chatbot.documents.extraction import Extraction, ExtractionOrder
from chatbot.documents.extraction_prompt import reading_messages
from chatbot.documents.fields import Field, leaves, schema_of
from chatbot.documents.found import Found, nothing
from chatbot.documents.grounding import ground
from chatbot.documents.labels import Labels, read_labels
from chatbot.documents.merge import merge
from chatbot.documents.reading_gate import ReadingGate
from chatbot.documents.windows import LARGE, SMALL, windows
from chatbot.errors import BadAnswer, FunzaError, ServerStopping
from chatbot.providers.interface import ChatRequest, Provider
from chatbot.strategies import Candidate, Plan, Wish
from chatbot.usage.cost import CostState, weakest
from chatbot.usage.ledger import NewCall
from chatbot.usage.prices import Price
from chatbot.usage.spent import spent_on

FEATURE = "extraction"
TOKENS_A_FIELD, TOKENS_A_LIST, MOST_ANSWER_TOKENS = 60, 300, 2_000
PATIENCE = 2
"""Parts in a row that a model may fail before the rest is left to the labels; one for the embedded CPU model."""


@dataclass
class _Run:
    """How far one extraction has come."""

    order: ExtractionOrder
    document: Document
    labels: Labels
    id: str = field(default_factory=new_id)
    until: float = 0.0
    answers: list[dict[str, Found]] = field(default_factory=list)
    """What each part of the document gave."""
    done: list[Completion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: int = 0
    broken: bool = False
    """Whether a call failed: then what was spent is not exactly known."""

    def merged(self) -> dict[str, Found]:
        return {one.name: self._merged(one) for one in self.order.fields}

    def _merged(self, one: Field) -> Found:
        found = merge(one, [answer[one.name] for answer in self.answers], self.labels.found.get(one.name))
        return nothing("left_blank") if found.reason == "not_given" and one.name in self.labels.blank else found

    @property
    def complete(self) -> bool:
        """Whether every field has a value; a list may always grow."""
        found = self.merged()
        return bool(self.answers) and all(
            one.kind != "list" and found[one.name].value is not None for one in self.order.fields)


class Extractor:
    """Runs extractions. One per process; safe in threads.

    Args:
        calls: the metered way to the models.
        engine: of the ledger's database, to say what was spent.
    """

    def __init__(self, calls: Calls, engine: Engine) -> None:
        self._calls, self._engine = calls, engine

    def extract(self, order: ExtractionOrder) -> Extraction:
        """What the document says. Raises ServerStopping."""
        document = Document(order.passages)
        run = _Run(order, document, read_labels(order.fields, document), until=time.monotonic() + order.seconds)
        candidates = self._plan(order).candidates
        estimate = self.estimate(order)
        if candidates:
            self._ask_about_each_part(run, candidates)
        else:
            run.notes.append("No model could be asked: values were read by their labels.")
        if not run.done:
            self._book_the_labels(run)
        return self._extraction(run, estimate)

    def estimate(self, order: ExtractionOrder) -> Decimal | None:
        """US dollars at the most, without second tries, when the first candidate answers. None: no known price."""
        return self.estimate_parts(order)[0]

    def estimate_parts(self, order: ExtractionOrder) -> tuple[Decimal | None, int]:
        """The same, and how many calls that would be."""
        candidates = self._plan(order).candidates
        if not candidates:
            return Decimal(0), 0
        provider, model = candidates[0].provider, candidates[0].models[0]
        price = self._calls.prices.find(provider.name, model, provider.price_table)
        parts = self._parts(order, provider)
        seconds = self._calls.settings.cloud_timeout
        requests = [self._request(order, part) for part in parts]
        return cost_at_most(price, provider, model, requests, seconds), len(parts)

    def _ask_about_each_part(self, run: _Run, candidates: tuple[Candidate, ...]) -> None:
        first = candidates[0].provider
        parts = self._parts(run.order, first)
        for number, part in enumerate(parts, 1):
            if run.complete:
                return
            if time.monotonic() > run.until:
                run.notes.append(f"Models read {number - 1} of {len(parts)} parts before the time was up.")
                return
            if not self._ask(run, part, patience=1 if first.last_resort else PATIENCE):
                run.notes.append(f"Models read {number} of {len(parts)} parts; the labels were read in all of them.")
                return

    def _ask(self, run: _Run, part: str, patience: int) -> bool:
        """Ask about one part. False when asking about the next one would not help."""
        answers: list[dict[str, Any]] = []
        for event in self._calls.run(self._order(run, part, answers)):
            if isinstance(event, CompletionDone):
                run.failed = 0
                run.done.append(event.completion)
                run.answers.append({one.name: ground(one, answers[-1].get(one.name), run.document, run.labels)
                                    for one in run.order.fields})
            elif isinstance(event, Failed):
                return _may_go_on(run, event.error, patience)
        return True

    def _order(self, run: _Run, part: str, answers: list[dict[str, Any]]) -> Order:
        call = self._call(run.order, run.id)
        return Order(request=self._request(run.order, part), wish=self._wish(run.order),
                     gate=partial(ReadingGate, schema_of(run.order.fields), answers), call=call)

    def _book_the_labels(self, run: _Run) -> None:
        """Write down that the labels answered, at no cost."""
        order = Order(request=ChatRequest(()), wish=self._wish(run.order), call=self._call(run.order, run.id),
                      floor="labels", ask_models=False)
        for event in self._calls.run(order):
            if isinstance(event, Failed) and isinstance(event.error, ServerStopping):
                raise event.error

    def _request(self, order: ExtractionOrder, part: str) -> ChatRequest:
        lists = sum(one.kind == "list" for one in order.fields)
        room = 100 + TOKENS_A_FIELD * len(list(leaves(order.fields))) + TOKENS_A_LIST * lists
        return ChatRequest(reading_messages(part, order.fields, order.document_type), temperature=0.0,
                           max_tokens=min(room, MOST_ANSWER_TOKENS), schema=schema_of(order.fields))

    def _parts(self, order: ExtractionOrder, provider: Provider) -> list[str]:
        return windows(order.passages, SMALL if provider.last_resort else LARGE, _bytes_as_tokens)

    def _wish(self, order: ExtractionOrder) -> Wish:
        return Wish(order.strategy or self._calls.settings.extraction_strategy)

    def _call(self, order: ExtractionOrder, run_id: str = "") -> NewCall:
        return NewCall(FEATURE, self._wish(order).strategy, language=order.language, conversation_id=run_id,
                       principal=order.principal)

    def _plan(self, order: ExtractionOrder) -> Plan:
        return self._calls.plan(self._wish(order), self._call(order))

    def _extraction(self, run: _Run, estimate: Decimal | None) -> Extraction:
        order, first = run.order, run.done[0] if run.done else None
        spent = spent_on(self._engine, FEATURE, run.id)
        cost = None if spent.cost_nano_usd is None else usd(spent.cost_nano_usd)
        return Extraction(
            id=run.id, document_type=order.document_type, language=order.language, values=run.merged(),
            provider=first.provider if first else "curated", model=first.model if first else "labels",
            prompt_tokens=spent.prompt_tokens, completion_tokens=spent.completion_tokens, call_ids=spent.call_ids,
            cost_usd=cost, cost_state=_state(run, cost), estimate_usd=estimate, notes=tuple(run.notes))


def cost_at_most(price: Price | None, provider: Provider, model: str, requests: list[ChatRequest],
                 seconds: float) -> Decimal | None:
    """US dollars for these requests with answers as long as they may be, one try each. None: no known price.

    `seconds` that one may take, for what is billed by the hour.
    """
    if price is None:
        return None
    return usd(sum(price.most(prompt_estimate(provider, one, model), one.max_tokens, seconds) for one in requests))


def _may_go_on(run: _Run, error: FunzaError, patience: int) -> bool:
    if isinstance(error, ServerStopping):
        raise error
    run.failed += 1
    run.broken = True
    run.notes.append(f"A model was asked in vain: {error.detail}")
    return isinstance(error, BadAnswer) and run.failed < patience


def _state(run: _Run, cost: Decimal | None) -> CostState:
    """How sure the cost is: as sure as its least sure part."""
    if cost is None:
        return "unpriced"
    return weakest([*(one.usage.cost_state for one in run.done), *(["estimated"] if run.broken and cost else [])])


def _bytes_as_tokens(text: str) -> int:
    """`Provider.count_tokens` without a provider: parts must not depend on whether a tokenizer is loaded."""
    return round(len(text.encode()) / 3.2)
