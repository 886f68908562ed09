"""The shapes that learners send and get. None holds a key, a rationale or a source before the answer is given."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from routes.quiz_schemas import GainOut, Listed, Place, Ulid, Version
from routes.schemas import In, Language, Name, Out


class PublishedQuery(Listed):
    """Which published quizzes."""

    stage: Name | None = None
    language: Language | None = None


class PublishedQuizOut(Out):
    """A quiz to take."""

    id: str
    title: str
    stage: str
    topic: str
    language: Language
    version: int
    published_at: datetime
    count: int = Field(description="how many items it has")


class PublishedOut(Out):
    """Quizzes to take, newest first."""

    quizzes: list[PublishedQuizOut]
    after: str | None = Field(description="of the next page; null at the end")


class AskedItemOut(Out):
    """A question, without its answer."""

    id: str
    version: int
    question: str
    options: list[str]


class TakeOut(Out):
    """A quiz to answer. No key, no rationale, no evidence."""

    id: str
    title: str
    language: Language
    version: int = Field(description="send it back with the answers")
    items: list[AskedItemOut]


class AnswerIn(In):
    """What was picked for an item."""

    item_id: Ulid
    choice: Place = Field(description="place of the option, from 0")


class AttemptIn(In):
    """Answers to every item of a quiz."""

    kind: Literal["practice", "pre", "post"] = Field("practice", description="pre: before teaching; post: after it")
    version: Version | None = Field(None, description="`version` of /take; left out, the newest")
    answers: Annotated[list[AnswerIn], Field(min_length=1, max_length=200)]


class PracticeIn(AnswerIn):
    """The answer to an item that came again."""

    version: Version | None = Field(None, description="the item's `version`, as it was shown")


class CitationOut(Out):
    """What the right answer rests on."""

    title: str
    url: str
    quote: str


class ScoredOut(Out):
    """An answer, and why it is right or wrong."""

    item_id: str
    choice: int
    correct: bool
    answer_index: int
    rationale: list[str]
    citation: CitationOut
    due_at: datetime | None = Field(description="when the item comes again; null when it does not")


class AttemptOut(Out):
    """A scored attempt."""

    id: str
    score: int
    of: int
    first: bool = Field(description="whether it is the first at this quiz; only first ones count in statistics")
    items: list[ScoredOut]
    gain: GainOut | None = Field(description="when this quiz was taken before and after")
    streak: int = Field(description="days in a row")
    badges: list[str]


class PracticeQuery(BaseModel):
    """How many items."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    limit: int = Field(10, ge=1, le=50)


class PracticeOut(Out):
    """Items that were wrong before and are due again. No key."""

    items: list[AskedItemOut]
    due: int = Field(description="all that are due")
    next_due_at: datetime | None = Field(description="when the next one comes; null for none")


class ProgressOut(Out):
    """What a learner did so far."""

    streak: int = Field(description="days in a row, up to today or yesterday, in TIME_ZONE")
    longest_streak: int
    attempts: int
    quizzes: int = Field(description="different quizzes taken")
    practised: int
    gains: list[GainOut]
    badges: list[str]
