"""Plays one row of the fault table and holds what came of it against the table and the provider's invoice."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from chatbot.calling.completion import CallEvent, Completion, CompletionDone, Failed, TextDelta
from chatbot.calling.health import Health
from chatbot.calls import Calls, Order
from chatbot.errors import FunzaError
from chatbot.providers import build_providers
from chatbot.strategies import Wish
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import PriceBook
from chatbot.usage.tables import Attempt
from tests.faults.fault import WELL, Fault
from tests.faults.invoice import against_the_invoice
from tests.house import attempts, call_rows, make_engine, make_settings, order
from tests.loopback import LoopbackProvider, redirect
from tests.scripted import Scripted, answer

LIMITS = {"first_token_timeout": 1.0, "idle_timeout": 1.0, "cloud_timeout": 4, "total_timeout": 8}
BUSY = 3.0
QUIET = 0.05
"""Seconds that a good call takes at most on a machine that has nothing else to do."""
PLAYS = 3
"""How often a row is played until it comes out right: a machine that others use as well has slow moments."""


@dataclass
class Played:
    """What came of one call."""

    fault: Fault
    stream: bool
    events: list[CallEvent]
    seconds: float
    rows: list[Attempt]
    call_state: str
    calls: Calls
    first: LoopbackProvider
    second: LoopbackProvider
    complaints: list[str] = field(default_factory=list)
    plays: int = 1

    @property
    def error(self) -> FunzaError | None:
        last = self.events[-1]
        return last.error if isinstance(last, Failed) else None

    @property
    def completion(self) -> Completion | None:
        last = self.events[-1]
        return last.completion if isinstance(last, CompletionDone) else None

    @property
    def shown(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def attempts(self) -> tuple[str, ...]:
        return tuple(f"{row.provider} {row.state} {row.failure}".strip() for row in self.rows)

    @property
    def came_back(self) -> str:
        """In a few words, for the table."""
        if self.error is not None:
            return f"{'words, then ' if self.shown else ''}{self.error.code}"
        done = self.completion
        assert done is not None
        return f"answer of {done.provider}" + ("" if done.finish_reason == "stop" else f", {done.finish_reason}")


@cache
def warm_up() -> None:
    """One good call to each SDK: a process imports each with its first call, which takes half a second, once."""
    patient = {"first_token_timeout": 30, "cloud_timeout": 60, "total_timeout": 60}
    for provider in ("together", "openai"):
        fault = Fault("", "", (WELL,), (f"{provider} settled",), provider=provider, second=False, settings=patient)
        played = play(fault, False, Path(mkdtemp(prefix="warm-up-")))
        assert played.error is None


@cache
def _good_calls() -> Calls:
    """Calls to a provider that always answers at once."""
    upstream = LoopbackProvider(key="x").start()
    fault = Fault("", "", (WELL,), (), second=False, settings={"first_token_timeout": 30, "cloud_timeout": 60})
    return calls_of(fault, upstream, upstream, Path(mkdtemp(prefix="good-calls-")))


def slowness() -> float:
    """Seconds to allow on top of the table's times: some, and what three good calls take here now beyond a quiet
    machine's. Without them: `python -m bench.faults`.
    """
    began = time.monotonic()
    _good_calls().finish(order(wish=Wish("cloud")))
    return BUSY + 3 * max(0.0, time.monotonic() - began - QUIET)


def play(fault: Fault, stream: bool, folder: Path, allow: Callable[[], float] = lambda: 0.0) -> Played:
    """Make the call, up to PLAYS times, and complain of everything that is not as specified in the last one.

    `allow` gives seconds to allow on top of the table's times, because of the machine that this runs on.
    """
    for number in range(1, PLAYS + 1):
        place = folder / str(number)
        place.mkdir()
        before = allow()
        played = _play(fault, stream, place)
        if played.seconds > fault.within + max(before, allow()):
            played.complaints.append(f"{played.seconds:.2f} s, specified {fault.within} s")
        played.plays = number
        if not played.complaints:
            break
    return played


def _play(fault: Fault, stream: bool, folder: Path) -> Played:
    with providers_of(fault) as (first, second):
        calls = calls_of(fault, first, second, folder)
        if fault.prepare is not None:
            fault.prepare(calls)
        began = time.monotonic()
        events = list(calls.run(order_of(fault, stream)))
        seconds = time.monotonic() - began
        (call,) = call_rows(calls)
        played = Played(fault, stream, events, seconds, attempts(calls), call.state, calls, first, second)
        played.complaints = [*_against_the_table(played),
                             *against_the_invoice(fault.provider, first, second, played.rows)]
        for provider in calls.providers.values():
            provider.close()
    return played


@contextmanager
def providers_of(fault: Fault) -> Iterator[tuple[LoopbackProvider, LoopbackProvider]]:
    """The provider that fails and the one behind it, listening."""
    with ExitStack() as stack:
        first = LoopbackProvider(tls=_certificate() if fault.tls else None, key="x")
        second = stack.enter_context(LoopbackProvider(key="y"))
        first.will(*fault.first[:-1]).always(fault.first[-1])
        second.always(WELL)
        stack.enter_context(first)
        if fault.redirects:
            first.always(redirect(f"{second.url_v1}/chat/completions"))
        if fault.stopped:
            first.stop()
        yield first, second


def calls_of(fault: Fault, first: LoopbackProvider, second: LoopbackProvider, folder: Path) -> Calls:
    """Calls that ask the first provider, then the one behind it."""
    address = first.url if fault.provider == "together" else first.url_v1
    key = "hf_endpoint_token" if fault.provider == "hf_endpoint" else f"{fault.provider}_api_key"
    where = "hf_endpoint_url" if fault.provider == "hf_endpoint" else f"{fault.provider}_base_url"
    pointed = {key: "x", where: fault.address(address) if fault.address else address}
    behind = {"openai_api_key": "y", "openai_base_url": second.url_v1} if fault.second else {}
    settings = make_settings(folder, **{**LIMITS, **pointed, **behind, **fault.settings})
    providers = build_providers(settings)
    if fault.local:
        providers["local"] = Scripted("local", answer(fault.local), cloud=False, last_resort=True)
    return Calls(settings, providers, Ledger(make_engine(settings)), PriceBook(settings.prices_file), Health())


def order_of(fault: Fault, stream: bool) -> Order:
    """The call that the row is about."""
    return order(stream=stream, **{"wish": Wish("hybrid" if fault.local else "cloud"), "gate": fault.gate,
                                   **fault.order})


def _against_the_table(played: Played) -> Iterator[str]:
    fault, ends = played.fault, played.fault.ends_as(played.stream)
    terminal = [event for event in played.events if isinstance(event, CompletionDone | Failed)]
    if len(terminal) != 1 or terminal[0] is not played.events[-1]:
        yield f"{len(terminal)} terminal events"
    came = "answer" if played.error is None else played.error.code
    if came != ends:
        yield f"came back {came}, specified {ends}"
    if played.completion is not None and played.completion.finish_reason != fault.finish:
        yield f"finished {played.completion.finish_reason}, specified {fault.finish}"
    if played.attempts != fault.attempts_as(played.stream):
        yield f"rows {played.attempts}, specified {fault.attempts_as(played.stream)}"
    if played.call_state != (fault.call or ("answered" if ends == "answer" else "failed")):
        yield f"the call's row says {played.call_state}"
    yield from filter(None, (check(played) for check in fault.checks))


@cache
def _certificate() -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "needs the openssl command"
    folder = Path(mkdtemp(prefix="self-signed-"))
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=loopback",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
