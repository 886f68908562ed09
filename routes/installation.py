"""What a running app is made of, and the part of the front door that the routes use.

`run.create_app` puts one `Installation` into `app.extensions["funza"]`; a test puts one with a fake service there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, Unpack, cast

from flask import Flask, current_app
from sqlalchemy import Engine

from chatbot.calling.completion import CallEvent, Completion
from chatbot.chat.general import SamplingWishes
from chatbot.chat.reply import ChatEvent, ChatReply
from chatbot.documents.extraction import Extraction, ExtractionOrder
from chatbot.estimate import Estimate
from chatbot.images.alt.alt_text import AltTextOrder, AltTextReply
from chatbot.images.drawing.draw import DrawerStatus
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.privacy.consent import CloudConsent
from chatbot.privacy.conversations import Conversations
from chatbot.providers.interface import Message
from chatbot.quizzes.item import Item
from chatbot.quizzes.making.events import QuizEvent
from chatbot.quizzes.making.order import QuizOrder
from chatbot.safety.versions.in_force import RulesInForce
from config import Settings, Strategy


class ListedModel(Protocol):
    """One name that a client may send as `model`."""

    @property
    def id(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Service(Protocol):
    """What the routes ask of `chatbot.hybrid_ai_service.HybridAIService`. Everything may raise `FunzaError`."""

    engine: Engine
    """Of the database that the ledger is in."""
    conversations: Conversations
    """Where what was said is kept."""
    illustrations: Illustrations
    """Where pictures are ordered, followed and found again."""
    rules: RulesInForce
    """Keeps this process triaging by the version that was published last."""

    def generate_chat_response(
        self, message: str, *, stage: str | None = None, language: str | None = None,
        conversation_id: str | None = None, strategy: Strategy | None = None, principal: str = "",
    ) -> ChatReply: ...

    def stream_chat_response(
        self, message: str, *, stage: str | None = None, language: str | None = None,
        conversation_id: str | None = None, strategy: Strategy | None = None, principal: str = "",
    ) -> Iterator[ChatEvent]: ...

    def complete(self, messages: tuple[Message, ...], *, model: str = "hybrid", principal: str = "",
                 **sampling: Unpack[SamplingWishes]) -> Completion: ...

    def stream_completion(self, messages: tuple[Message, ...], *, model: str = "hybrid", principal: str = "",
                          **sampling: Unpack[SamplingWishes]) -> Iterator[CallEvent]: ...

    def generate_quiz_questions(self, stage: str, count: int = 10) -> list[dict[str, Any]]: ...

    def make_quiz(self, order: QuizOrder) -> Iterator[QuizEvent]: ...

    def remake_item(self, order: QuizOrder, old: Item) -> Item: ...

    def extract_metadata(self, order: ExtractionOrder) -> Extraction: ...

    def write_alt_text(self, order: AltTextOrder) -> AltTextReply: ...

    def estimate_extraction(self, order: ExtractionOrder) -> tuple[Decimal | None, int]: ...

    def estimate_chat(
        self, message: str, stage: str | None = None, *, model: str = "", count: int = 1,
        max_tokens: int | None = None, language: str | None = None, strategy: Strategy | None = None,
        conversation_id: str | None = None, principal: str = "",
    ) -> Estimate: ...

    def estimate_completion(
        self, messages: tuple[Message, ...], *, model: str = "hybrid", count: int = 1,
        strategy: Strategy | None = None, max_tokens: int | None = None, principal: str = "",
    ) -> Estimate: ...

    def cloud_consent(self, conversation_id: str, principal: str) -> CloudConsent: ...

    def get_provider_status(self) -> list[dict[str, Any]]: ...

    def get_drawing_status(self) -> tuple[DrawerStatus, ...]: ...

    def list_models(self) -> tuple[ListedModel, ...]: ...

    def who_would_answer(self) -> str: ...

    def whom_not_to_ask(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Installation:
    """The settings this process runs with, and its front door."""

    settings: Settings
    service: Service


def installation(app: Flask | None = None) -> Installation:
    """The installation of `app`, or of the app that handles the current request."""
    return cast(Installation, (app or current_app).extensions["funza"])
