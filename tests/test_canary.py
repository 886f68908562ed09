"""What a person writes is in no log, metric, span, database file or left-over of ours: every byte is searched.

The real server runs with two workers on a folder of its own, with its spans sent to a collector of ours and the
loopback provider as its cloud. Every text field of every route gets a word that exists nowhere else, on ways that
end well and ways that do not; the provider quotes it back in its answers and in its errors. Then every byte that the
server left anywhere is searched. Only the provider's request and the client's own answer may hold the word.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from deploy import parts
from tests.loopback import Answer, Behaviour, Body, LoopbackProvider, Status
from tests.loopback.threaded import Threaded

WORD = "zebrakanari7f3aq9"
"""Letters and figures only: no encoding of ours changes it, and nothing redacts it."""
TAUGHT = "mwalimukanari5d8bq2"
"""What an educator writes into a quiz or a document: kept in the database on purpose, and nowhere else."""
TEACHING = ("/api/v1/quizzes", "/api/v1/documents", "/api/v1/bank")
QUESTION = f"Why are iron tablets given to {WORD} in pregnancy?"
HEADERS = ("User-Agent", "Referer", "X-Request-Id", "Idempotency-Key", "Cookie", "Accept-Language", "X-Forwarded-For",
           "traceparent", "tracestate", "baggage", "X-Api-Key", "Authorization", "Origin", "Accept")
POSTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/v1/chat", {"message": QUESTION, "strategy": "cloud"}),
    ("/api/v1/chat", {"message": QUESTION, "strategy": "cloud", "stream": True}),
    ("/api/v1/chat", {"message": f"{WORD} is bleeding heavily and pregnant"}),
    ("/chat", {"message": QUESTION}),
    ("/v1/chat/completions", {"model": "cloud", "messages": [
        {"role": "system", "content": f"You help {WORD}."}, {"role": "user", "content": QUESTION, "name": WORD},
        {"role": "assistant", "content": WORD}, {"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
        "stop": [WORD], "user": WORD, "metadata": {WORD: WORD}}),
    ("/v1/chat/completions", {"model": "cloud", "messages": [{"role": "user", "content": QUESTION}], "stop": WORD}),
    ("/v1/chat/completions", {"model": "cloud", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}),
    ("/v1/chat/completions", {"model": "cloud", "messages": [{"role": "user", "content": QUESTION}],
                              "response_format": {"type": "json_schema", "json_schema": {
                                  "name": WORD, "schema": {"type": "object", "description": WORD}}}}),
    ("/v1/chat/completions", {"model": WORD, "messages": [{"role": "user", "content": QUESTION}]}),
    ("/v1/chat/completions", {"model": f"together/{WORD}", "messages": [{"role": "user", "content": QUESTION}]}),
)
QUOTED = {"error": {"message": f"cannot read: {QUESTION}", "type": WORD, "param": WORD, "code": WORD}}
WAYS: tuple[Behaviour, ...] = (
    Answer(lambda body: f"You asked: {body['messages'][-1]['content']} Iron tablets help to prevent anaemia."),
    Answer(QUESTION * 3, cut_after=4), Answer(QUESTION * 3, cut_after=4, abort=True), Answer(""),
    Answer(f"{WORD} " * 200), Answer(QUESTION, finish_reason=WORD),
    Status(400, body=QUOTED), Status(429, {"retry-after": WORD}, QUOTED), Status(500, {"x-request-id": "x"}, QUOTED),
    Status(404, body=QUOTED), Body(f"<html>{WORD}</html>".encode(), "text/html"), Body(json.dumps(QUOTED).encode()),
    Body(f'{{"{WORD}": '.encode()), Status(401, body=QUOTED),  # the last: a refused key ends all asking
)
MODELS = tuple(f"way-{place}" for place in range(len(WAYS)))
"""Each way fails on a model of its own: a breaker would keep the later ones from being asked."""


@dataclass
class Collector:
    """Takes what an OpenTelemetry exporter sends."""

    received: list[bytes] = field(default_factory=list)
    address: str = ""

    def __enter__(self) -> Collector:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                collector.received.append(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = Threaded(Handler).begin()
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.end()


@dataclass
class Installation:
    """The running server, what is around it, and all it wrote."""

    web: str
    folder: Path
    upstream: LoopbackProvider
    collector: Collector
    metrics: bytes = b""
    asked: list[int] = field(default_factory=list)
    """How often the provider was asked in each of `WAYS`."""

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> int:
        request = urllib.request.Request(self.web + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                response.read()
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.read()
            return error.code
        except OSError:
            return 0

    def post(self, path: str, body: Any, **headers: str) -> int:
        return self.send("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    def sinks(self) -> dict[str, bytes]:
        """Everything the server left: each file under its folder by name, its metrics, its spans."""
        files = {str(path.relative_to(self.folder)): path.read_bytes()
                 for path in sorted(self.folder.rglob("*")) if path.is_file()}
        return {**files, "/metrics": self.metrics, "spans": b"".join(self.collector.received)}


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, bytes], Installation]]:
    """All sinks, after everything was sent: taken while the server runs and again after it stopped."""
    folder: Path = tmp_path_factory.mktemp("server")
    (folder / "tmp").mkdir()
    with LoopbackProvider() as upstream, Collector() as collector:
        settings = {
            "DATABASE_URL": f"sqlite:///{folder}/instance/funza.db", "TMPDIR": str(folder / "tmp"),
            "MODEL_DIR": str(folder), "LOCAL_ENGINE": "off", "WEB_CONCURRENCY": "2",
            "TOGETHER_API_KEY": "x", "TOGETHER_BASE_URL": upstream.url, "ALLOW_UNPRICED": "true",
            "TOGETHER_MODEL": MODELS[0], "TOGETHER_SUCCESSORS": ",".join(MODELS[1:]),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "200", "AUTH": "off",
            "REDIS_URL": "", "PYTHONDONTWRITEBYTECODE": "1", "FIRST_TOKEN_TIMEOUT": "3"}
        with parts.web(folder, settings) as web:
            server = Installation(web.address, folder, upstream, collector)
            send_everything(server)
            time.sleep(1.0)
            server.metrics = urllib.request.urlopen(f"{web.address}/metrics", timeout=60).read()
            running = server.sinks()
        yield {**{f"{name} (while it ran)": data for name, data in running.items()}, **server.sinks()}, server


def send_everything(server: Installation) -> None:
    server.upstream.always(WAYS[0])
    send_to_every_documented_field(server)
    send_oddities(server)
    for place, way in enumerate(WAYS):
        server.upstream.always(way)
        asked = send_posts(server, place, "")
        if not asked:  # on a busy machine a breaker may have opened: it lets somebody through after 15 s
            time.sleep(16)
            asked = send_posts(server, place, "-again")
        server.asked.append(asked)


def send_posts(server: Installation, place: int, again: str) -> int:
    """Every POST that may ask a model, of the model of this way. Returns how many requests the cloud got."""
    before = len(server.upstream.requests)
    for number, (path, body) in enumerate(POSTS):
        named = {**body, "model": f"together/{MODELS[place]}"} if body.get("model") == "cloud" else body
        server.post(path, named, **{"Idempotency-Key": f"{WORD}-{place}-{number}{again}"})
    return len(server.upstream.requests) - before


def send_to_every_documented_field(server: Installation) -> None:
    """Each parameter and each property of the API's own document gets the word, whether or not it may hold it."""
    with urllib.request.urlopen(f"{server.web}/openapi.json", timeout=60) as response:
        document = json.load(response)
    for path, item in document["paths"].items():
        word = TAUGHT if path.startswith(TEACHING) else WORD
        filled = urllib.parse.quote(path).replace("%7B", "{").replace("%7D", "}")
        for name in [part[1:-1] for part in filled.replace("_", "/").split("/") if part.startswith("{")]:
            filled = filled.replace(f"{{{name}}}", word)
        for method, operation in item.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            asked = {one["name"]: word for one in operation.get("parameters", []) if one.get("in") == "query"}
            query = "?" + urllib.parse.urlencode({**asked, "q": word})
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            server.send(method.upper(), filled + query)
            if "requestBody" in operation:
                for body in _bodies(_resolved(schema, document), word):
                    server.send(method.upper(), filled, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _bodies(schema: dict[str, Any], word: str) -> list[dict[str, Any]]:
    names = list(schema.get("properties", {}))
    return [{word: word}, dict.fromkeys(names, word), *({name: word} for name in names)]


def send_oddities(server: Installation) -> None:
    """Words where no document asks for them: the form, headers, paths, broken bodies, file names, the login."""
    good = {"message": QUESTION, "strategy": "cloud"}
    for name in HEADERS:
        server.post("/api/v1/chat", good, **{name: f"Bearer {WORD}" if name == "Authorization" else WORD})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    words = urllib.parse.urlencode({"message": QUESTION, "stage": WORD, "conversation_id": WORD, "example": QUESTION,
                                    "name": WORD, "password": WORD, "csrf_token": WORD, "next": WORD}).encode()
    for path in ("/", "/login", "/logout"):
        server.send("POST", path, words, form)
    for path in (f"/{WORD}", f"/api/v1/{WORD}", f"/get_quiz_{WORD}", f"/?stage={WORD}", f"/assets/{WORD}.js",
                 f"/examples?stage={WORD}", f"/api/v1/usage?by={WORD}&since={WORD}"):
        server.send("GET", path)
    server.send(WORD.upper(), "/api/v1/chat")
    for raw in (WORD.encode(), b'{"message": "' + WORD.encode(), f'{{"message": "{WORD}\\u0000"}}'.encode(),
                f'{{"message": "{WORD} '.encode() + b'x' * 30_000 + b'"}', b"[" * 50_000 + WORD.encode()):
        server.send("POST", "/api/v1/chat", raw, {"Content-Type": "application/json"})
    server.send("POST", "/api/v1/chat", b"x", {"Content-Type": f"application/{WORD}"})
    server.send("POST", "/api/v1/chat", (f'--b\r\nContent-Disposition: form-data; name="{WORD}"; filename="{WORD}.pdf"'
                                         f"\r\n\r\n{WORD}\r\n--b--\r\n").encode(),
                {"Content-Type": "multipart/form-data; boundary=b"})
    lesson = (f'--b\r\nContent-Disposition: form-data; name="file"; filename="{TAUGHT}.txt"\r\n\r\n'
              f"{TAUGHT} says that iron prevents weak blood.\r\n--b--\r\n").encode()
    assert server.send("POST", "/api/v1/documents", lesson, {"Content-Type": "multipart/form-data; boundary=b"}) == 201
    leave_in_the_middle(server)


def leave_in_the_middle(server: Installation) -> None:
    """A client that asks for a stream and hangs up."""
    import socket

    server.upstream.always(Answer(QUESTION, pause=0.3))
    host, _, port = server.web.rpartition("/")[2].partition(":")
    body = json.dumps({"model": "cloud", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}).encode()
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        line.recv(10)
    time.sleep(2)


def shapes(word: str) -> dict[str, bytes]:
    """The word as it might be written down: plain, as hex, in UTF-16, and inside any base64."""
    raw = word.encode()
    inside = {f"base64, {lead} before": base64.b64encode(b"\0" * lead + raw)[4 * (lead > 0):-4] for lead in range(3)}
    return {"plain": raw, "hex": raw.hex().encode(), "utf-16": word.encode("utf-16-le"), **inside}


def test_no_sink_holds_a_word_that_a_person_wrote(left_behind: tuple[dict[str, bytes], Installation]) -> None:
    sinks, _ = left_behind
    found = [f"{name}: {shape}, near {data[max(0, (at := data.lower().find(needle.lower())) - 160):at + 60]!r}"
             for name, data in sinks.items() for shape, needle in shapes(WORD).items()
             if (needle in data or (shape in ("plain", "hex") and needle.lower() in data.lower()))]
    assert not found, "\n".join(found)


def test_what_an_educator_writes_is_in_the_database_and_nowhere_else(
        left_behind: tuple[dict[str, bytes], Installation]) -> None:
    sinks, _ = left_behind
    holding = {name for name, data in sinks.items() if any(shape in data for shape in shapes(TAUGHT).values())}
    assert {name for name in holding if not name.startswith("instance/funza.db")} == set()
    assert holding


def test_the_search_would_find_it(left_behind: tuple[dict[str, bytes], Installation]) -> None:
    """The word did travel, every sink was in use, and what is searched is what the server wrote."""
    sinks, server = left_behind
    assert any(WORD in json.dumps(request.body) for request in server.upstream.requests)
    assert all(server.asked), f"some way was never met: {server.asked}"
    everything = b"".join(data for name, data in sinks.items() if name.startswith("instance/"))
    for name, data, known in (
            ("the log", sinks["web.log"], b'"event": "call"'), ("the database", everything, b"together"),
            ("the metrics", sinks["/metrics"], b"funza_calls_total"),
            ("the spans", sinks["spans"], b"gen_ai.request.model")):
        assert known in data, f"{name} is not where it is looked for"
    assert any("journal" in name for name in sinks), "SQLite's journal is not where it is looked for"
    assert any(name.startswith("tmp/funza-metrics") for name in sinks), "the workers' numbers are not searched"


@pytest.mark.parametrize("lead", [0, 1, 2, 3, 4, 5])
def test_the_search_sees_through_base64(lead: int) -> None:
    hidden = base64.b64encode(os.urandom(lead) + WORD.encode() + b" and more")
    assert any(shape in hidden for name, shape in shapes(WORD).items() if name.startswith("base64"))
