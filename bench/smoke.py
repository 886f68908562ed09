"""Starts the real server as it stands on this machine, asks the main questions, prints the answers: `make smoke`."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from bench.served import serve

QUESTIONS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("a danger sign in English", "/api/v1/chat", {"message": "I am pregnant and bleeding heavily"}),
    ("a danger sign in Swahili", "/api/v1/chat", {"message": "Nina mimba na ninatokwa na damu nyingi"}),
    ("a question", "/api/v1/chat", {"message": "Why are iron and folic acid tablets given?"}),
    ("a question in Swahili", "/api/v1/chat", {"message": "Kwa nini vidonge vya madini ya chuma hutolewa?"}),
    ("what we do not know", "/api/v1/chat", {"message": "Who won the football match yesterday?"}),
    ("the local model's own words", "/v1/chat/completions",
     {"model": "local", "messages": [{"role": "user", "content": "Say hello in one sentence."}], "max_tokens": 32}),
    ("a quiz", "/get_quiz_prenatal", None),
    ("the ledger", "/api/v1/usage?by=provider", None),
    ("who would answer", "/readyz", None),
)


def ask(url: str, body: dict[str, Any] | None) -> tuple[int, Any]:
    """Status and JSON of one request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=90) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def main() -> int:
    failures = 0
    with serve() as served:
        print(f"ready after {served.ready_after:.2f} s\n")
        for title, path, body in QUESTIONS:
            began = time.perf_counter()
            status, answer = ask(served.url + path, body)
            failures += status >= 500
            shown = json.dumps(answer, ensure_ascii=False)
            print(f"== {title}: {status} in {1000 * (time.perf_counter() - began):.0f} ms\n{shown[:700]}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
