"""Starts every part of a larger installation for real, asks through them, breaks some, and says what happened.

    python -m bench.scaled [--keep]      PostgreSQL, Redis, `transformers serve` (a tiny random Llama on the CPU),
                                         gunicorn with 2 workers, and the loopback provider in place of a cloud

It exits 1 when something is not as it must be: a call is not answered by the part that should, one worker did all
the work, a row is lost or left undecided after a worker is killed, /metrics does not add up, a breaker that opened in
one worker is unknown to the other, or a call fails because Redis is away.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, create_engine, func, select, text

from chatbot.usage.tables import ATTEMPTS, CALLS
from deploy import parts
from deploy.parts import Part
from tests.chatbot.local_model.tiny_llama import make_tiny_llama
from tests.loopback import Answer, LoopbackProvider, Status

WORKERS = 2


class Proof:
    """The running parts, the questions put to them, and what was found."""

    def __init__(self, web: Part, redis: Part, upstream: LoopbackProvider, engine: Engine) -> None:
        self.web, self.redis, self.upstream, self.engine = web, redis, upstream, engine
        self.failures = 0
        self.statuses: Counter[int] = Counter()

    def check(self, good: bool, said: str) -> None:
        self.failures += not good
        print(f"  {'ok  ' if good else 'FAIL'} {said}", flush=True)

    def complete(self, model: str, stream: bool = False) -> tuple[int, str]:
        """Status and X-Provider of one completion; 0 when the connection broke."""
        body = {"model": model, "stream": stream, "max_tokens": 8,
                "messages": [{"role": "user", "content": "Why is iron given in pregnancy?"}]}
        request = urllib.request.Request(f"{self.web.address}/v1/chat/completions", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                response.read()
                found = response.status, response.headers["X-Provider"]
        except urllib.error.HTTPError as error:
            found = error.code, ""
        except (OSError, http.client.HTTPException):
            found = 0, ""
        self.statuses[found[0]] += 1
        return found

    def many(self, count: int, ask: Callable[[int], tuple[int, str]], at_once: int = 8) -> Counter[tuple[int, str]]:
        with ThreadPoolExecutor(at_once) as pool:
            return Counter(pool.map(ask, range(count)))

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.web.address + path, timeout=30) as response:
            return str(response.read().decode())

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.web.process.pid).children()

    def count(self, table: Any, *where: Any) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0


def the_model_server_answers(proof: Proof) -> None:
    found = proof.many(16, lambda place: proof.complete("local", stream=bool(place % 2)), 4)
    booked = proof.count(ATTEMPTS, ATTEMPTS.c.provider == "local")
    proof.check(booked >= 16, f"16 calls went to the model server through workers without weights: "
                              f"{dict(found)}, {booked} tries booked (a random model's words may be refused)")
    heavy = [one for one in proof.workers() if "torch" in _mapped(one)]
    proof.check(not heavy, f"no worker has torch loaded; {len(proof.workers())} workers of "
                           f"{[round(one.memory_info().rss / 1e6) for one in proof.workers()]} MB")


def all_workers_work(proof: Proof) -> None:
    found = proof.many(60, lambda place: proof.complete("together", stream=bool(place % 2)))
    proof.check(found == {(200, "together"): 60}, f"60 calls through the cloud's place: {dict(found)}")
    with proof.engine.connect() as connection:
        by = sorted(connection.scalars(select(func.count()).select_from(CALLS).group_by(CALLS.c.worker)))
    proof.check(len(by) == WORKERS, f"calls by worker in PostgreSQL: {by}")


def a_killed_worker_loses_nothing(proof: Proof) -> None:
    proof.upstream.always(Answer(pause=0.3))
    victim = proof.workers()[0]
    killer = threading.Timer(1.5, victim.kill)
    killer.start()
    found = proof.many(16, lambda _: proof.complete("together", stream=True), 16)
    proof.upstream.always(Answer())
    gone = sum(number for (status, _), number in found.items() if status != 200)
    print(f"       kill -9 of a worker with calls in flight: {dict(found)} (0: the connection broke)")
    until = time.monotonic() + 20
    while time.monotonic() < until and (len(proof.workers()) < WORKERS or proof.count(
            ATTEMPTS, ATTEMPTS.c.state == "reserved")):
        time.sleep(0.2)
    proof.check(len(proof.workers()) == WORKERS, "gunicorn has started another worker in its place")
    reserved = proof.count(ATTEMPTS, ATTEMPTS.c.state == "reserved") + proof.count(CALLS, CALLS.c.state == "open")
    ended = proof.count(ATTEMPTS, ATTEMPTS.c.failure == "interrupted")
    proof.check(reserved == 0, f"no row is left undecided; {ended} of the dead worker's tries are now `unknown` "
                               f"with their estimate ({gone} clients lost their answer)")
    ledger, invoice = proof.count(ATTEMPTS, ATTEMPTS.c.provider == "together"), len(proof.upstream.requests)
    proof.check(ledger == invoice, f"ledger {ledger} tries, the provider's own journal {invoice} requests")


def the_metrics_add_up(proof: Proof) -> None:
    time.sleep(0.5)
    shown = sum(float(number) for number in re.findall(r"^funza_calls_total\{.*\} (\S+)$", proof.get("/metrics"),
                                                       re.MULTILINE))
    interrupted = proof.count(CALLS, CALLS.c.state == "interrupted")
    booked = proof.count(CALLS) - interrupted
    again = {proof.get("/metrics").count("funza_calls_total{") for _ in range(6)}
    proof.check(shown == booked, f"/metrics says {shown:.0f} calls over all workers, the dead one included; the ledger "
                                 f"{booked} and {interrupted} that died uncounted")
    proof.check(len(again) == 1, "and says the same whichever worker answers")


def one_workers_breaker_is_every_workers(proof: Proof) -> None:
    proof.upstream.always(Status(500))
    before = len(proof.upstream.requests)
    proof.many(40, lambda _: proof.complete("together/meta-llama/Llama-3.3-70B-Instruct-Turbo"), 4)
    tried = len(proof.upstream.requests) - before
    time.sleep(1.0)
    states = {model["breaker"] for _ in range(8) for provider in json.loads(proof.get("/api/v1/providers"))["providers"]
              if provider["name"] == "together" for model in provider["models"] if "70B" in model["model"]}
    proof.check(states == {"open"}, f"the provider fails: {tried} tries for 40 calls, then every worker says {states}")
    proof.upstream.always(Answer())


def redis_may_go_away(proof: Proof) -> None:
    proof.redis.process.kill()
    proof.redis.process.wait()
    began = time.perf_counter()
    found = proof.many(20, lambda _: proof.complete("together"))
    proof.check(found == {(200, "together"): 20}, f"Redis killed: {dict(found)} in {time.perf_counter() - began:.1f} s")


def postgresql_may_go_away(proof: Proof, database: Part) -> None:
    before = len(proof.upstream.requests)
    database.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    database.process.wait(timeout=20)
    found = proof.many(6, lambda _: proof.complete("together"), 3)
    asked = len(proof.upstream.requests) - before
    proof.check(set(found) == {(503, "")} and asked == 0,
                f"PostgreSQL stopped: {dict(found)}, and {asked} requests went to the provider")
    chat = urllib.request.Request(f"{proof.web.address}/api/v1/chat", json.dumps(
        {"message": "I am pregnant and bleeding heavily"}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(chat, timeout=30) as response:
        level = json.load(response)["triage"]["level"]
    proof.check(level == "emergency", f"a danger sign is still answered with its help text: triage {level}")


def _mapped(process: psutil.Process) -> str:
    return Path(f"/proc/{process.pid}/maps").read_text()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the parts' logs behind and say where")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="funza-scaled-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user
    with ExitStack() as stack:
        upstream = stack.enter_context(LoopbackProvider())
        database = stack.enter_context(parts.postgres(folder / "postgres"))
        redis = stack.enter_context(parts.redis(folder / "redis"))
        model = make_tiny_llama(folder / "tiny-llama")
        server = stack.enter_context(parts.transformers_serve(model, folder, four_bit=False))
        web = stack.enter_context(parts.web(folder, {
            "WEB_CONCURRENCY": str(WORKERS), "SECRET_KEY": secrets.token_hex(32), "DATABASE_URL": database.address,
            "OUTBOX_DIR": str(folder / "outbox"), "REDIS_URL": redis.address,
            "LOCAL_ENGINE": "openai_url", "LOCAL_BASE_URL": server.address, "LOCAL_MODEL": str(model),
            "TOGETHER_API_KEY": "x", "TOGETHER_BASE_URL": upstream.url}))
        engine = create_engine(database.address)
        with engine.connect() as connection:
            print(connection.scalar(text("SELECT version()")))
        for part in (database, redis, server, web):
            user = psutil.Process(part.process.pid).username()
            print(f"{part.name}: process {part.process.pid} of user {user}")
        proof = Proof(web, redis, upstream, engine)
        for step in (the_model_server_answers, all_workers_work, a_killed_worker_loses_nothing, the_metrics_add_up,
                     one_workers_breaker_is_every_workers):
            print(step.__name__.replace("_", " "))
            step(proof)
        print("redis may go away")
        proof.upstream.always(Answer())
        time.sleep(20)  # the breaker's interval
        proof.complete("together")  # the probe that closes it
        time.sleep(1)
        redis_may_go_away(proof)
        print("postgresql may go away")
        postgresql_may_go_away(proof, database)
        engine.dispose()
    print(f"statuses in all: {dict(proof.statuses)}; {proof.failures} failures")
    if options.keep:
        print(f"logs: {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if proof.failures else 0


if __name__ == "__main__":
    sys.exit(main())
