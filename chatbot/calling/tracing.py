"""OpenTelemetry spans of calls and tries, with the GenAI names; nothing at all unless it is asked for.

Spans are made when the packages of requirements-otel.txt are installed and OTEL_EXPORTER_OTLP_ENDPOINT (or its
..._TRACES_ENDPOINT) says where they go: one for each call and, under it, one for each try. They hold names and
numbers, never a word of the conversation: gen_ai.input.messages and its like are left out on purpose.
Names: opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog

from chatbot.calling.completion import CallEvent, Completion, CompletionDone, Failed
from chatbot.calling.one_try import Answered
from chatbot.errors import FunzaError, ProviderError
from chatbot.usage.ledger import NewCall

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

log = structlog.get_logger()
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROVIDER_NAMES = {"gemini": "gcp.gemini"}
"""Where the convention's name of a provider is not ours."""
Steps = TypeVar("Steps")


class Trace(Protocol):
    """Watches the events of one call and the steps of its tries, and passes them on unchanged."""

    def call(self, events: Iterator[CallEvent]) -> Iterator[CallEvent]: ...

    def attempt(self, provider: str, model: str, steps: Generator[Steps, None, Answered | FunzaError],
                ) -> Generator[Steps, None, Answered | FunzaError]: ...


class _NoTrace:
    """What most installations have."""

    def call(self, events: Iterator[CallEvent]) -> Iterator[CallEvent]:
        return events

    def attempt(self, provider: str, model: str, steps: Generator[Steps, None, Answered | FunzaError],
                ) -> Generator[Steps, None, Answered | FunzaError]:
        return steps


class Spans:
    """The spans of one call. The tries know their parent by reference: a generator may be closed by another thread,
    where OpenTelemetry's own current context would be somebody else's."""

    def __init__(self, tracer: Tracer, call_id: str, call: NewCall) -> None:
        from opentelemetry.trace import set_span_in_context

        self._tracer = tracer
        self._tries = 0
        self._span = tracer.start_span(f"{call.feature} call", attributes={
            "gen_ai.operation.name": "chat", "funza.call.id": call_id, "funza.feature": call.feature,
            "funza.strategy": call.strategy, "funza.stage": call.stage, "funza.language": call.language,
            "funza.triage": call.triage_level})
        self._here = set_span_in_context(self._span)

    def call(self, events: Iterator[CallEvent]) -> Iterator[CallEvent]:
        """Pass the events on; end the span with the call, also when nobody listens to its end."""
        error = "client_gone"
        try:
            for event in events:
                if isinstance(event, CompletionDone):
                    error = ""
                    self._span.set_attributes(_said(event.completion))
                elif isinstance(event, Failed):
                    error = event.error.code
                yield event
        finally:
            if isinstance(events, Generator):
                events.close()
            self._span.set_attribute("funza.tries", self._tries)
            _end(self._span, error)

    def attempt(self, provider: str, model: str, steps: Generator[Steps, None, Answered | FunzaError],
                ) -> Generator[Steps, None, Answered | FunzaError]:
        """Pass the steps of one try on, and what it came to."""
        from opentelemetry.trace import SpanKind

        self._tries += 1
        span = self._tracer.start_span(f"chat {model}", context=self._here, kind=SpanKind.CLIENT, attributes={
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": PROVIDER_NAMES.get(provider, provider),
            "gen_ai.request.model": model, "gen_ai.request.stream": True, "funza.try": self._tries})
        error = "aborted"
        try:
            outcome = yield from steps
            error = _failure(span, outcome)
            return outcome
        finally:
            _end(span, error)


def trace_of(call_id: str, call: NewCall) -> Trace:
    """The trace of a new call; one that does nothing unless spans are asked for."""
    tracer = _tracer()
    return NO_TRACE if tracer is None else Spans(tracer, call_id, call)


NO_TRACE = _NoTrace()


@cache
def _tracer() -> Tracer | None:
    """The tracer of this process. Made at its first call: an exporter's thread would not survive gunicorn's fork."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter") is None:
        log.warning("no_spans", reason="pip install -r requirements-otel.txt")
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create(
        {"service.name": os.environ.get("OTEL_SERVICE_NAME", "funza-mama")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("funza")


def _said(done: Completion) -> dict[str, Any]:
    usage = done.usage
    said: dict[str, Any] = {
        "gen_ai.provider.name": PROVIDER_NAMES.get(done.provider, done.provider), "gen_ai.response.model": done.model,
        "gen_ai.response.finish_reasons": [done.finish_reason], "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens, "funza.cost_state": usage.cost_state,
        "funza.fell_back": done.fell_back, "funza.provenance": done.provenance}
    return said if usage.cost_usd is None else {**said, "funza.cost_usd": float(usage.cost_usd)}


def _failure(span: Span, outcome: Answered | FunzaError) -> str:
    """Write on the span what a try came to; return its failure, empty when it answered."""
    if isinstance(outcome, FunzaError):
        if isinstance(outcome, ProviderError) and outcome.status is not None:
            span.set_attribute("http.response.status_code", outcome.status)
        return outcome.kind if isinstance(outcome, ProviderError) else outcome.code
    usage = outcome.ending.usage
    span.set_attributes({
        "gen_ai.response.finish_reasons": [outcome.finish_reason], "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens})
    if outcome.ending.first_token_ms is not None:
        span.set_attribute("gen_ai.response.time_to_first_chunk", outcome.ending.first_token_ms / 1000)
    return ""


def _end(span: Span, error: str) -> None:
    from opentelemetry.trace import StatusCode

    if error:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR)
    span.end()
