"""Question in, cited answer out: triage first, then passages, then a model that may only say what they say.

An emergency is answered with its fixed text at once and no model is asked. Anything less grave puts its advice
before the answer. When no card fits, no model is asked either: the answer is "not in my sources"; nor when nothing is
asked ("i am 30 weeks"), and the answer asks back; nor when policy answers (a dose, a diagnosis, an abortion, a child's
identity): `finish_reason` is then "refused".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from chatbot.calling.completion import Completion, CompletionDone, Failed, Pulse, TextDelta
from chatbot.calls import Calls, Order
from chatbot.chat.opening import ask_back, asks_nothing, stage_told
from chatbot.chat.prompt import chat_messages
from chatbot.chat.refusals import REFUSED, Refusal, refusal
from chatbot.chat.reply import ChatEvent, ChatReply, Citation, Done, TriageFound
from chatbot.chat.support import SupportGate
from chatbot.chat.texts import NOT_IN_SOURCES, Language
from chatbot.database import new_id
from chatbot.errors import InvalidInput, TooLong
from chatbot.knowledge.language import detect_language
from chatbot.knowledge.search import CardSearch, Passage
from chatbot.knowledge.support import Passages
from chatbot.privacy.redaction import without_identifiers
from chatbot.providers.interface import ChatRequest
from chatbot.safety.levels import Triage
from chatbot.safety.replies import reply_text, sources, stages_of
from chatbot.safety.talk import triage_in_talk
from chatbot.stages import Stage, stage_named
from chatbot.strategies import Wish
from chatbot.usage.ledger import NewCall
from config import Strategy

DEFAULT_STAGE = "antenatal"
ANSWER_TOKENS = 256
PASSAGES = 3
SECOND_CARD = 0.8
"""The floor adds the second card when its score is at least this share of the first one's."""
QuestionsBefore = Callable[[str, str], Sequence[str]]
"""Principal and conversation id -> questions, oldest first."""
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


class Asked(TypedDict, total=False):
    """What a client may say beside its message. Each may be left out."""

    language: str | None
    """`en` or `sw`; found from the message when left out."""
    conversation_id: str | None
    strategy: str | None
    principal: str
    """Who asks: id of a key or a person, for the ledger."""


@dataclass(frozen=True, slots=True)
class Question:
    """One message, made clean."""

    message: str
    stage: Stage
    """The one the client named, else the likely one."""
    language: Language
    conversation_id: str
    strategy: Strategy
    triage: Triage
    passages: tuple[Passage, ...]
    opening: bool = False
    """It asks nothing yet."""
    principal: str = ""
    refused: Refusal | None = None
    """The policy that answers instead of a model; None in an emergency, whose text comes first."""


class Chat:
    """Answers questions. One per process; safe in threads.

    Args:
        calls: the way to a model.
        search: finds the fact cards that fit.
        before: the questions that a principal asked before in a conversation, oldest first.
    """

    def __init__(self, calls: Calls, search: CardSearch, before: QuestionsBefore = lambda _who, _where: ()) -> None:
        self._settings = calls.settings
        self._calls = calls
        self._search = search
        self._before = before

    def answer(self, message: str, *, stage: str | None = None, **asked: Unpack[Asked]) -> ChatReply:
        """The whole answer. Raises InvalidInput for a bad argument."""
        question = self._read(message, stage, **asked)
        self._calls.noticed(question.triage, _call(question))
        return self._reply(question, self._calls.finish(self._order(question, stream=False)))

    def stream(self, message: str, *, stage: str | None = None, **asked: Unpack[Asked]) -> Iterator[ChatEvent]:
        """The answer as events: `TriageFound`, then text, then one `Done` or `Failed`.

        Raises InvalidInput for a bad argument at once, before the first event.
        """
        return self._events(self._read(message, stage, **asked))

    def _events(self, question: Question) -> Iterator[ChatEvent]:
        self._calls.noticed(question.triage, _call(question))
        yield TriageFound(question.triage)
        if advice := self._advice(question):
            yield TextDelta(advice + "\n\n")
        for event in self._calls.run(self._order(question, stream=True)):
            if isinstance(event, CompletionDone):
                yield Done(self._reply(question, event.completion))
            elif isinstance(event, TextDelta | Pulse | Failed):
                yield event

    def _read(self, message: str, stage: str | None, *, language: str | None = None,
              conversation_id: str | None = None, strategy: str | None = None, principal: str = "") -> Question:
        message = message.strip()
        if not message:
            raise InvalidInput("The message is empty.", field="message", remedy="Write a question.")
        if len(message) > (longest := self._settings.max_message_chars):
            raise TooLong(f"The message has {len(message)} characters; {longest} is the most.", field="message",
                          remedy="Ask in fewer words, or in two messages.")
        if language not in (None, "en", "sw"):
            raise InvalidInput("There is no such language here.", field="language", remedy="Use en or sw.")
        if strategy not in (None, "local", "cloud", "hybrid"):
            raise InvalidInput("There is no such strategy.", field="strategy", remedy="Use local, cloud or hybrid.")
        if conversation_id and not _ULID.fullmatch(conversation_id):
            raise InvalidInput("This is not a conversation id of ours.", field="conversation_id",
                               remedy="Send the conversation_id of an earlier answer, or none.")
        named = stage_named(stage).id if stage else None
        spoken: Language = language or detect_language(message)  # type: ignore[assignment]
        found = triage_in_talk(message, self._before(principal, conversation_id or ""), named)
        passages = self._search.find(without_identifiers(message), spoken, named, limit=PASSAGES)
        opening = asks_nothing(message)
        likely = stage_told(message) if opening else _likely_stage(found, passages)
        return Question(
            message=message, stage=stage_named(named or likely), language=spoken, opening=opening,
            conversation_id=conversation_id or new_id(),
            strategy=strategy or self._settings.strategy,  # type: ignore[arg-type]
            triage=found, passages=() if opening else passages, principal=principal,
            refused=refusal(message) if found.level != "emergency" else None)

    def order(self, message: str, *, stage: str | None = None, **asked: Unpack[Asked]) -> Order:
        """What would be asked of a model for this message. Raises InvalidInput for a bad argument."""
        return self._order(self._read(message, stage, **asked), stream=False)

    def _order(self, question: Question, *, stream: bool) -> Order:
        emergency = question.triage.level == "emergency"
        wording = [passage.card.wording(question.language).text for passage in question.passages]
        supporting = Passages(wording)
        return Order(
            request=ChatRequest(chat_messages(question.message, question.stage, question.language, question.passages),
                                max_tokens=ANSWER_TOKENS),
            wish=Wish(question.strategy, language=question.language),
            call=_call(question),
            gate=lambda: SupportGate(supporting, whole=not stream, language=question.language),
            stream=stream, triage=question.triage,
            ask_models=bool(question.passages) and not emergency and question.refused is None,
            floor=self._emergency_text(question) if emergency else _floor(question))

    def _advice(self, question: Question) -> str:
        """What comes before the answer: the fixed text of a sign that is grave, but no emergency."""
        return self._emergency_text(question) if question.triage.level in ("urgent", "soon") else ""

    def _emergency_text(self, question: Question) -> str:
        return reply_text(question.triage, question.language, self._settings.emergency_numbers,
                          self._settings.emergency_numbers_verified_on)

    def _reply(self, question: Question, done: Completion) -> ChatReply:
        advice = self._advice(question)
        return ChatReply(
            id=done.call_id, answer=f"{advice}\n\n{done.text}" if advice else done.text.strip(),
            stage=question.stage.id, language=question.language, triage=question.triage,
            citations=_citations(question, done), provenance=done.provenance, provider=done.provider,
            model=done.model, fell_back=done.fell_back,
            finish_reason=REFUSED if question.refused else done.finish_reason, usage=done.usage,
            call_id=done.call_id, conversation_id=question.conversation_id, skipped=done.skipped,
            cloud_consent=self._calls.cloud_consent(_call(question)))


def _call(question: Question) -> NewCall:
    """What the ledger is told of the call."""
    return NewCall("chat", question.strategy, stage=question.stage.id, language=question.language,
                   conversation_id=question.conversation_id, triage_level=question.triage.level,
                   principal=question.principal)


def _likely_stage(found: Triage, passages: tuple[Passage, ...]) -> str:
    """The stage of a message that names none: its gravest sign's, else its best card's."""
    stages = stages_of(found) or tuple(one.card.stage for one in passages[:1])
    return DEFAULT_STAGE if DEFAULT_STAGE in stages or not stages else stages[0]


def _floor_passages(question: Question) -> tuple[Passage, ...]:
    best = question.passages[0].score
    return tuple(one for one in question.passages[:2] if one.score >= SECOND_CARD * best)


def _floor(question: Question) -> str:
    """The words of a policy, the cards' own text, or the honest word that they do not say."""
    if question.refused:
        cards = [_floor_passages(question)[0].card.wording(question.language).text] if _card_follows(question) else []
        return "\n\n".join([question.refused.answer[question.language], *cards])
    if question.opening:
        return ask_back(question.stage, question.language)
    if not question.passages:
        return NOT_IN_SOURCES[question.language]
    return "\n\n".join(one.card.wording(question.language).text for one in _floor_passages(question))


def _card_follows(question: Question) -> bool:
    """Whether the best card is shown behind the words of a policy."""
    return question.refused is not None and question.refused.with_card and bool(question.passages)


def _citations(question: Question, done: Completion) -> tuple[Citation, ...]:
    signs = tuple(Citation(id=one.id, title=one.title, url=one.url, quote="", review="")
                  for one in sources(question.triage))
    if question.triage.level == "emergency" or not question.passages:
        return signs
    if question.refused:
        return signs + tuple(_citation(one, question.language)
                             for one in question.passages[:1] if _card_follows(question))
    used = _floor_passages(question) if done.provenance == "curated" else question.passages
    return signs + tuple(_citation(one, question.language) for one in used)


def _citation(passage: Passage, language: Language) -> Citation:
    wording = passage.card.wording(language)
    return Citation(id=passage.card.id, title=wording.title, url=str(passage.card.source.url), quote=wording.text,
                    review=wording.review)
