"""From what an educator asked for to a quiz in the bank: the order, the events on their way, the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from flask import Response, request
from sqlalchemy import Engine

from chatbot.database import new_id, now
from chatbot.documents.store import Documents
from chatbot.documents.upload import read_pasted
from chatbot.errors import FunzaError, InvalidInput, Truncated
from chatbot.knowledge.cards import all_cards
from chatbot.knowledge.passages import SourcePassage
from chatbot.quizzes.item import BankItem
from chatbot.quizzes.making.events import Failed, ItemReady, Progress, QuizDone, QuizEvent
from chatbot.quizzes.making.order import QuizOrder, checked
from chatbot.quizzes.records.bank import NewItem, read_quiz, store_quiz, taken_stems
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.twice import refuse_twice
from chatbot.quizzes.stems import stem_key
from chatbot.safety.replies import reply_text
from chatbot.stages import stage_named
from config import Settings
from routes.auth import current_principal
from routes.errors import problem
from routes.idempotency import HEADER
from routes.installation import installation
from routes.quiz_rooms import engine, judge
from routes.quiz_schemas import ItemOut, MadeQuizOut, QuizIn
from routes.quiz_shapes import shown, whole_quiz
from routes.request_id import request_id
from routes.sse import HEARTBEAT, check_room, event_stream, frame, whole

SPARE = 2
"""Fact cards that a quiz should find free for each item; with fewer, facts of other quizzes may come again."""


@dataclass
class Making:
    """One quiz on its way. Its ids are made before, so that an item keeps the id under which it was first told.

    A stream goes on when its request is over, so all that it needs of the app is here.
    """

    order: QuizOrder
    title: str
    document_id: str
    engine: Engine
    judge: Judge
    settings: Settings
    quiz_id: str = field(default_factory=new_id)
    item_ids: list[str] = field(default_factory=list)

    def ready(self, event: ItemReady) -> ItemOut:
        """An item that was just made, as it will be in the bank."""
        self.item_ids.append(new_id())
        found = self.judge.item(event.item, quiz_id=self.quiz_id)
        return shown(BankItem(id=self.item_ids[-1], quiz_id=self.quiz_id, item=event.item, findings=found,
                              updated_at=now(), updated_by=self.order.principal))

    def done(self, event: QuizDone) -> MadeQuizOut:
        """Store the quiz."""
        ids = [*self.item_ids, *(new_id() for _ in event.items)]
        quiz = store_quiz(
            self.engine, self.judge, [NewItem(item, item_id) for item, item_id in zip(event.items, ids, strict=False)],
            title=self.title, stage=event.stage, topic=event.topic, language=event.language, by=self.order.principal,
            document_id=self.document_id, quiz_id=self.quiz_id, cost_nano_usd=event.cost_nano_usd)
        return MadeQuizOut(
            **whole_quiz(quiz), short_of=event.short_of, short_reason=event.reason, notes=list(event.notes),
            help=reply_text(event.triage, event.language, self.settings.emergency_numbers,
                            self.settings.emergency_numbers_verified_on))


def prepare(asked: QuizIn) -> Making:
    """The order, checked; a double click is refused. Raises InvalidInput, NotFound, AskedTwice."""
    principal = current_principal().id
    if asked.text is not None and asked.document_id is not None:
        raise InvalidInput("A quiz is made from a text or from a document, not from both.", field="text",
                           remedy="Send one of the two.")
    stage = stage_named(asked.stage).id
    order = QuizOrder(stage=stage, topic=asked.topic, count=asked.count, options=asked.options,
                      difficulty=asked.difficulty, bloom=asked.bloom, language=asked.language, strategy=asked.strategy,
                      principal=principal, text=asked.text or "")
    checked(order)
    refuse_double_click()
    passages = _passages(asked)
    document_id = passages[0].document_id if passages else ""
    order = QuizOrder(**{**vars(order), "text": "", "typed": order.text, "passages": passages})
    order = QuizOrder(**{**vars(order), "taken": _taken(order)})
    topic = f": {asked.topic}" if asked.topic else (f": {passages[0].title}" if passages else "")
    return Making(order, asked.title or f"{stage_named(stage).title.en}{topic}"[:200], document_id, engine(), judge(),
                  installation().settings)


def refuse_double_click() -> None:
    """The same body by the same principal within two seconds, without a key to tell them apart. Raises AskedTwice."""
    if HEADER not in request.headers:
        refuse_twice(engine(), current_principal().id, request.path, request.get_data())


def make(making: Making) -> MadeQuizOut:
    """The whole quiz, in the bank. Raises what made it fail."""
    for event in installation().service.make_quiz(making.order):
        if isinstance(event, QuizDone):
            return making.done(event)
        if isinstance(event, Failed):
            raise event.error
    raise Truncated("The quiz broke off.")


def stream(making: Making) -> Response:
    """The same as events: `item` and `progress` as they come, then one `done` or `error`.

    A failure before the first event is a normal error response. A client that goes away ends the work, and nothing is
    kept of it but its cost.
    """
    check_room()
    events = installation().service.make_quiz(making.order)
    first = next(events, Failed(Truncated("The quiz broke off.")))
    if isinstance(first, Failed):
        raise first.error
    asked_by, app_frames = request_id(), _frames(making, chain([first], events))

    def failed(error: FunzaError) -> str:
        return frame(problem(error, asked_by), "error")

    def frames() -> Iterator[tuple[str, bool]]:
        for data in app_frames:
            if isinstance(data, FunzaError):
                yield failed(data), True
            else:
                yield data

    return event_stream(whole(frames(), failed, asked_by), events)


def order_to_remake(quiz_id: str, old: BankItem) -> QuizOrder:
    """The order for another item in the place of `old`, which may not ask what the quiz or the bank asks already."""
    quiz = read_quiz(engine(), quiz_id)
    others = [one.item for one in quiz.items if one.id != old.id and one.status != "rejected"]
    item = old.item
    passages = Documents(engine()).passages(item.evidence.document_id) if item.evidence.document_id else ()
    order = QuizOrder(
        stage=quiz.stage, topic=quiz.topic if not passages else "", count=1, options=min(max(len(item.options), 3), 4),
        difficulty=item.difficulty, bloom=item.bloom, language=item.language, principal=current_principal().id,
        passages=passages, used_cards=frozenset(one.evidence.card_id for one in others if one.evidence.card_id))
    stems = frozenset(stem_key(one.stem) for one in (*others, item))
    return QuizOrder(**{**vars(order), "taken": _taken(order) | stems})


def _frames(making: Making, events: Iterator[QuizEvent]) -> Iterator[tuple[str, bool] | FunzaError]:
    for event in events:
        match event:
            case ItemReady():
                item = making.ready(event).model_dump(mode="json")
                yield frame({"item": item, "done": event.done, "of": event.of}, "item"), False
            case Progress(done=done, of=of, note=note) if note:
                yield frame({"done": done, "of": of, "note": note}, "progress"), False
            case Progress():
                yield HEARTBEAT, False
            case QuizDone():
                yield frame(making.done(event).model_dump(mode="json"), "done"), True
            case Failed():
                yield event.error


def _passages(asked: QuizIn) -> tuple[SourcePassage, ...]:
    """Of the document; a text becomes a document first, so that each quote can be looked up later."""
    documents, document_id = Documents(engine()), asked.document_id
    if asked.text is not None:
        document_id = documents.add(read_pasted(asked.text), current_principal().id, asked.title)[0].id
    return documents.passages(document_id) if document_id else ()


def _taken(order: QuizOrder) -> frozenset[str]:
    """Stems that must not come again: the bank's, unless the stage's cards would not be enough then."""
    taken = taken_stems(engine(), order.stage, order.language or "")
    if not order.from_cards:
        return taken
    cards = [card.wording(order.spoken) for card in all_cards() if card.stage == order.stage]
    free = sum(stem_key(wording.question) not in taken for wording in cards)
    return taken if not order.topic and free >= SPARE * order.count else frozenset()


