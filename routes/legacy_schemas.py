"""The shapes that installed clients read and send."""

from __future__ import annotations

from pydantic import Field

from routes.schemas import In, Language, Name, Out, Words


class LegacyChatIn(In):
    """A question, as clients that are already installed send it."""

    message: Words
    stage: Name | None = None
    language: Language | None = None
    user_id: str | int | None = Field(None, description="neither used nor stored")


class LegacyChatOut(Out):
    """An answer, as those clients read it."""

    response: str = Field(description="sanitised HTML")


class LegacyQuestion(Out):
    """A quiz question, as those clients read it."""

    question: str
    options: list[str]
    answer: str
    correctReason: str
    incorrectReason: str


class LegacyQuizOut(Out):
    """Quiz questions, as those clients read them."""

    success: bool
    questions: list[LegacyQuestion]
    count: int
