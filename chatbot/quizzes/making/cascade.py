"""How one item is made: by the cheapest that can. What passes the same lint is not paid for.

The model of this machine is asked first; then, before anything is paid, the card's own item is taken when it carries
the level that was asked for and its question is not taken; then the clouds are asked; and whatever is still missing is
made without a model. A CPU's embedded model is asked last, and never about a card, whose own words are better than its.

Each step is one metered call, and the gate of the call judges its answer with the lint: a bad answer is a failed try in
the ledger. A model that fails items in a row is not asked again in this quiz.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial

from chatbot.calling.completion import CompletionDone, Failed
from chatbot.calling.validity import WholeGate
from chatbot.calls import Calls, Order
from chatbot.database import new_id
from chatbot.errors import (
    BadAnswer,
    BudgetExhausted,
    FunzaError,
    LedgerUnavailable,
    ServerStopping,
)
from chatbot.providers.interface import ChatRequest
from chatbot.quizzes.item import Item, MadeBy
from chatbot.quizzes.making.arrange import Places
from chatbot.quizzes.making.candidate import Reader
from chatbot.quizzes.making.cloze import draft_of_sentence
from chatbot.quizzes.making.draft import Draft
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.order import QuizOrder
from chatbot.quizzes.making.prompt import item_messages
from chatbot.quizzes.making.schema import candidate_schema
from chatbot.quizzes.making.template import draft_of_card
from chatbot.strategies import Wish
from chatbot.usage.ledger import NewCall
from chatbot.usage.spent import Spent
from config import Strategy

FEATURE = "quiz"
TEMPERATURE = 0.2
ANSWER_TOKENS = 500
PATIENCE = 3
"""Items in a row that a model may fail before it is no longer asked; the embedded CPU model may fail one."""
Judge = Callable[[Item, Fact], int | None]
"""How many findings an item has; None when one of them blocks it."""
SpentOn = Callable[[str], Spent]


@dataclass
class Step:
    """One side of the chain: this machine, or the clouds."""

    name: str
    wish: Wish
    last_resort: bool = False
    """The embedded CPU model."""
    failed: int = 0
    """Items failed since the last good one."""


@dataclass
class Made:
    """How one fact came out."""

    item: Item | None = None
    spent: Spent = field(default_factory=Spent)


class Cascade:
    """Makes the items of one quiz, one after the other."""

    def __init__(self, calls: Calls, order: QuizOrder, places: Places, judge: Judge, spent_on: SpentOn) -> None:
        self._calls, self._order, self._places = calls, order, places
        self._judge, self._spent_on = judge, spent_on
        self._strategy: Strategy = order.strategy or calls.settings.strategy
        self._steps = self._who_can_be_asked()

    def item(self, fact: Fact) -> Generator[str, None, Made]:
        """Make one item. Yields a note, or "" for each second of waiting. Raises ServerStopping."""
        made = Made()
        for step in list(self._steps):
            if step.last_resort and fact.card:
                continue
            if step.name == "cloud" and self._strategy == "hybrid" and self._by_the_card(fact, made):
                return made
            conversation = new_id()
            item = yield from self._ask(step, fact, conversation)
            made.spent += self._spent_on(conversation)
            if item is not None:
                made.item = _made_by(item, step.name, made.spent)
                return made
        if draft := _without_a_model(fact, self._order.options):
            self._keep(draft, fact, made)
        return made

    def _by_the_card(self, fact: Fact, made: Made) -> bool:
        """Whether the card's own item does: then nothing is paid for."""
        draft = draft_of_card(fact, self._order.options) if fact.card else None
        order = self._order
        if draft and order.bloom in (None, draft.bloom) and order.difficulty in (None, draft.difficulty):
            self._keep(draft, fact, made)
        return made.item is not None

    def _keep(self, draft: Draft, fact: Fact, made: Made) -> None:
        item = draft.item(fact, self._places, MadeBy(path="template"))
        if self._judge(item, fact) is not None:
            made.item = _made_by(item, "template", made.spent)

    def _ask(self, step: Step, fact: Fact, conversation: str) -> Generator[str, None, Item | None]:
        reader = self._reader(fact)
        for event in self._calls.run(self._call(step, fact, conversation, reader)):
            if isinstance(event, CompletionDone):
                step.failed = 0
                assert reader.best is not None
                return _named(reader.best, event.completion.provider, event.completion.model)
            if isinstance(event, Failed):
                yield from self._went_wrong(step, event.error)
            else:
                yield ""
        return None

    def _went_wrong(self, step: Step, error: FunzaError) -> Iterator[str]:
        """Go on without this step where asking again would not help."""
        step.failed += 1
        if isinstance(error, ServerStopping):
            raise error
        if isinstance(error, BudgetExhausted | LedgerUnavailable):
            self._steps.clear()
            yield f"No model is asked any more: {error.detail}"
        elif not isinstance(error, BadAnswer):
            self._steps.remove(step)
            yield f"{step.name}: not asked any more. {error.detail}"
        elif step.failed >= (1 if step.last_resort else PATIENCE):
            self._steps.remove(step)
            yield f"{step.name}: not asked any more, answers for {step.failed} items in a row gave none that passes."

    def _call(self, step: Step, fact: Fact, conversation: str, reader: Reader) -> Order:
        order = self._order
        wanted = order.options - 1
        return Order(
            request=ChatRequest(item_messages(fact, wanted, order.bloom, order.difficulty), max_tokens=ANSWER_TOKENS,
                                temperature=TEMPERATURE, schema=candidate_schema(wanted)),
            wish=step.wish, gate=partial(WholeGate, reader),
            call=NewCall(FEATURE, step.wish.strategy, stage=fact.stage, language=fact.language,
                         conversation_id=conversation, principal=order.principal))

    def _reader(self, fact: Fact) -> Reader:
        def make(draft: Draft) -> Item:
            return draft.item(fact, self._places, MadeBy(path="local"))

        return Reader(fact, self._order, make, lambda item: self._judge(item, fact))

    def _who_can_be_asked(self) -> list[Step]:
        """The steps that have somebody to ask now; nothing is written for one that has nobody."""
        sides: tuple[Strategy, ...] = ("local", "cloud") if self._strategy == "hybrid" else (self._strategy,)
        steps = []
        for side in sides:
            wish = Wish(side, language=self._order.spoken)
            call = NewCall(FEATURE, side, principal=self._order.principal)
            if candidates := self._calls.plan(wish, call).candidates:
                steps.append(Step(side, wish, last_resort=candidates[0].provider.last_resort))
        return sorted(steps, key=lambda step: step.last_resort)


def _without_a_model(fact: Fact, options: int) -> Draft | None:
    return draft_of_card(fact, options) if fact.card else draft_of_sentence(fact, options)


def _named(item: Item, provider: str, model: str) -> Item:
    return item.model_copy(update={"made_by": item.made_by.model_copy(update={"provider": provider, "model": model})})


def _made_by(item: Item, path: str, spent: Spent) -> Item:
    return item.model_copy(update={"made_by": item.made_by.model_copy(update={
        "path": path, "call_ids": spent.call_ids, "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens, "cost_nano_usd": spent.cost_nano_usd})})
