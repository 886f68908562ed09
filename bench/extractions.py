"""Extraction: what comes out of real forms by each way, with its evidence, its nulls, and its price before and after.

    python -m bench.extractions                 labels alone, a good cloud, a cloud that invents, the embedded model
    python -m bench.extractions --values        also a table of every field: its value, evidence, and what was dropped

The clouds are the loopback provider on real sockets, priced as Together's 405B is today; tokens are its own count.
`right` counts the fields whose value (or null) is what the form says; `invented` values that it does not say;
`dropped` is what a provider said and the form does not (of the embedded model only the reason is known). The embedded
model gets ten minutes a form instead of half a minute, so that a busy machine shows what it says, and how long it took.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import structlog

from chatbot.calling.health import Health
from chatbot.calls import Calls
from chatbot.database import migrate, open_engine
from chatbot.documents.extraction import Asked, Extraction, order_for
from chatbot.documents.extractor import Extractor
from chatbot.documents.found import Found
from chatbot.documents.upload import read_upload
from chatbot.local_model.sources.embedded import fetch
from chatbot.providers import build_providers
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import PriceBook
from config import Settings, load_settings
from tests.chatbot.documents.forms import CARD_EN, CONSENT_EN, CONTRACT_KO, Form, as_docx, as_docx_table, as_pdf
from tests.chatbot.documents.readers import Reader, good, inventing
from tests.loopback import Answer, LoopbackProvider

PATIENCE = 600.0
FILES: tuple[tuple[str, Form, str, Callable[[Form], bytes]], ...] = (
    ("contract, Korean", CONTRACT_KO, "docx", as_docx), ("contract, Korean", CONTRACT_KO, "pdf", as_pdf),
    ("contract, Korean, table", CONTRACT_KO, "docx", as_docx_table),
    ("consent form", CONSENT_EN, "pdf", as_pdf), ("consent form", CONSENT_EN, "docx", as_docx),
    ("antenatal card", CARD_EN, "pdf", as_pdf), ("antenatal card", CARD_EN, "docx", as_docx_table))
HEADER = (f"{'who':<11}{'form':<26}{'file':<6}{'values':>7}{'nulls':>7}{'right':>8}{'invented':>10}{'by model':>10}"
          f"{'USD before':>12}{'USD after':>12}{'seconds':>9}")
TABLE = ("| document | provider | field | value | by | evidence | null because | dropped | USD before | USD after |\n"
         "|---|---|---|---|---|---|---|---|---|---|")


@contextmanager
def an_extractor(patience: float | None = None, **values: Any) -> Iterator[Extractor]:
    """An extractor on a ledger of its own. `patience`: seconds that a provider may take instead of its usual ones."""
    with tempfile.TemporaryDirectory() as folder:
        plain = {"database_url": f"sqlite:///{folder}/funza.db", "local_engine": "off", "model_dir": Path(folder)}
        waits = {"total_timeout": patience, "idle_timeout": patience} if patience else {}
        settings = Settings(_env_file=None, **{**plain, **waits, **values})
        engine = open_engine(settings.database_url)
        migrate(engine)
        providers = build_providers(settings)
        for provider in providers.values():
            provider.first_token_timeout = patience or provider.first_token_timeout
        try:
            calls = Calls(settings, providers, Ledger(engine), PriceBook(settings.prices_file), Health())
            yield Extractor(calls, engine)
        finally:
            for provider in providers.values():
                provider.close()
            engine.dispose()


def run(who: str, extractor: Extractor, said: Callable[[], dict[str, Any]] = dict) -> list[str]:
    """Print a line for each file. Returns the table of its fields; `said` tells what the provider answered last."""
    rows: list[str] = []
    for name, form, ending, make in FILES:
        began = time.perf_counter()
        order = order_for(read_upload(f"form.{ending}", make(form)).lines, Asked(document_type=form.document_type))
        before = extractor.estimate(order)
        found = extractor.extract(order)
        print(line(who, name, ending, form, found, before, time.perf_counter() - began))
        for note in found.notes:
            print(f"{'':<11}{note}")
        answer = said()
        rows += [row(f"{name}, {ending}", found, field, answer.get(field), before) for field in found.values]
    return rows


def row(document: str, found: Extraction, field: str, said: Any, before: Decimal | None) -> str:
    """One field, as a row of a Markdown table."""
    one = found.values[field]
    place = f"p. {one.evidence.page or '-'}: {one.evidence.quote}" if one.evidence else ""
    cells = (document, f"{found.provider}/{found.model}", field, one.value, one.by, place, one.reason,
             dropped(one, said), _usd(before), _usd(found.cost_usd))
    return "| " + " | ".join("" if cell is None else str(cell).replace("|", "/") for cell in cells) + " |"


def dropped(one: Found, said: Any) -> str:
    """What the provider said of a field and is not in the answer."""
    return "" if said is None or said == one.value else json.dumps(said, ensure_ascii=False)


def line(who: str, name: str, ending: str, form: Form, found: Extraction, before: Decimal | None,
         seconds: float) -> str:
    values = {field: one for field, one in found.values.items() if one.value is not None}
    right = sum(found.values[field].value == said for field, said in form.says.items())
    invented = sum(one.value is not None and one.value not in form.says.values() for one in found.values.values())
    by_model = sum(one.by == "model" for one in values.values())
    return (f"{who:<11}{name:<26}{ending:<6}{len(values):>7}{len(found.missing):>7}{right:>5}/{len(form.says):<2}"
            f"{invented:>10}{by_model:>10}{_usd(before):>12}{_usd(found.cost_usd):>12}{seconds:>9.2f}")


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"{amount:.6f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", action="store_true")
    parser.add_argument("--no-embedded", action="store_true")
    asked = parser.parse_args()
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells what it leaves out of a subset
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(HEADER)
    rows: list[str] = []
    with an_extractor() as extractor:
        rows += run("labels", extractor)
    for who, reader in (("cloud", good), ("hostile", inventing)):
        rows += run_with_a_cloud(who, reader)
    if not asked.no_embedded:
        model_dir = load_settings().model_dir
        fetch(model_dir)
        with an_extractor(PATIENCE, local_engine="auto", model_dir=model_dir) as extractor:
            rows += run("embedded", extractor)
    if asked.values:
        print("\n".join(["", TABLE, *rows]))


def run_with_a_cloud(who: str, reader: Reader) -> list[str]:
    with LoopbackProvider(behaviour=Answer(reader)) as upstream, an_extractor(
            together_api_key="x", together_base_url=upstream.url) as extractor:
        return run(who, extractor, lambda: json.loads(reader(upstream.requests[-1].body)))


if __name__ == "__main__":
    main()
