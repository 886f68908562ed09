"""The shapes of quizzes, items and their review: what an editor sends and gets. Input is strict."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chatbot.quizzes.item import Bloom, Difficulty, Path, Severity, Status
from config import Strategy
from routes.schemas import In, Language, Name, Out, Usd, Words

Ulid = Annotated[str, StringConstraints(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
MOST_TEXT = 20_000
"""Characters of a text that a quiz is made from; what is longer comes as a document."""
Title = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Question = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Option = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Reason = Annotated[str, StringConstraints(max_length=500)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Link = Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://[^\s<>\"]+)?$")]
Options = Annotated[list[Option], Field(min_length=2, max_length=6)]
Rationale = Annotated[list[Annotated[str, StringConstraints(max_length=1_000)]], Field(max_length=6)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Place = Annotated[int, Field(ge=0, le=5)]


class Listed(BaseModel):
    """Which part of a list: its words come in the address."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    limit: int = Field(20, ge=1, le=100)
    after: Ulid | None = Field(None, description="`after` of the page before")


# --- what an editor sends ---
class QuizIn(In):
    """A quiz to make. From the fact cards; or from a text or a document of your own."""

    stage: Name = Field(examples=["antenatal"])
    topic: Annotated[str, StringConstraints(max_length=200)] = Field("", description="topics of the cards, or words")
    text: Annotated[Words, StringConstraints(max_length=MOST_TEXT)] | None = Field(
        None, description="kept as a document of yours, so that each item can show where its key stands")
    document_id: Ulid | None = Field(None, description="a document that was sent before")
    count: int = Field(10, ge=1, le=20)
    options: int = Field(4, ge=3, le=4)
    difficulty: Difficulty | None = None
    bloom: Bloom | None = None
    language: Language | None = Field(None, description="left out: English, or that of the text")
    strategy: Strategy | None = None
    title: Title = Field("", description="left out: the stage and the topic")
    stream: bool = Field(False, description="true: answer as text/event-stream, item by item")


class QuizPatch(In):
    """A change of the quiz as a whole."""

    version: Version = Field(description="the version you saw")
    title: Title | None = None
    order: Annotated[list[Ulid], Field(max_length=200)] | None = Field(None, description="ids of all its items")


class StepIn(In):
    """A step of review."""

    version: Version = Field(description="the version you saw")
    reason: Reason = Field("", description="needed to reject")


class RollBackIn(StepIn):
    """Which version's words to take back."""

    to: Version


class EvidenceIn(In):
    """Where the key stands, word for word."""

    quote: Annotated[str, StringConstraints(max_length=2_000)] = ""
    card_id: Annotated[str, StringConstraints(max_length=60)] = ""
    document_id: Ulid | Literal[""] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] | None = None
    title: Title = ""
    url: Link = ""


class ItemPatch(In):
    """A change of an item; what is left out stays."""

    version: Version = Field(description="the version you saw")
    question: Question | None = None
    options: Options | None = None
    answer_index: Place | None = None
    rationale: Rationale | None = None
    difficulty: Difficulty | None = None
    bloom: Bloom | None = None
    tags: Tags | None = None
    evidence: EvidenceIn | None = None


class ItemIn(In):
    """An item written by hand, or one of the bank (`from_item`, and nothing else) to use again."""

    from_item: Ulid | None = None
    question: Question | None = None
    options: Options | None = None
    answer_index: Place | None = None
    rationale: Rationale = []
    difficulty: Difficulty = "medium"
    bloom: Bloom = "remember"
    tags: Tags = []
    evidence: EvidenceIn = EvidenceIn()


class LintIn(In):
    """An item that somebody is writing, in whatever state."""

    question: Annotated[str, StringConstraints(max_length=1_000)]
    options: Annotated[list[Annotated[str, StringConstraints(max_length=500)]], Field(max_length=6)]
    answer_index: Place | None = Field(description="null while there is none")
    rationale: Rationale = []
    language: Language
    stage: Name | None = None
    evidence: EvidenceIn = EvidenceIn()
    quiz_id: Ulid | None = Field(None, description="the quiz it is in")
    item_id: Ulid | None = Field(None, description="its own id, so that it is no duplicate of itself")


class QuizQuery(Listed):
    """Which quizzes."""

    status: Literal["draft", "in_review", "approved", "published", "retired"] | None = None
    stage: Name | None = None
    q: Annotated[str, StringConstraints(max_length=200)] = Field("", description="words of the title or the topic")


class BankQuery(Listed):
    """Which items."""

    q: Annotated[str, StringConstraints(max_length=200)] = Field("", description="beginnings of words")
    tag: Annotated[str, StringConstraints(max_length=40)] = ""
    stage: Name | None = None
    language: Language | None = None
    status: Status | None = None
    flagged: bool | None = Field(None, description="true: the answers of learners speak against it")


class SimilarQuery(BaseModel):
    """A question to compare with the bank."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    question: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    limit: int = Field(10, ge=1, le=50)


class DeleteQuery(BaseModel):
    """Which version of the item to take out, and why."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: Version = Field(description="the version you saw")
    reason: Reason = ""


# --- what an editor gets ---
class FindingOut(Out):
    """A flaw that the lint sees."""

    rule: str
    severity: Severity
    message: str
    remedy: str
    field: str = Field(description="`question`, `options.2`, `answer_index`, `evidence`...; empty: the whole item")


class EvidenceOut(Out):
    """Where the key stands."""

    card_id: str
    document_id: str
    page: int | None
    quote: str
    title: str
    url: str


class MadeByOut(Out):
    """Who wrote an item, and what that cost with all failed tries."""

    path: Path
    provider: str
    model: str
    cost_usd: Usd | None = Field(description="null when a price is unknown")
    call_ids: list[str]


class ItemOut(Out):
    """An item as its editors see it."""

    id: str
    quiz_id: str
    version: int
    status: Status
    question: str
    options: list[str]
    answer_index: int | None = Field(description="place of the key, from 0; null when there is not exactly one")
    rationale: list[str] = Field(description="why each option is right or wrong")
    difficulty: Difficulty
    bloom: Bloom
    language: Language
    stage: str
    topic: str
    tags: list[str]
    evidence: EvidenceOut
    made_by: MadeByOut
    lint: list[FindingOut]
    flags: list[str] = Field(description="what the answers of learners say against it")
    updated_at: datetime | None
    updated_by: str


class QuizHead(Out):
    """A quiz without its items."""

    id: str
    title: str
    stage: str
    topic: str
    language: Language
    status: Status
    version: int
    published_version: int | None = Field(description="the version that learners see; null for none")
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    document_id: str
    cost_usd: Usd | None = Field(description="what making it cost; null when a price is unknown")
    cost_state: Literal["known", "unpriced"]


class QuizOut(QuizHead):
    """A quiz as its editors see it."""

    items: list[ItemOut]
    lint: list[FindingOut] = Field(description="of the set as a whole")


class MadeQuizOut(QuizOut):
    """A quiz that was just made."""

    short_of: int = Field(description="how many items are missing")
    short_reason: str = Field(description="why; empty when none is")
    notes: list[str] = Field(description="why a model was not asked, why a passage was passed over")
    help: str = Field(description="what to do about danger signs in your own words; empty when there are none")


class QuizzesOut(Out):
    """A page of quizzes, newest first."""

    quizzes: list[QuizHead]
    after: str | None = Field(description="of the next page; null at the end")


class ItemsOut(Out):
    """A page of items, newest first."""

    items: list[ItemOut]
    after: str | None = Field(description="of the next page; null at the end")


class LintOut(Out):
    """What the lint says."""

    lint: list[FindingOut]


class SimilarItemOut(Out):
    """An item that asks nearly the same."""

    likeness: float = Field(description="1 is the same")
    item: ItemOut


class SimilarOut(Out):
    """Items that ask nearly the same, the most alike first."""

    similar: list[SimilarItemOut]


class ChangeOut(Out):
    """One field that changed."""

    field: str
    before: object
    after: object


class VersionOut(Out):
    """One step of a history."""

    version: int
    at: datetime
    by: str
    action: str
    reason: str
    diff: list[ChangeOut]


class VersionsOut(Out):
    """A history, newest first."""

    versions: list[VersionOut]


class ItemStatisticsOut(Out):
    """What the first answers of learners say about an item; hidden while they are fewer than 30."""

    item_id: str
    n: int
    facility: float | None = Field(description="share of right answers")
    discrimination: float | None = Field(description="corrected point-biserial, -1 to 1")
    options: list[dict[str, int]] | None = Field(description="{picked} for each option")
    flags: list[str]
    hidden: str | None = Field(description="why there are no numbers")


class GainOut(Out):
    """Knowledge before and after: shares of right answers, and Hake's normalised gain (post - pre) / (1 - pre)."""

    quiz_id: str
    pre: float
    post: float
    gain: float | None = Field(description="null when all was known before")
    learners: int


class StatisticsOut(Out):
    """Of the newest published version."""

    quiz_id: str
    version: int | None = Field(description="null when it was never published")
    learners: int = Field(description="who took it at least once")
    items: list[ItemStatisticsOut]
    gain: GainOut | None = Field(description="of all who took it before and after; null under 30 learners")
