"""Quizzes: what an accepted item takes by path, what 1,000 quizzes cost, and samples for a person to judge.

    python -m bench.quizzes [--items 20]                  seconds, tokens, dollars by path; cascade against 405B alone
    python -m bench.quizzes --samples 100 [--page x.md]   a bare machine's items with their lint, and a page to read

Dollars: today's price book for Together's 405B. Tokens: our own estimate (bytes / 3.2, which errs towards too many).
A loopback provider stands in for the cloud: its seconds are ours alone, and it answers each card well, so that the 405B
is hardly ever charged for a second try.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import structlog

from chatbot.calling.health import Health
from chatbot.calls import Calls
from chatbot.database import migrate, open_engine, usd
from chatbot.knowledge.cards import Language, all_cards
from chatbot.local_model.sources.embedded import fetch
from chatbot.providers import build_providers
from chatbot.quizzes.item import Item
from chatbot.quizzes.lint import blocking, lint_item, lint_set
from chatbot.quizzes.making.events import QuizDone
from chatbot.quizzes.making.generate import QuizMaker
from chatbot.quizzes.making.order import QuizOrder
from chatbot.quizzes.stems import stem_key
from chatbot.stages import all_stages
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import PriceBook
from config import Settings, load_settings
from tests.chatbot.quizzes.writers import good
from tests.loopback import NO_USAGE, Answer, LoopbackProvider

QUIZ = 10
"""Items of a quiz."""
SEED = 1
TEXT = ("The cord stump falls off after one to two weeks, so keep it clean and dry. The first bath waits for 24 hours. "
        "A newborn feeds 8 to 12 times in a day. Only breast milk is given for six months. "
        "The mother and the baby stay in the facility for at least one day.")


@dataclass(frozen=True)
class Row:
    """What one path took."""

    path: str
    items: Sequence[Item]
    asked: int
    seconds: float

    @property
    def made(self) -> list[Item]:
        return [item for item in self.items if item.made_by.path == self.path]

    def line(self) -> str:
        """Accepted items, and what each took; of none, what was spent in vain."""
        tokens = sum(item.made_by.prompt_tokens + item.made_by.completion_tokens for item in self.items)
        each = max(len(self.made), 1)
        figures = f"{self.seconds / each:>14.3f}{tokens / each:>16.0f}{usd(_cost(self.items)) / each:>16.6f}"
        return f"{self.path:<10}{len(self.made):>5} of {self.asked:<5}{figures}{'' if self.made else '   in vain'}"


@contextmanager
def a_maker(**values: object) -> Iterator[QuizMaker]:
    """A quiz maker on a ledger of its own."""
    with tempfile.TemporaryDirectory() as folder:
        plain = {"database_url": f"sqlite:///{folder}/funza.db", "local_engine": "off", "model_dir": Path(folder)}
        settings = Settings(_env_file=None, **{**plain, **values})  # type: ignore[arg-type]
        engine = open_engine(settings.database_url)
        migrate(engine)
        providers = build_providers(settings)
        try:
            calls = Calls(settings, providers, Ledger(engine), PriceBook(settings.prices_file), Health())
            yield QuizMaker(calls, engine, seed=SEED)
        finally:
            for provider in providers.values():
                provider.close()
            engine.dispose()


def timed(path: str, maker: QuizMaker, order: QuizOrder) -> Row:
    began = time.perf_counter()
    (*_, end) = maker.make(order)
    items = end.items if isinstance(end, QuizDone) else ()
    return Row(path, items, order.count, time.perf_counter() - began)


def by_path(items: int) -> None:
    """Print the table of the paths, and what 1,000 quizzes cost with and without the cascade."""
    order = QuizOrder("antenatal", count=items)
    print(f"{'path':<10}{'accepted':>14}{'seconds/item':>14}{'tokens/item':>16}{'USD/item':>16}")
    with a_maker() as maker:
        print(timed("template", maker, order).line())
    with LoopbackProvider() as upstream:
        upstream.always(Answer(good, usage=NO_USAGE))
        cloud = {"together_api_key": "x", "together_base_url": upstream.url}
        with a_maker(**cloud) as maker:
            paid = timed("cloud", maker, replace(order, strategy="cloud"))
            print(paid.line())
        with a_maker(**cloud) as maker:
            cascade = timed("cloud", maker, order)
    print(_local_line())
    _compare(paid, cascade)


def _local_line() -> str:
    """The embedded model on a text: it is never asked about a card."""
    model_dir = load_settings().model_dir
    fetch(model_dir)
    with a_maker(local_engine="auto", model_dir=model_dir, total_timeout=300) as maker:
        return timed("local", maker, QuizOrder("postnatal", count=3, text=TEXT, strategy="local")).line()


def _compare(paid: Row, cascade: Row) -> None:
    each = usd(_cost(paid.items)) / max(len(paid.made), 1)
    alone = 1000 * QUIZ * each
    print(f"\n1,000 quizzes of {QUIZ}: USD = 1000 x {QUIZ} x (share of items that need the cloud) x (USD/item, cloud)")
    print(f"405B alone: share 1.00, {alone:.2f} USD")
    measured = Decimal(len(cascade.made)) / max(len(cascade.items), 1)
    for name, share in (("cascade, cards (measured)", measured), ("cascade, 1 item in 10 on no card", Decimal("0.1")),
                        ("cascade, a document and no GPU", Decimal(1))):
        print(f"{name}: share {share:.2f}, {alone * share:.2f} USD, {100 * (1 - share):.0f} % saved")


def _cost(items: Sequence[Item]) -> int:
    return sum(item.made_by.cost_nano_usd or 0 for item in items)


def bare_items(count: int, language: Language = "en") -> list[Item]:
    """`count` items of a machine without any model, as many of each stage, in quizzes of at most 20."""
    stages = [stage.id for stage in all_stages()]
    items: list[Item] = []
    with a_maker() as maker:
        for stage in stages:
            left = count // len(stages)
            while left > 0:
                mine = [item for item in items if item.stage == stage]
                order = QuizOrder(stage, count=min(left, 20), language=language,
                                  taken=frozenset(stem_key(item.stem) for item in items),
                                  used_cards=frozenset(item.evidence.card_id for item in mine))
                made = timed("template", maker, order).items
                items += made
                left = left - len(made) if made else 0
    return items


def samples(count: int, language: Language, page: Path | None) -> None:
    """Print what the lint says of a bare machine's items, and write them down to be read."""
    items = bare_items(count, language)
    texts = {card.id: card.wording(language).text for card in all_cards()}
    found = [lint_item(item, source_text=texts[item.evidence.card_id]) for item in items]
    places = Counter(item.answer_index for item in items)
    verbatim = sum(item.key in item.evidence.quote in texts[item.evidence.card_id] for item in items)
    print(f"{len(items)} items: {verbatim} with a verbatim span, {sum(bool(blocking(one)) for one in found)} blocked, "
          f"{len({stem_key(item.stem) for item in items})} different stems")
    print(f"key positions: {dict(sorted(places.items()))}, the most {max(places.values()) / len(items):.0%}")
    print(f"without any finding: {sum(not one for one in found)}; findings: "
          f"{dict(Counter(finding.rule for one in found for finding in one).most_common())}")
    print(f"of the sets: {[finding.rule for finding in lint_set(items)]}")
    if page:
        page.write_text("\n".join(_as_markdown(number, item) for number, item in enumerate(items, 1)), encoding="utf-8")
        print(f"written: {page}")


def _as_markdown(number: int, item: Item) -> str:
    options = "\n".join(f"{'**' if place in item.keys else ''}{'abcd'[place]}. {option}"
                        f"{'**' if place in item.keys else ''}  " for place, option in enumerate(item.options))
    return (f"### {number}. {item.stem}\n{item.stage}, {item.topic}, {item.bloom}, {item.difficulty}\n\n{options}\n\n"
            f"> {item.evidence.quote}\n> [{item.evidence.title}]({item.evidence.url})\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--language", choices=("en", "sw"), default="en")
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if asked.samples:
        samples(asked.samples, asked.language, asked.page)
    else:
        by_path(asked.items)


if __name__ == "__main__":
    main()
