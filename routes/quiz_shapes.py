"""Turns the bank's records into what the API shows, and what an editor sends into an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from chatbot.database import usd
from chatbot.knowledge.cards import Language, all_cards
from chatbot.quizzes.item import BankItem, Evidence, Finding, Item, MadeBy
from chatbot.quizzes.records.bank import StoredQuiz
from chatbot.quizzes.records.history import Version
from chatbot.quizzes.records.review import Edit
from routes.quiz_schemas import (
    ChangeOut,
    EvidenceIn,
    EvidenceOut,
    FindingOut,
    ItemOut,
    ItemPatch,
    LintIn,
    MadeByOut,
    QuizHead,
    VersionOut,
)

API_FIELDS = {"stem": "question", "keys": "answer_index"}
"""Names of an item's fields that the API calls otherwise."""


def quiz_head(quiz: StoredQuiz) -> dict[str, Any]:
    """The fields of `QuizHead`."""
    cost = quiz.cost_nano_usd
    return QuizHead(**{name: getattr(quiz, name) for name in QuizHead.model_fields if hasattr(quiz, name)},
                    published_version=quiz.live_version, cost_usd=None if cost is None else usd(cost),
                    cost_state="unpriced" if cost is None else "known").model_dump()


def whole_quiz(quiz: StoredQuiz, flags: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The fields of `QuizOut`."""
    return {**quiz_head(quiz), "items": [shown(one, (flags or {}).get(one.id, ())) for one in quiz.items],
            "lint": findings(quiz.findings)}


def shown(one: BankItem, flags: Sequence[str] = ()) -> ItemOut:
    """An item for its editors."""
    item, made, cost = one.item, one.item.made_by, one.item.made_by.cost_nano_usd
    return ItemOut(
        id=one.id, quiz_id=one.quiz_id, version=one.version, status=one.status, question=item.stem,
        options=list(item.options), answer_index=item.keys[0] if len(item.keys) == 1 else None,
        rationale=list(item.rationale), difficulty=item.difficulty, bloom=item.bloom, language=item.language,
        stage=item.stage, topic=item.topic, tags=list(item.tags), evidence=EvidenceOut.model_validate(item.evidence),
        made_by=MadeByOut(path=made.path, provider=made.provider, model=made.model, call_ids=list(made.call_ids),
                          cost_usd=None if cost is None else usd(cost)),
        lint=findings(one.findings), flags=list(flags), updated_at=one.updated_at, updated_by=one.updated_by)


def findings(found: Sequence[Finding]) -> list[FindingOut]:
    return [FindingOut(**{**one.model_dump(), "field": api_field(one.field)}) for one in found]


def version_out(one: Version) -> VersionOut:
    return VersionOut(version=one.version, at=one.at, by=one.by, action=one.action, reason=one.reason, diff=[
        ChangeOut(field=api_field(change["field"]), before=_api_value(change["field"], change["before"]),
                  after=_api_value(change["field"], change["after"])) for change in one.diff])


def api_field(name: str) -> str:
    """`stem` -> `question`, `keys` -> `answer_index`; places in lists stay."""
    first, dot, rest = name.partition(".")
    return API_FIELDS.get(first, first) + ("" if first == "keys" else dot + rest)


def edit_of(patch: ItemPatch, language: Language) -> Edit:
    """The fields that a change names, and no other."""
    sent = patch.model_dump(exclude_unset=True, exclude={"version", "evidence"}, exclude_none=True)
    edit: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()}
    if "question" in edit:
        edit["stem"] = edit.pop("question")
    if "answer_index" in edit:
        edit["keys"] = (edit.pop("answer_index"),)
    if patch.evidence is not None:
        edit["evidence"] = evidence_of(patch.evidence, language)
    return cast(Edit, edit)


def evidence_of(sent: EvidenceIn, language: Language) -> Evidence:
    """A fact card says its own title and address, whatever an editor wrote."""
    card = next((card for card in all_cards() if card.id == sent.card_id), None)
    if card is None:
        return Evidence(**sent.model_dump())
    return Evidence(quote=sent.quote, card_id=card.id, title=card.wording(language).title, url=str(card.source.url))


def item_to_lint(asked: LintIn, stage: str) -> Item:
    """An item that somebody is writing."""
    return Item(stem=asked.question, options=tuple(asked.options), rationale=tuple(asked.rationale), stage=stage,
                keys=() if asked.answer_index is None else (asked.answer_index,), language=asked.language,
                evidence=evidence_of(asked.evidence, asked.language), made_by=MadeBy(path="person"))


def _api_value(field: str, value: Any) -> Any:
    return value[0] if field == "keys" and isinstance(value, list) and len(value) == 1 else value
