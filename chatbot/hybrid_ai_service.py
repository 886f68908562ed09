"""The front door: one short method for each thing the app can ask a model.

`HybridAIService` ties the features to one metered call chain; everything else is behind it. The module functions at
the end are names that other people's code imports.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal, Unpack

from sqlalchemy import Engine

from chatbot.calling.completion import CallEvent, Completion
from chatbot.calling.shared_health import make_health
from chatbot.calls import Calls
from chatbot.chat.answer import Asked, Chat
from chatbot.chat.general import General, Sampling, SamplingWishes
from chatbot.chat.remembered import questions_before, remembered, remembered_stream
from chatbot.chat.reply import ChatEvent, ChatReply
from chatbot.daemons import run_in_background
from chatbot.database import migrate, now, open_engine
from chatbot.documents.extraction import Extraction, ExtractionOrder
from chatbot.documents.extractor import Extractor
from chatbot.errors import RecordsUnavailable
from chatbot.estimate import Estimate, estimate
from chatbot.images.alt.alt_text import AltText, AltTextOrder, AltTextReply
from chatbot.images.drawing.draw import DrawerStatus
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.knowledge.cards import Language, all_cards
from chatbot.knowledge.search import card_search
from chatbot.privacy.consent import CloudConsent
from chatbot.privacy.conversations import conversations
from chatbot.provider_status import ModelInfo, list_models, status_of, who_would_answer, whom_not_to_ask
from chatbot.providers import build_providers
from chatbot.providers.interface import Message, Provider
from chatbot.quizzes.item import Item
from chatbot.quizzes.making.events import QuizEvent
from chatbot.quizzes.making.generate import QuizMaker
from chatbot.quizzes.making.order import QuizOrder
from chatbot.quizzes.making.template import items_from_cards, legacy_question
from chatbot.quizzes.records.editions import published_items
from chatbot.retention import Kept, forget_old_records, forget_old_words
from chatbot.safety.escalation.escalating import Escalating
from chatbot.safety.versions.in_force import RulesInForce
from chatbot.stages import stage_named
from chatbot.strategies import parse_wish
from chatbot.usage.day_totals import fold
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.outbox import outbox_beside
from chatbot.usage.prices import price_book
from chatbot.usage.retired import RetiredModels
from chatbot.usage.upkeep import Upkeep
from config import Settings, Strategy, load_settings

AN_HOUR = 3_600.0
Preferred = Literal["huggingface", "together"]


class HybridAIService:
    """Asks the local model, the clouds or the cards, and writes down what each call cost.

    Args:
        settings: see `config.py`.
        engine: database of the ledger, migrated.
        providers: by name, in the order of their rows; built from `settings` when left out.
    """

    def __init__(self, settings: Settings, engine: Engine, providers: Mapping[str, Provider] | None = None) -> None:
        self.settings = settings
        self.engine = engine
        self.providers = build_providers(settings) if providers is None else providers
        self.upkeep = Upkeep(engine, Ledger(engine, outbox_beside(engine, settings.outbox_dir)))
        self.upkeep.tidy()
        run_in_background(self._sum_up_past_days)
        health = make_health(settings)
        health.keep_in(RetiredModels(engine))
        self.calls = Calls(settings, self.providers, self.upkeep.ledger, price_book(settings), health)
        self.conversations = conversations(engine, settings.secret_key.get_secret_value(), settings.retention_days)
        kept = Kept(settings.retention_days, settings.receipt_days, settings.escalation_days)
        self.upkeep.also_tidy(lambda: forget_old_words(self.conversations, kept, now()))
        self.upkeep.also_tidy(lambda: forget_old_records(engine, kept, now()), every=AN_HOUR)
        self.upkeep.start()
        self.rules = RulesInForce(engine)
        self.rules.look()
        self.rules.start()
        self.escalating = Escalating(engine, settings.escalation_minutes)
        self.escalating.start()
        self.calls.escalate_to(self.escalating.note)
        self.illustrations = Illustrations(self.calls, engine)
        self.upkeep.also_tidy(self.illustrations.sweep)
        self.upkeep.also_tidy(self.illustrations.illustrator.tidy)
        self.illustrations.start()
        self._search = card_search()
        self._chat = Chat(self.calls, self._search, self._questions_before)
        self._general = General(self.calls)

    def preferring(self, provider: str) -> HybridAIService:
        """The same service, asking `provider` first (empty: as the strategy says). Shares everything with this one."""
        if not provider:
            return self
        twin = copy(self)
        twin.calls = self.calls.preferring(provider)
        twin._chat = Chat(twin.calls, self._search, self._questions_before)
        twin._general = General(twin.calls)
        return twin

    def generate_chat_response(self, message: str, stage: str | None = None, **asked: Unpack[Asked]) -> ChatReply:
        """A safe, cited answer. Raises InvalidInput for a bad argument."""
        return remembered(self._chat.answer(message, stage=stage, **asked), message, self.conversations,
                          asked.get("principal", ""))

    def stream_chat_response(self, message: str, stage: str | None = None,
                             **asked: Unpack[Asked]) -> Iterator[ChatEvent]:
        """The same, as events; ends with exactly one `Done` or `Failed`."""
        return remembered_stream(self._chat.stream(message, stage=stage, **asked), message, self.conversations,
                                 asked.get("principal", ""), asked.get("conversation_id") or "")

    def generate_quiz_questions(self, stage: str, count: int = 10, language: Language = "en") -> list[dict[str, Any]]:
        """Quiz questions of a stage in the legacy shape, at once and for nothing: no model writes them.

        Published items that an educator approved, when there are enough; else from the fact cards. Raises InvalidInput.
        """
        chosen = stage_named(stage)
        approved = self._published(chosen.id, language, count)
        if len(approved) == count:
            return [legacy_question(item) for item in approved]
        cards = [card for card in all_cards() if card.stage == chosen.id]
        return [legacy_question(item) for item in items_from_cards(cards, count, language)]

    def _published(self, stage: str, language: Language, count: int) -> tuple[Item, ...]:
        try:
            return published_items(self.engine, stage, language, count)
        except RecordsUnavailable:  # the cards need no database
            return ()

    def make_quiz(self, order: QuizOrder) -> Iterator[QuizEvent]:
        """A quiz, item by item; ends with exactly one `QuizDone` or `Failed`. Raises InvalidInput at once."""
        return self._quizzes().make(order)

    def remake_item(self, order: QuizOrder, old: Item) -> Item:
        """Another item in the place of `old`; `order` names the stems and cards that the quiz has already.

        Raises InvalidInput, QuizUnavailable.
        """
        return self._quizzes().remake(order, old)

    def _quizzes(self) -> QuizMaker:
        return QuizMaker(self.calls, self.engine, search=self._search)

    def extract_metadata(self, order: ExtractionOrder) -> Extraction:
        """What a document says about the fields of an order, each value with its evidence. Raises ServerStopping."""
        return Extractor(self.calls, self.engine).extract(order)

    def estimate_extraction(self, order: ExtractionOrder) -> tuple[Decimal | None, int]:
        """US dollars that an extraction costs at the most (None: nobody knows the price), and in how many calls."""
        return Extractor(self.calls, self.engine).estimate_parts(order)

    def write_alt_text(self, order: AltTextOrder) -> AltTextReply:
        """The alt text of a picture. Raises NobodySees (503), NotDescribed (502), BudgetExhausted."""
        return AltText(self.calls).write(order)

    def estimate_alt_text(self, order: AltTextOrder, count: int = 1) -> Estimate:
        """What `count` such alt texts would cost."""
        return estimate(AltText(self.calls).order(order), self.calls, count=count)

    def complete(self, messages: tuple[Message, ...], *, model: str = "hybrid", strategy: Strategy | None = None,
                 principal: str = "", **sampling: Unpack[SamplingWishes]) -> Completion:
        """General text. Raises UnknownModel, NoProvider."""
        return self._general.complete(messages, model, Sampling(**sampling), strategy, principal)

    def stream_completion(self, messages: tuple[Message, ...], *, model: str = "hybrid",
                          strategy: Strategy | None = None, principal: str = "",
                          **sampling: Unpack[SamplingWishes]) -> Iterator[CallEvent]:
        """General text as events; ends with exactly one `CompletionDone` or `Failed`."""
        return self._general.stream(messages, model, Sampling(**sampling), strategy, principal)

    def estimate_chat(self, message: str, stage: str | None = None, *, model: str = "", count: int = 1,
                      max_tokens: int | None = None, **asked: Unpack[Asked]) -> Estimate:
        """What the chat's answer to a message would cost. Raises InvalidInput, UnknownModel."""
        order = self._chat.order(message, stage=stage, **asked)
        if model:
            strategy, provider, name = parse_wish(model, order.wish.strategy)
            order = replace(order, wish=replace(order.wish, strategy=strategy, provider=provider, model=name))
        return estimate(order, self.calls, max_tokens=max_tokens, count=count)

    def estimate_completion(self, messages: tuple[Message, ...], *, model: str = "hybrid", count: int = 1,
                            strategy: Strategy | None = None, max_tokens: int | None = None,
                            principal: str = "") -> Estimate:
        """What general text would cost. Raises InvalidInput, UnknownModel."""
        return estimate(self._general.order(messages, model, Sampling(), strategy, principal), self.calls,
                        max_tokens=max_tokens, count=count)

    def cloud_consent(self, conversation_id: str, principal: str) -> CloudConsent:
        """Whether a chat's redacted words may go to a cloud, where that is asked of people (CLOUD_POLICY=ask)."""
        return self.calls.cloud_consent(NewCall("chat", self.settings.strategy, conversation_id=conversation_id,
                                                principal=principal))

    def get_provider_status(self) -> list[dict[str, Any]]:
        """Every provider and model: state, reason, breaker, price and its source, retired or not."""
        return [status_of(provider, self.calls) for provider in self.providers.values()]

    def get_drawing_status(self) -> tuple[DrawerStatus, ...]:
        """Each provider of pictures; asking wakes nobody. Raises RecordsUnavailable."""
        return self.illustrations.illustrator.status()

    def list_models(self) -> tuple[ModelInfo, ...]:
        """What the `model` field of a completion may name."""
        return list_models(self.providers)

    def who_would_answer(self) -> str:
        """`provider/model` that a call would ask first now, or `curated/cards`."""
        return who_would_answer(self.calls)

    def whom_not_to_ask(self) -> list[str]:
        """Each model that is set up and cannot be asked now, and why: a person should look."""
        return whom_not_to_ask(self.calls)

    def _questions_before(self, principal: str, conversation_id: str) -> list[str]:
        return questions_before(self.conversations, principal, conversation_id)

    def _sum_up_past_days(self) -> None:
        fold(self.engine)

    def close(self) -> None:
        """Write what waits in the outbox, and free what the providers hold: connections, weights."""
        self.rules.stop()
        self.escalating.stop()
        self.upkeep.stop()
        self.illustrations.close()
        for provider in self.providers.values():
            provider.close()


_the_service: HybridAIService | None = None
_making = threading.Lock()


def use_service(service: HybridAIService) -> None:
    """Make `service` the one that `get_hybrid_service` gives out in this process (the app calls this)."""
    global _the_service  # noqa: PLW0603 - one process has one local model, hence one service
    _the_service = service


def get_hybrid_service(preferred: Preferred | None = None) -> HybridAIService:
    """The service of this process; made from the settings of the environment when there is none yet.

    Args:
        preferred: `huggingface` asks the model on this machine first, `together` asks Together first, None leaves
            it to STRATEGY. Whoever comes first, the rest of the chain stands behind it.
    """
    with _making:
        if _the_service is None:
            settings = load_settings()
            engine = open_engine(settings.database_url)
            migrate(engine)
            use_service(HybridAIService(settings, engine))
        service = _the_service
    assert service is not None
    return service.preferring({"huggingface": "local", "together": "together", None: ""}[preferred])


def get_chatbot_response(message: str, stage: str | None = None, **asked: Unpack[Asked]) -> str:
    """The chat's answer to a message, as text."""
    return get_hybrid_service().generate_chat_response(message, stage, **asked).answer


def get_chatbot_response_preconception(user_id: str | None = None) -> list[dict[str, Any]]:
    """Quiz questions, not a chat answer: `{question, options, answer, correctReason, incorrectReason}` each.

    That is what callers of this old name receive. `user_id` is accepted and not used or kept.
    """
    return get_hybrid_service().generate_quiz_questions("preconception")


def get_chatbot_response_prenatal(user_id: str | None = None) -> list[dict[str, Any]]:
    """Quiz questions on pregnancy, in the legacy shape (see `get_chatbot_response_preconception`)."""
    return get_hybrid_service().generate_quiz_questions("antenatal")


def get_chatbot_response_birth(user_id: str | None = None) -> list[dict[str, Any]]:
    """Quiz questions on birth, in the legacy shape (see `get_chatbot_response_preconception`)."""
    return get_hybrid_service().generate_quiz_questions("birth")


def get_chatbot_response_postnatal(user_id: str | None = None) -> list[dict[str, Any]]:
    """Quiz questions on the time after birth, in the legacy shape (see `get_chatbot_response_preconception`)."""
    return get_hybrid_service().generate_quiz_questions("postnatal")
