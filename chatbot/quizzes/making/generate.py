"""Makes quizzes: one fact, one item, each checked before it is shown; the end says what is missing and why."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Engine

from chatbot.calls import Calls
from chatbot.errors import FunzaError, QuizUnavailable
from chatbot.knowledge.cards import Card, all_cards
from chatbot.knowledge.search import CardSearch, card_search
from chatbot.quizzes.item import Finding, Item
from chatbot.quizzes.lint import lint_item
from chatbot.quizzes.making.arrange import Places
from chatbot.quizzes.making.cascade import FEATURE, Cascade, Made
from chatbot.quizzes.making.events import Failed, ItemReady, Progress, QuizDone, QuizEvent
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.order import QuizOrder, checked
from chatbot.quizzes.making.sources import facts_of
from chatbot.quizzes.stems import NEAR, alike, stem_key
from chatbot.usage.spent import Spent, spent_on

Lint = Callable[..., tuple[Finding, ...]]
"""`lint_item`, or what a test puts in its place."""


class QuizMaker:
    """Makes quizzes. One per process; safe in threads.

    Args:
        calls: the way to the models.
        engine: the ledger's database, which says what failed calls cost; without it their cost is unknown.
        seed: makes the choice of cards and the order of options repeatable.
    """

    def __init__(self, calls: Calls, engine: Engine | None = None, *, cards: Sequence[Card] | None = None,
                 search: CardSearch | None = None, lint: Lint = lint_item, seed: int | None = None) -> None:
        self._calls, self._engine, self._lint, self._seed = calls, engine, lint, seed
        self._cards = all_cards() if cards is None else cards
        self._find_cards = search

    def make(self, order: QuizOrder) -> Iterator[QuizEvent]:
        """The quiz as events; ends with exactly one `QuizDone` or `Failed`. Raises InvalidInput at once."""
        order = checked(order)
        return self._events(order, self._facts(order))

    def remake(self, order: QuizOrder, old: Item) -> Item:
        """Another item in the place of `old`: on the same fact if a model can, else on the nearest one.

        `order` is the quiz's own, with the stems of its items in `taken` and their cards in `used_cards`.
        Raises InvalidInput, QuizUnavailable.
        """
        taken = order.taken | {stem_key(old.stem)}
        order = checked(replace(order, count=1, taken=taken, used_cards=order.used_cards - {old.evidence.card_id}))
        facts = sorted(self._facts(replace(order, topic="") if order.from_cards else order),
                       key=lambda fact: _distance(fact, old))
        for event in self._events(order, facts):
            if isinstance(event, ItemReady):
                return event.item
            if isinstance(event, Failed):
                raise event.error
        raise AssertionError("a quiz ended without an end")

    def _facts(self, order: QuizOrder) -> list[Fact]:
        chance = random.Random(self._seed)  # noqa: S311 - a shuffle, not a secret
        return facts_of(order, self._cards, self._find_cards or card_search(), chance)

    def _events(self, order: QuizOrder, facts: list[Fact]) -> Iterator[QuizEvent]:
        quiz = _Quiz(order, Places(self._seed), self._lint)
        cascade = Cascade(self._calls, order, quiz.places, quiz.faults, self._spent_on)
        try:
            for fact in facts:
                if len(quiz.items) == order.count:
                    break
                yield from quiz.take(cascade.item(fact), fact)
        except FunzaError as error:
            yield Failed(error)
            return
        yield from quiz.end()

    def _spent_on(self, conversation_id: str) -> Spent:
        return spent_on(self._engine, FEATURE, conversation_id) if self._engine else Spent(cost_nano_usd=None)


class _Quiz:
    """A quiz on its way: its items, its notes, what it cost."""

    def __init__(self, order: QuizOrder, places: Places, lint: Lint) -> None:
        self.order, self.places, self._lint = order, places, lint
        self.items: list[Item] = []
        self._notes: list[str] = []
        self._spent = Spent()
        self._failed_facts = 0

    def faults(self, item: Item, fact: Fact) -> int | None:
        """How many findings an item has; None when one blocks it, or when its stem was asked before."""
        stems = {stem_key(one.stem) for one in self.items} | self.order.taken
        near = any(alike(item.stem, one.stem) >= NEAR for one in self.items)
        findings = self._lint(item, source_text=fact.source_text, bank_stems=stems)
        blocked = any(finding.severity == "block" for finding in findings)
        return None if near or blocked or stem_key(item.stem) in stems else len(findings)

    def take(self, making: Generator[str, None, Made], fact: Fact) -> Iterator[QuizEvent]:
        """Watch one item being made and keep it when it is good."""
        while True:
            try:
                note = next(making)
            except StopIteration as end:
                made: Made = end.value
                break
            yield self._progress(note)
        self._spent += made.spent
        if made.item is None:
            self._failed_facts += 1
            yield self._progress(self._passed_over(fact))
            return
        self.items.append(made.item)
        self.places.keep(made.item.answer_index)
        yield ItemReady(made.item, len(self.items), self.order.count)

    def end(self) -> Iterator[QuizEvent]:
        """The one end: what there is, what is missing and why; an error when there is nothing."""
        order, missing = self.order, self.order.count - len(self.items)
        if not self.items:
            yield Failed(QuizUnavailable(f"No item passed the checks ({self._failed_facts} facts tried).",
                                         remedy="Choose another topic, or a text that states more facts."))
            return
        yield QuizDone(
            items=tuple(self.items), of=order.count, stage=order.stage, topic=order.topic, language=order.spoken,
            triage=order.triage, short_of=missing, reason=self._why_short() if missing else "",
            notes=tuple(self._notes + self._what_was_not_reached()), cost_nano_usd=self._spent.cost_nano_usd)

    def _progress(self, note: str) -> Progress:
        if note and note not in self._notes:
            self._notes.append(note)
        return Progress(len(self.items), self.order.count, note)

    def _why_short(self) -> str:
        source = "fact cards on this topic" if self.order.from_cards else "sentences of this text"
        if self._failed_facts:
            return f"{self._failed_facts} {source} gave no item that passed the checks, and there are no more."
        return f"There are no more {source}."

    def _what_was_not_reached(self) -> list[str]:
        """Levels that were asked for and that items do not have: they say what they are."""
        notes = []
        for name in ("difficulty", "bloom"):
            wish = getattr(self.order, name)
            other = sum(getattr(item, name) != wish for item in self.items)
            if wish and other:
                notes.append(f"{other} of {len(self.items)} items are not `{wish}`: their source does not carry it, "
                             f"and they say what they are.")
        return notes

    @staticmethod
    def _passed_over(fact: Fact) -> str:
        if fact.card:
            return f"The card {fact.card.id} gave no item that passes the checks."
        page = fact.passage.page if fact.passage else None
        where = f"Page {page}: a" if page else "A"
        return f"{where} sentence was passed over; without a model only one with a comparable quantity makes an item."


def _distance(fact: Fact, old: Item) -> int:
    """0 for the old item's own fact, 1 for its topic or page, 2 for the rest."""
    if fact.card:
        return 0 if fact.card.id == old.evidence.card_id else 1 if fact.topic == old.topic else 2
    own = old.evidence.quote in fact.text or fact.text in old.evidence.quote
    page = fact.passage.page if fact.passage else None
    return 0 if own else 1 if page == old.evidence.page else 2
