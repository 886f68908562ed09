"""Kills workers with `kill -9` at random moments under load, then holds the ledger against the provider's invoice.

`python -m bench.kill9 [--kills 50] [--databases sqlite postgresql] [--workers 1 2] [--clients 8]`
Goal: no row lost, none doubled, none left reserved or open, every token that was settled as the provider billed it.

The loopback provider runs here, in a process that nobody kills, and writes each request and each bill down, fsynced.
Every question carries a word of its own and a conversation id of its own, so a request that the provider saw can be
found in the ledger even when the worker that sent it died a moment later.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import Engine, select

from bench.served import Served, serve
from chatbot.database import new_id, open_engine
from chatbot.usage.tables import ATTEMPTS, CALLS
from tests.loopback import Answer, LoopbackProvider
from tests.postgres import private_cluster

QUESTION = "Why are iron and folic acid tablets given in pregnancy? ({word})"
PROVIDER = "together"
LONGEST_RECOVERY = 60.0
"""Seconds after the load in which every row must have its end."""


@dataclass
class Load:
    """Clients that ask without pause, and what they were told."""

    url: str
    told: dict[str, str] = field(default_factory=dict)
    """Conversation -> `200`, another status, or `lost` when the connection broke."""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def answered(self) -> int:
        return sum(one == "200" for one in list(self.told.values()))

    def ask_without_pause(self) -> None:
        while not self.stop.is_set():
            conversation = new_id()
            self.told[conversation] = _ask(self.url, conversation, stream=random.random() < 0.5)
            if self.told[conversation] == "lost":
                time.sleep(0.05)


@dataclass(frozen=True)
class Audit:
    """What the ledger says, held against the invoice."""

    kills: int
    requests: int
    """That the clients sent."""
    upstream: int
    """That the provider received."""
    attempts: int
    interrupted: int
    """Attempts that a kill left undecided and recovery ended, with an estimate."""
    lost: int
    """Upstream requests without an attempt, and answers that a client got without a call that says so."""
    doubled: int
    left: int
    """Attempts still reserved, and calls still open."""
    differing: int
    """Settled attempts whose tokens are not those of the bill."""
    billed_interrupted: int
    """Prompt tokens that the provider billed for interrupted attempts."""
    booked_interrupted: int
    """Prompt tokens that the ledger estimates for them."""

    @property
    def is_whole(self) -> bool:
        return self.lost == self.doubled == self.left == self.differing == 0


def kill_workers(url: str, *, workers: int, kills: int, clients: int) -> Audit:
    """Serve from the database `url`, kill `kills` workers under load, and audit."""
    answer = Answer(text="Iron and folic acid tablets help to prevent anaemia in pregnancy.", pause=0.02,
                    first_pause=0.02)
    with LoopbackProvider(behaviour=answer) as upstream, serve(
            DATABASE_URL=url, WEB_CONCURRENCY=str(workers), TOGETHER_API_KEY="x", TOGETHER_BASE_URL=upstream.url,
            STRATEGY="cloud", LOCAL_ENGINE="off", ALLOW_UNPRICED="true") as served:
        with load(served.url, clients) as asking:
            for _ in range(kills):
                _wait_for_answers(asking, 2)
                time.sleep(random.uniform(0, 0.4))
                os.kill(random.choice(_workers(served)), signal.SIGKILL)
            _wait_for_answers(asking, 2)
        engine = open_engine(url)
        _wait_for_ends(engine)
        return audit(engine, upstream, asking.told, kills)


@contextmanager
def load(url: str, clients: int) -> Iterator[Load]:
    asking = Load(url)
    threads = [threading.Thread(target=asking.ask_without_pause) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield asking
    finally:
        asking.stop.set()
        for thread in threads:
            thread.join()


def audit(engine: Engine, upstream: LoopbackProvider, told: dict[str, str], kills: int) -> Audit:
    """Hold the ledger against the journal."""
    with engine.connect() as connection:
        calls = connection.execute(select(CALLS)).all()
        attempts = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.provider == PROVIDER)).all()
    conversation_of = {call.id: call.conversation_id for call in calls}
    tries = Counter(conversation_of[one.call_id] for one in attempts)
    word_of = {received.id: _word_in(json.dumps(received.body)) for received in upstream.requests
               if received.body is not None}  # a kill in the middle of the sending: nothing to answer, nothing to bill
    asked = Counter(word_of.values())
    known = {_word(conversation): conversation for conversation in told}
    bills = {bill["id"]: bill for bill in upstream.journal.billed}
    settled = [one for one in attempts if one.upstream_id]
    interrupted = [one for one in attempts if one.failure == "interrupted"]
    words = {_word(conversation_of[one.call_id]) for one in interrupted}
    states = {call.conversation_id: call.state for call in calls}
    return Audit(
        kills=kills, requests=len(told), upstream=len(upstream.journal.received), attempts=len(attempts),
        interrupted=len(interrupted),
        lost=sum(max(0, times - tries[known[word]]) for word, times in asked.items())
        + sum(states.get(one) != "answered" for one, status in told.items() if status == "200"),
        doubled=sum(n - 1 for n in Counter(call.conversation_id for call in calls).values())
        + sum(n - 1 for n in Counter(one.upstream_id for one in settled).values()),
        left=sum(call.state == "open" for call in calls) + sum(one.state == "reserved" for one in attempts),
        differing=sum((one.prompt_tokens, one.completion_tokens)
                      != (bills[one.upstream_id]["prompt_tokens"], bills[one.upstream_id]["completion_tokens"])
                      for one in settled if one.usage_source == "provider"),
        billed_interrupted=sum(bill["prompt_tokens"] for id, bill in bills.items() if word_of[id] in words),
        booked_interrupted=sum(one.prompt_tokens for one in interrupted))


def _ask(url: str, conversation: str, *, stream: bool) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    body = {"message": QUESTION.format(word=_word(conversation)), "conversation_id": conversation, "stream": stream}
    try:
        connection.request("POST", "/api/v1/chat", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, http.client.HTTPException):
        return "lost"
    finally:
        connection.close()
    whole = response.status == 200 and (not stream or "event: done" in text)
    return "200" if whole else "lost" if response.status == 200 else str(response.status)


def _word(conversation: str) -> str:
    """A conversation id as one word of letters: digits might be taken for somebody's number and left out."""
    return "Case" + "".join("abcdefghijklmnopqrstuvwxyzABCDEF"["0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(char)]
                            for char in conversation)


def _word_in(text: str) -> str:
    """The last such word in a request."""
    start = text.rindex("Case")
    return text[start:start + 30]


def _workers(served: Served) -> list[int]:
    return [child.pid for child in psutil.Process(served.process.pid).children()]


def _wait_for_answers(asking: Load, more: int) -> None:
    """Wait until the service works again: that many more questions were answered."""
    enough, until = asking.answered + more, time.monotonic() + 60
    while asking.answered < enough:
        if time.monotonic() > until:
            raise RuntimeError(f"no answer for a minute; clients were told {Counter(asking.told.values())}")
        time.sleep(0.01)


def _wait_for_ends(engine: Engine) -> None:
    """Wait until every row has its end, or the time for that is up."""
    until = time.monotonic() + LONGEST_RECOVERY
    while time.monotonic() < until:
        with engine.connect() as connection:
            left = [*connection.execute(select(CALLS.c.id).where(CALLS.c.state == "open")),
                    *connection.execute(select(ATTEMPTS.c.id).where(ATTEMPTS.c.state == "reserved"))]
        if not left:
            return
        time.sleep(0.2)


@contextmanager
def empty_database(kind: str) -> Iterator[str]:
    """The URL of a database of that kind, gone with the block."""
    if kind == "postgresql":
        with private_cluster() as cluster:
            yield cluster.new_database()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'funza.db'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="for each database and number of workers")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    print("database    workers  kills  requests  upstream  attempts  interrupted  lost  doubled  left  differing  "
          "interrupted prompt tokens billed/booked", flush=True)
    whole = True
    for kind in options.databases:
        for workers in options.workers:
            with empty_database(kind) as url:
                found = kill_workers(url, workers=workers, kills=options.kills, clients=options.clients)
            whole = whole and found.is_whole
            print(f"{kind:<10}  {workers:>7}  {found.kills:>5}  {found.requests:>8}  {found.upstream:>8}  "
                  f"{found.attempts:>8}  {found.interrupted:>11}  {found.lost:>4}  {found.doubled:>7}  "
                  f"{found.left:>4}  {found.differing:>9}  {found.billed_interrupted}/{found.booked_interrupted}",
                  flush=True)
    raise SystemExit(0 if whole else 1)


if __name__ == "__main__":
    main()
