"""Extraction: what comes out of real forms by each way, with its evidence, its nulls, and its price before and after.

    python -m bench.extractions                 labels alone, a good cloud, a cloud that invents, the embedded model
    python -m bench.extractions --values        also every value with its page and quote

The clouds are the loopback provider on real sockets, priced as Together's 405B is today; tokens are its own count.
`right` counts the fields whose value (or null) is what the form says; `invented` values that it does not say.
Korean PDFs need a font with Hangul (Debian: fonts-nanum, or FUNZA_TEST_KOREAN_FONT).
"""

from __future__ import annotations

import argparse
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
from chatbot.documents.lines import read_file
from chatbot.local_model.sources.embedded import fetch
from chatbot.providers import build_providers
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import PriceBook
from config import Settings, load_settings
from tests.chatbot.documents.forms import CARD_EN, CONSENT_EN, CONTRACT_KO, Form, as_docx, as_docx_table, as_pdf
from tests.chatbot.documents.readers import good, inventing
from tests.loopback import Answer, LoopbackProvider

FILES: tuple[tuple[str, Form, str, Callable[[Form], bytes | None]], ...] = (
    ("contract, Korean", CONTRACT_KO, "docx", as_docx), ("contract, Korean", CONTRACT_KO, "pdf", as_pdf),
    ("contract, Korean, table", CONTRACT_KO, "docx", as_docx_table),
    ("consent form", CONSENT_EN, "pdf", as_pdf), ("consent form", CONSENT_EN, "docx", as_docx),
    ("antenatal card", CARD_EN, "pdf", as_pdf), ("antenatal card", CARD_EN, "docx", as_docx_table))
HEADER = (f"{'who':<11}{'form':<26}{'file':<6}{'values':>7}{'nulls':>7}{'right':>8}{'invented':>10}{'by model':>10}"
          f"{'USD before':>12}{'USD after':>12}{'seconds':>9}")


@contextmanager
def an_extractor(**values: Any) -> Iterator[Extractor]:
    """An extractor on a ledger of its own."""
    with tempfile.TemporaryDirectory() as folder:
        plain = {"database_url": f"sqlite:///{folder}/funza.db", "local_engine": "off", "model_dir": Path(folder)}
        settings = Settings(_env_file=None, **{**plain, **values})
        engine = open_engine(settings.database_url)
        migrate(engine)
        providers = build_providers(settings)
        try:
            calls = Calls(settings, providers, Ledger(engine), PriceBook(settings.prices_file), Health())
            yield Extractor(calls, engine)
        finally:
            for provider in providers.values():
                provider.close()
            engine.dispose()


def run(who: str, extractor: Extractor, *, show: bool, most: int = len(FILES)) -> None:
    """One line for each file."""
    for name, form, ending, make in FILES[:most]:
        data = make(form)
        if data is None:
            print(f"{who:<11}{name:<26}{ending:<6}  not made: no font with Hangul here")
            continue
        began = time.perf_counter()
        order = order_for(read_file(f"form.{ending}", data), Asked(document_type=form.document_type))
        before = extractor.estimate(order)
        found = extractor.extract(order)
        print(line(who, name, ending, form, found, before, time.perf_counter() - began))
        if show:
            for field, one in found.values.items():
                place = f"p. {one.evidence.page or '-'}: {one.evidence.quote}" if one.evidence else one.reason
                print(f"    {field:<18}{one.value!s:<36}{one.by or '':<7}{place}")


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
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(HEADER)
    with an_extractor() as extractor:
        run("labels", extractor, show=asked.values)
    with LoopbackProvider() as upstream:
        cloud = {"together_api_key": "x", "together_base_url": upstream.url}
        for who, reader in (("cloud", good), ("hostile", inventing)):
            upstream.always(Answer(reader))
            with an_extractor(**cloud) as extractor:
                run(who, extractor, show=asked.values)
    if not asked.no_embedded:
        model_dir = load_settings().model_dir
        fetch(model_dir)
        with an_extractor(local_engine="auto", model_dir=model_dir) as extractor:
            run("embedded", extractor, show=asked.values)


if __name__ == "__main__":
    main()
