"""Educators' own documents: a file or a text, kept as passages and lines with page numbers, shared by the team."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from chatbot.documents.letters import one_line
from chatbot.documents.refusals import MOST_CHARACTERS
from chatbot.documents.store import Documents
from chatbot.documents.upload import LONGEST_TITLE, ParsedDocument, read_pasted, read_upload
from routes.auth import current_principal
from routes.errors import first_mistake
from routes.installation import installation
from routes.one_file import read_upload_form
from routes.schemas import In, Out

blueprint = APIBlueprint("documents", __name__, url_prefix="/api/v1", tag="Documents")
Title = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(lambda text: one_line(text, LONGEST_TITLE))]
"""One line; what nobody can see is taken out."""


class PastedIn(In):
    """Text that an educator typed or pasted."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS)]
    title: Title = Field("", description="left out, the text's first line")


class UploadIn(In):
    """What stands beside the file in a form."""

    title: Title = Field("", description="left out, what the file calls itself")


class ListQuery(BaseModel):
    """Which part of the list."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    limit: int = Field(50, ge=1, le=200)
    after: Annotated[str, StringConstraints(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")] | None = Field(
        None, description="id of the last document of the part before")


class DocumentOut(Out):
    """A document as it is kept. The file itself is not: only its text."""

    id: str
    title: str
    kind: Literal["pdf", "docx", "text"]
    pages: int | None = Field(description="null for kinds without pages (.docx, text)")
    characters: int
    language: Literal["en", "sw", "ko"]
    passages: int = Field(description="how many passages it was cut into")
    created_at: datetime
    created_by: str = Field(description="id of the key or person who sent it")
    created_by_name: str


class PassageOut(Out):
    """Some sentences of a document: what one quiz item is made from."""

    page: int | None = Field(description="from 1; null where the document has no pages")
    text: str


class WholeDocumentOut(DocumentOut):
    """A document and its text."""

    passages: list[PassageOut]  # type: ignore[assignment]


class DocumentsOut(Out):
    """Everybody's documents, the newest first."""

    documents: list[DocumentOut]


@blueprint.post("/documents")
@blueprint.output(DocumentOut, status_code=201)
def add_document() -> DocumentOut:
    """Keep a document: a PDF, .docx or UTF-8 text file (multipart/form-data), or text (JSON).

    The same file sent again by the same educator is the same document. The file is read in a process of its own with
    little time and memory, and is not kept. Its name only tells its kind.
    """
    parsed, title = _uploaded() if request.mimetype == "multipart/form-data" else _pasted()
    stored, _ = _documents().add(parsed, current_principal().id, title)
    return DocumentOut.model_validate(stored)


add_document.takes = {  # type: ignore[attr-defined]  # for docs.py: APIFlask describes one type of body only
    "application/json": {"schema": PastedIn.model_json_schema()},
    "multipart/form-data": {"schema": {
        "type": "object", "required": ["file"], "additionalProperties": False, "properties": {
            "file": {"type": "string", "format": "binary",
                     "description": "PDF, .docx, .txt or .md; up to MAX_UPLOAD_BYTES"},
            **UploadIn.model_json_schema()["properties"]}}}}


@blueprint.get("/documents")
@blueprint.input(ListQuery, location="query", arg_name="asked")
@blueprint.output(DocumentsOut)
def all_documents(asked: ListQuery) -> DocumentsOut:
    """List everybody's documents, the newest first."""
    found = _documents().all(limit=asked.limit, after=asked.after or "")
    return DocumentsOut(documents=[DocumentOut.model_validate(one) for one in found])


@blueprint.get("/documents/<document_id>")
@blueprint.output(WholeDocumentOut)
def one_document(document_id: str) -> WholeDocumentOut:
    """Show a document with its passages."""
    documents = _documents()
    known = DocumentOut.model_validate(documents.get(document_id)).model_dump()
    passages = [PassageOut.model_validate(passage) for passage in documents.passages(document_id)]
    return WholeDocumentOut(**{**known, "passages": passages})


@blueprint.delete("/documents/<document_id>")
@blueprint.output({}, status_code=204)
def delete_document(document_id: str) -> str:
    """Delete a document that you sent, with its passages; an admin deletes any. Quizzes keep the quotes they took."""
    _documents().delete(document_id, current_principal())
    return ""


def _pasted() -> tuple[ParsedDocument, str]:
    try:
        asked = PastedIn.model_validate(request.get_json())
    except ValidationError as error:
        raise first_mistake(error) from None
    return read_pasted(asked.text), asked.title


def _uploaded() -> tuple[ParsedDocument, str]:
    sent = read_upload_form(UploadIn)
    return read_upload(sent.name, sent.data), sent.fields.title


def _documents() -> Documents:
    return Documents(installation().service.engine)
