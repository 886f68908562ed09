"""Metadata out of documents: each value with the quote that it rests on, or null and the reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import request
from pydantic import Field, StringConstraints, ValidationError

from chatbot.documents.extraction import MOST_TEXT, Asked, Extraction, ExtractionOrder, order_for, passages_of_text
from chatbot.documents.found import Found, Reason
from chatbot.documents.passages import Passage
from chatbot.documents.store import Documents
from chatbot.documents.types import document_types
from chatbot.documents.upload import read_upload
from chatbot.errors import InvalidInput
from chatbot.usage.cost import CostState
from config import Strategy
from routes.auth import current_principal
from routes.errors import first_mistake
from routes.idempotency import costs
from routes.installation import installation
from routes.json_guard import parse
from routes.one_file import read_upload_form
from routes.schemas import In, Out, Usd

blueprint = APIBlueprint("extractions", __name__, url_prefix="/api/v1", tag="Extractions")
DocumentLanguage = Literal["en", "sw", "ko"]


DocumentId = Annotated[str, StringConstraints(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]
TypeName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
LONGEST_SCHEMA = 200_000
"""Characters of a schema in a form."""


class Wanted(In):
    """What to look for, and how."""

    document_type: TypeName | None = Field(
        None, description="contract (계약서), consent_form, referral_letter, antenatal_card or course_outline")
    language: DocumentLanguage | None = Field(None, description="of the document; left out, it is told by its words")
    strategy: Strategy | None = Field(None, description="left out, EXTRACTION_STRATEGY")


class ExtractionIn(Wanted):
    """A text or a stored document, and what to look for: a document type or a JSON Schema of your own."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT)] | None = Field(
        None, examples=["Name: Asha Wanjiru. LMP: 01/03/2026"])
    document_id: DocumentId | None = Field(None, description="of a document sent to /api/v1/documents")
    schema_: dict[str, Any] | None = Field(None, alias="schema", description=(
        "JSON Schema of an object: texts, numbers, dates (format: date), lists, objects; $ref only within itself"))
    dry_run: bool = Field(False, description="true: say what it would cost, and ask nobody")


class UploadIn(Wanted):
    """What stands beside the file in a form."""

    schema_: Annotated[str, StringConstraints(max_length=LONGEST_SCHEMA)] | None = Field(
        None, alias="schema", description="a JSON Schema, as JSON text")
    dry_run: Literal["true", "false"] = "false"


class EvidenceOut(Out):
    """Where a value stands."""

    page: int | None = Field(description="from 1; null where the document has no pages")
    quote: str = Field(description="the document's own words")


class PartOut(Out):
    """One value within a list or an object."""

    path: str = Field(description="names and numbers with dots between: parties.0.name")
    value: Any
    evidence: EvidenceOut | None
    reason: Reason | None


class ValueOut(Out):
    """One field. A value without evidence does not exist: it is null, and `reason` says why."""

    value: Any = Field(description="as the document writes it; a date as YYYY-MM-DD, a number as a number")
    evidence: EvidenceOut | None
    reason: Reason | None
    by: Literal["model", "rules"] | None = Field(description="rules: read by the label that stands before it")
    parts: list[PartOut] = Field(description="of a list or an object")


class TokensOut(Out):
    """All tries together."""

    prompt_tokens: int
    completion_tokens: int


class ExtractionOut(Out):
    """What the document says."""

    id: str
    document_type: str
    language: DocumentLanguage
    values: dict[str, ValueOut]
    missing: list[str] = Field(description="fields without a value")
    provider: str = Field(description="curated: no model answered, the labels on the page were read")
    model: str
    usage: TokensOut
    call_ids: list[str]
    cost_usd: Usd | None = Field(description="null when a price is unknown")
    cost_state: CostState
    estimate_usd: Usd | None = Field(description="what it could cost at the most, without second tries")
    notes: list[str]
    dry_run: bool


class TypeOut(Out):
    """A document type."""

    id: str
    names: list[str] = Field(description="what it may be called in `document_type`")
    title: dict[str, str] = Field(description="by language")
    schema_: dict[str, Any] = Field(alias="schema")


class TypesOut(Out):
    """Every document type."""

    types: list[TypeOut]


@blueprint.post("/extractions")
@blueprint.output(ExtractionOut)
@costs()
def extract() -> ExtractionOut:
    """Read the metadata of a document. Every value stands in the document, or is null with the reason.

    Send text or a document_id (JSON), or a PDF, .docx or UTF-8 text file (multipart/form-data; read in a process of its
    own, and not kept). With `dry_run` nobody is asked: `estimate_usd` says what it would cost.
    """
    order, dry_run = _uploaded() if request.mimetype == "multipart/form-data" else _sent()
    return _estimated(order) if dry_run else _shown(installation().service.extract_metadata(order))


extract.takes = {  # type: ignore[attr-defined]  # for docs.py: APIFlask describes one type of body only
    "application/json": {"schema": ExtractionIn.model_json_schema()},
    "multipart/form-data": {"schema": {
        "type": "object", "required": ["file"], "additionalProperties": False, "properties": {
            "file": {"type": "string", "format": "binary", "description": "PDF, .docx, .txt or .md"},
            **UploadIn.model_json_schema()["properties"]}}}}


@blueprint.get("/extractions/types")
@blueprint.output(TypesOut)
def types() -> TypesOut:
    """List the document types with their fields, as JSON Schema."""
    return TypesOut(types=[TypeOut(id=one.id, names=list(one.names), title=one.title, schema=one.schema())
                           for one in document_types()])


def _sent() -> tuple[ExtractionOrder, bool]:
    """Raises InvalidInput, NotFound."""
    try:
        asked = ExtractionIn.model_validate(request.get_json())
    except ValidationError as error:
        raise first_mistake(error) from None
    if (asked.text is None) == (asked.document_id is None):
        raise InvalidInput("Send a text or a document_id, one of the two.", field="text",
                           remedy="A file is sent in a form (multipart/form-data), as `file`.")
    if asked.text is not None:
        passages = passages_of_text(asked.text)
    else:
        passages = Documents(installation().service.engine).lines(asked.document_id or "")
    return _order(passages, asked, asked.schema_), asked.dry_run


def _uploaded() -> tuple[ExtractionOrder, bool]:
    """Raises InvalidInput and its children for a file that cannot be read."""
    sent = read_upload_form(UploadIn)
    asked = sent.fields
    schema = None if asked.schema_ is None else parse(asked.schema_.encode())
    return _order(read_upload(sent.name, sent.data).lines, asked, schema), asked.dry_run == "true"


def _order(passages: tuple[Passage, ...], asked: Wanted, schema: dict[str, Any] | None) -> ExtractionOrder:
    if schema is not None and asked.document_type is not None:
        raise InvalidInput("Send a schema or a document_type, one of the two.", field="schema")
    return order_for(passages, Asked(schema, asked.document_type or "", asked.language, asked.strategy,
                                     current_principal().id))


def _estimated(order: ExtractionOrder) -> ExtractionOut:
    estimate, calls = installation().service.estimate_extraction(order)
    return ExtractionOut(
        id="", document_type=order.document_type, language=order.language, values={},
        missing=[one.name for one in order.fields], provider="", model="",
        usage=TokensOut(prompt_tokens=0, completion_tokens=0), call_ids=[], cost_usd=0, cost_state="local",
        estimate_usd=estimate, dry_run=True, notes=[
            f"It would take {calls} calls at the most." if calls else
            "No model can be asked: values would be read by their labels, at no cost."])


def _shown(found: Extraction) -> ExtractionOut:
    return ExtractionOut(
        id=found.id, document_type=found.document_type, language=found.language,
        values={name: _value(one) for name, one in found.values.items()}, missing=list(found.missing),
        provider=found.provider, model=found.model,
        usage=TokensOut(prompt_tokens=found.prompt_tokens, completion_tokens=found.completion_tokens),
        call_ids=list(found.call_ids), cost_usd=found.cost_usd, cost_state=found.cost_state,
        estimate_usd=found.estimate_usd, notes=list(found.notes), dry_run=False)


def _value(one: Found) -> ValueOut:
    return ValueOut(value=one.value, evidence=_evidence(one), reason=one.reason, by=one.by,
                    parts=[PartOut(path=path, value=part.value, evidence=_evidence(part), reason=part.reason)
                           for path, part in one.leaves()])


def _evidence(one: Found) -> EvidenceOut | None:
    return EvidenceOut.model_validate(one.evidence) if one.evidence else None
