"""Alt text for a teaching picture: the picture in, a text that keeps the rules out."""

from __future__ import annotations

from typing import Annotated

from apiflask import APIBlueprint
from pydantic import AfterValidator, Field, StringConstraints

from chatbot.calling.completion import Provenance
from chatbot.images.alt.alt_text import AltTextOrder
from chatbot.images.alt.draft import Wanted, visible
from chatbot.images.faces import People, may_leave
from chatbot.images.picture import read_picture
from chatbot.usage.cost import CostState
from config import Strategy
from routes.auth import current_principal
from routes.idempotency import costs
from routes.installation import installation
from routes.one_file import read_upload_form
from routes.schemas import In, Language, Out, UsageOut, Usd

blueprint = APIBlueprint("alt_text", __name__, url_prefix="/api/v1", tag="Pictures")
MOST_CONTEXT = 2_000
Context = Annotated[str, StringConstraints(max_length=MOST_CONTEXT), AfterValidator(lambda text: visible(text).strip())]
Audience = Annotated[str, StringConstraints(max_length=200), AfterValidator(lambda text: visible(text).strip())]


class AltTextIn(In):
    """What stands beside the picture in a form."""

    context: Context = Field("", description="what the picture is for; who and what it shows, if that may be said")
    language: Language = Field("en", description="language of the alt text")
    audience: Audience = Field("", description="who will read it")
    people: People = Field("unknown", description=(
        "none: no real person can be seen on it (nobody, or only drawn figures), so it may go to a cloud; some or "
        "unknown: it stays on this machine"))
    strategy: Strategy | None = Field(None, description="left out, STRATEGY")


class WarningOut(Out):
    """Something that a person should look at."""

    rule: str
    message: str


class AltTextOut(Out):
    """An alt text that keeps every rule, and where it comes from. A person signs it: read it before you use it."""

    alt_text: str = Field(description="one sentence, at most 125 characters; empty when the picture is decorative")
    long_description: str = Field(description="empty when there is nothing more to tell; has the picture's longer text")
    decorative: bool = Field(description="true: use alt=\"\"")
    warnings: list[WarningOut]
    provider: str
    model: str
    provenance: Provenance
    fell_back: bool = Field(description="whether someone before this provider was tried or skipped")
    usage: UsageOut
    cost_usd: Usd | None = Field(description="null when a price is unknown")
    cost_state: CostState
    call_id: str


@blueprint.post("/alt-text")
@blueprint.output(AltTextOut)
@costs()
def alt_text() -> AltTextOut:
    """Write the alt text of a picture: JPEG, PNG or WebP, as multipart/form-data.

    The picture is made anew from its pixels before anything else, so its EXIF data (place, time, camera) goes nowhere.
    Unless `people=none` says that no real person can be seen on it, only a model on this machine looks at it. It is
    not kept.
    """
    sent = read_upload_form(AltTextIn)
    asked = sent.fields
    picture = read_picture(sent.data, sent.name, may_leave=may_leave(asked.people))
    wanted = Wanted(asked.language, asked.context, asked.people, name=sent.name.rpartition(".")[0])
    reply = installation().service.write_alt_text(AltTextOrder(
        picture, wanted, asked.audience, asked.strategy, current_principal().id))
    return AltTextOut.model_validate({
        **{name: getattr(reply, name) for name in AltTextOut.model_fields if hasattr(reply, name)},
        "warnings": list(reply.warnings), "cost_usd": reply.usage.cost_usd, "cost_state": reply.usage.cost_state})


alt_text.takes = {"multipart/form-data": {"schema": {  # type: ignore[attr-defined]  # for docs.py
    "type": "object", "required": ["file"], "additionalProperties": False, "properties": {
        "file": {"type": "string", "format": "binary",
                 "description": "JPEG, PNG or WebP, up to MAX_UPLOAD_BYTES and 25 million pixels"},
        **AltTextIn.model_json_schema()["properties"]}}}}
