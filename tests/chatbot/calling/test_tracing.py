"""One span for each call and one for each try, with the GenAI names, and none of the words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from chatbot.calling.completion import CallEvent, CompletionDone, Failed
from chatbot.calling.one_try import Answered
from chatbot.calling.tracing import NO_TRACE, Spans, trace_of
from chatbot.calls import Calls
from chatbot.errors import FunzaError, ServerFailed
from chatbot.usage.ledger import NewCall
from tests.house import make_calls, order
from tests.scripted import Scripted, answer

CALL = NewCall("chat", "hybrid", stage="antenatal", language="sw", triage_level="urgent")


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Spans:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Spans(provider.get_tracer("test"), "01CALL", CALL)


def steps(outcome: Answered | FunzaError, *shown: str) -> Iterator[str]:
    yield from shown
    return outcome  # type: ignore[return-value]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def events_of(calls: Calls) -> list[CallEvent]:
    return list(calls.run(order(stream=True)))


def test_a_call_and_its_tries_are_a_parent_and_its_children(spans: Spans, exporter: InMemorySpanExporter,
                                                            tmp_path: Path) -> None:
    """The events are real ones, of a call whose first provider fails."""
    done = next(event for event in events_of(make_calls(tmp_path, Scripted("together", answer("Iron helps.")))) if
                isinstance(event, CompletionDone))

    def call() -> Iterator[CallEvent]:
        yield from spans.attempt("openai", "gpt", steps(ServerFailed("down", status=500)))  # type: ignore[misc]
        yield from spans.attempt("together", "m1", steps(ServerFailed("down")))  # type: ignore[misc]
        yield done

    assert list(spans.call(call())) == [done]
    first, second, parent = exporter.get_finished_spans()
    assert (first.name, second.name, parent.name) == ("chat gpt", "chat m1", "chat call")
    assert {first.kind, second.kind} == {SpanKind.CLIENT}
    assert first.parent is not None
    assert first.parent.span_id == second.parent.span_id == parent.context.span_id  # type: ignore[union-attr]
    assert attributes(first) == {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt",
        "gen_ai.request.stream": True, "funza.try": 1, "error.type": "server_error", "http.response.status_code": 500}
    assert first.status.status_code is StatusCode.ERROR
    said = attributes(parent)
    assert (said["gen_ai.provider.name"], said["gen_ai.response.model"]) == ("together", "m1")
    assert said["gen_ai.usage.input_tokens"] == 10
    assert said["gen_ai.usage.output_tokens"] == 5
    assert (said["funza.tries"], said["funza.language"], said["funza.triage"]) == (2, "sw", "urgent")
    assert parent.status.status_code is StatusCode.UNSET
    assert "Iron" not in str([attributes(span) for span in (first, second, parent)])


def test_a_failed_call_names_its_error(spans: Spans, exporter: InMemorySpanExporter) -> None:
    list(spans.call(iter([Failed(ServerFailed("the words of somebody"))])))
    (span,) = exporter.get_finished_spans()
    assert attributes(span)["error.type"] == "provider_unavailable"
    assert "somebody" not in str(span.to_json())


def test_a_client_that_leaves_ends_both_spans_and_what_runs_below(spans: Spans, exporter: InMemorySpanExporter) -> None:
    closed = []

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "more"
        finally:
            closed.append(True)

    running = spans.call(spans.attempt("together", "m1", endless()))  # type: ignore[arg-type]
    assert next(running) == "more"
    running.close()  # type: ignore[attr-defined]
    attempt, call = exporter.get_finished_spans()
    assert (attributes(attempt)["error.type"], attributes(call)["error.type"]) == ("aborted", "client_gone")
    assert closed == [True]


def test_without_an_endpoint_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert trace_of("01CALL", CALL) is NO_TRACE
    events = iter([Failed(ServerFailed("x"))])
    assert NO_TRACE.call(events) is events


@pytest.mark.parametrize("environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}])
def test_the_packages_are_imported_by_a_first_call_only_when_spans_are_asked_for(environment: dict[str, str]) -> None:
    script = ("import sys; from chatbot.calling.tracing import trace_of; from chatbot.usage.ledger import NewCall\n"
              "assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
              "trace_of('x', NewCall('chat', 'hybrid'))\n"
              "print(any(name.startswith('opentelemetry') for name in sys.modules))")
    done = subprocess.run([sys.executable, "-c", script], env={"PATH": "", **environment}, capture_output=True,
                          text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == str(bool(environment))
