"""The loopback provider itself: a fake that lies would make every other test lie."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import httpx
import pytest

from tests.loopback import Answer, Hang, LoopbackProvider, Status, Stream

BODY = {"model": "m", "messages": [{"role": "user", "content": "two words"}]}


def ask(upstream: LoopbackProvider, **more: object) -> httpx.Response:
    return httpx.post(f"{upstream.url_v1}/chat/completions", json={**BODY, **more}, trust_env=False, timeout=60)


def test_it_answers_and_bills_what_it_says_it_used() -> None:
    with LoopbackProvider() as upstream:
        answer = ask(upstream.will(Answer("one two three"))).json()
        assert answer["choices"][0]["message"]["content"] == "one two three"
        assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
        (bill,) = upstream.journal.billed
        assert (bill["prompt_tokens"], bill["completion_tokens"]) == (2, 3)


def test_an_answer_can_depend_on_the_question() -> None:
    with LoopbackProvider(behaviour=Answer(lambda body: body["messages"][-1]["content"].upper())) as upstream:
        assert ask(upstream).json()["choices"][0]["message"]["content"] == "TWO WORDS"


def test_behaviours_are_used_up_in_order_and_then_the_usual_one_returns() -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Status(503), Status(429))
        assert [ask(upstream).status_code for _ in range(3)] == [503, 429, 200]


@pytest.mark.parametrize("more", [
    {"extra_headers": {}}, {"model": ""}, {"messages": []}, {"messages": [{"role": "x"}]}])
def test_a_wrong_request_is_refused_and_uses_up_nothing(more: dict[str, object]) -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Status(503))
        assert ask(upstream, **more).status_code == 400
        assert ask(upstream).status_code == 503


def test_usage_is_streamed_only_when_asked_for() -> None:
    with LoopbackProvider() as upstream:
        assert "usage" not in ask(upstream, stream=True).text
        assert "usage" in ask(upstream, stream=True, stream_options={"include_usage": True}).text


def test_a_silent_cut_is_invisible_and_an_abort_is_not() -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Answer(cut_after=2), Answer(cut_after=2, abort=True))
        assert "[DONE]" not in ask(upstream, stream=True).text
        with pytest.raises(httpx.TransportError):
            ask(upstream, stream=True)


def test_it_sees_that_a_client_left() -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Hang())
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{upstream.url_v1}/chat/completions", json=BODY, trust_env=False, timeout=0.1)
        assert upstream.requests[0].client_left.wait(30)


def test_when_stopped_it_refuses_and_drops_and_it_comes_back_on_the_same_port() -> None:
    with LoopbackProvider() as upstream:
        ask(upstream)
        port = upstream.port
        upstream.stop()
        with pytest.raises(httpx.ConnectError):
            ask(upstream)
        upstream.start()
        assert upstream.port == port
        assert ask(upstream).status_code == 200
        assert len(upstream.journal.received) == 2


def test_raw_packets_arrive_as_they_are() -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Stream((b"data: a\r", 0.01, b"\n\r\n")))
        assert ask(upstream, stream=True).content == b"data: a\r\n\r\n"


def test_its_models_are_listed() -> None:
    with LoopbackProvider(models=("a", "b")) as upstream:
        listed = httpx.get(f"{upstream.url_v1}/models", trust_env=False).json()
        assert [model["id"] for model in listed["data"]] == ["a", "b"]


def test_by_hand_it_runs_and_its_invoice_survives_a_kill(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    journal = tmp_path / "invoice.jsonl"
    process = subprocess.Popen([sys.executable, "-m", "tests.loopback", "--port", str(port), "--journal", journal,
                                "--behaviour", "hang_mid_stream"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions",
                                         json.dumps({**BODY, "stream": True}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.readline()
            for _ in range(100):
                if journal.read_text().count("\n") == 2:
                    break
                time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    assert [json.loads(line)["event"] for line in journal.read_text().splitlines()] == ["received", "billed"]
