"""Quizzes as files: out in the formats of other programs and of paper, and in from theirs."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chatbot.quizzes.exports import EXPORTS, export_quiz
from chatbot.quizzes.imports import IMPORTS, import_items
from chatbot.quizzes.records.bank import NewItem, read_quiz, store_quiz
from chatbot.stages import stage_named
from routes.auth import current_principal
from routes.idempotency import costs
from routes.quiz_making import refuse_double_click
from routes.quiz_rooms import engine, judge, quiz_named
from routes.quiz_schemas import QuizOut, Title
from routes.quiz_shapes import whole_quiz
from routes.schemas import In, Language, Name, Out, Responses

blueprint = APIBlueprint("exports", __name__, url_prefix="/api/v1", tag="Exports")

FILES: Responses = {200: {"description": "the file, as an attachment", "content": {
    export.media_type: {"schema": {"type": "string", "format": "binary"}} for export in EXPORTS.values()}}}
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._-]")


class ExportQuery(BaseModel):
    """Which file."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    format: Annotated[str, StringConstraints(max_length=40)] = Field(json_schema_extra={"enum": list(EXPORTS)})
    include: Literal["approved", "all"] = Field("approved", description="all: with drafts; paper then says DRAFT")
    seconds: int | None = Field(None, description="kahoot-xlsx: time to answer (5, 10, 20, 30, 60, 90, 120 or 240)")


class ImportIn(In):
    """A file with questions, as text."""

    format: Annotated[str, StringConstraints(max_length=40)] = Field(json_schema_extra={"enum": list(IMPORTS)})
    content: str = Field(description="the whole file")
    stage: Name = Field(examples=["antenatal"])
    language: Language = Field("en", description="that of the questions")
    title: Title = Field("", description="left out: the stage")


class SkippedQuestionOut(Out):
    """A question of the file that was left out."""

    place: str = Field(description="where in the file: `row 4`, `question 2 (line 9)`")
    reason: str


class ImportedQuizOut(QuizOut):
    """A draft quiz; its items have no evidence yet, so none can be approved before an editor attaches it."""

    skipped: list[SkippedQuestionOut]


@blueprint.get("/quizzes/<quiz_id>/export")
@blueprint.input(ExportQuery, location="query", arg_name="asked")
@blueprint.doc(responses=FILES)
def export(quiz_id: str, asked: ExportQuery) -> Response:
    """Download a quiz as a file: its approved items, or with `include=all` the drafts too."""
    quiz = read_quiz(engine(), quiz_named(quiz_id))
    file = export_quiz(quiz, asked.format, drafts=asked.include == "all", seconds=asked.seconds)
    return Response(file.content, content_type=file.media_type,
                    headers={"Content-Disposition": attachment(file.name), "X-Content-Type-Options": "nosniff"})


@blueprint.post("/quizzes/import")
@blueprint.input(ImportIn, arg_name="asked")
@blueprint.output(ImportedQuizOut, status_code=201)
@costs()
def import_quiz(asked: ImportIn) -> dict[str, Any]:
    """Make a draft quiz of a file's multiple-choice questions, and say which were left out and why."""
    stage = stage_named(asked.stage)
    found = import_items(asked.content, asked.format, stage=stage.id, language=asked.language)
    refuse_double_click()
    quiz = store_quiz(engine(), judge(), [NewItem(item) for item in found.items], stage=stage.id,
                      title=asked.title or stage.title.en, by=current_principal().id, language=asked.language)
    return {**whole_quiz(quiz), "skipped": list(found.skipped)}


def attachment(name: str) -> str:
    """Content-Disposition of RFC 6266: a plain name for old programs, the real one in RFC 8187's encoding."""
    stem, dot, extension = name.partition(".")
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = _NOT_PLAIN.sub("_", ascii_stem).strip() or "quiz"
    return f"attachment; filename=\"{plain}{dot}{extension}\"; filename*=UTF-8''{quote(name, safe='')}"
