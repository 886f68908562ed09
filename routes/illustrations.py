"""Pictures for lessons: ordered as jobs, kept in a library with their alt text, given out as files nothing runs."""

from __future__ import annotations

import json
import re
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request, url_for
from pydantic import ValidationError

from chatbot.errors import NotFound
from chatbot.images.lessons.describing import described, warnings_of
from chatbot.images.lessons.errors import NoSuchPicture
from chatbot.images.lessons.files import ENDINGS
from chatbot.images.lessons.illustrations import Illustrations
from chatbot.images.lessons.jobs import Job
from chatbot.images.lessons.library import StoredImage
from chatbot.quizzes.records.twice import refuse_twice
from routes.auth import current_principal
from routes.errors import first_mistake
from routes.exports import attachment
from routes.idempotency import HEADER, costs
from routes.illustration_schemas import (
    EditForm,
    EditIn,
    FileQuery,
    ImageIn,
    ImageOut,
    ImagePatch,
    ImagesOut,
    ImagesQuery,
    JobOut,
    NoteOut,
    image_out,
    job_out,
)
from routes.installation import installation
from routes.one_file import read_upload_form
from routes.schemas import Language, Responses

blueprint = APIBlueprint("illustrations", __name__, url_prefix="/api/v1", tag="Illustrations")
FILES: Responses = {200: {"description": "the picture", "content": {
    media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in ENDINGS}}}
_ULID = re.compile("[0-9A-HJKMNP-TV-Z]{26}")


@blueprint.post("/images")
@blueprint.input(ImageIn, arg_name="asked")
@blueprint.output(JobOut, status_code=202)
@costs()
def order(asked: ImageIn) -> tuple[JobOut, int, dict[str, str]]:
    """Have a picture drawn. The answer is a job: ask for it until it is done.

    What is not drawn here (procedures on people who could be recognised, named persons, nudity, injuries, doses) is
    refused at once, before it costs. Each picture gets an alt text from a model that looks at it, if there is one.
    """
    illustrations().check(asked.wish())
    refuse_double_click()
    return _accepted(illustrations().order(asked.wish(), current_principal()))


@blueprint.post("/images/edit")
@blueprint.output(JobOut, status_code=202)
@costs()
def edit() -> tuple[JobOut, int, dict[str, str]]:
    """Have a picture changed: one of the library (JSON with `picture_id`), or an uploaded one (multipart/form-data).

    The uploaded file is made anew from its pixels, and kept only until the job ends.
    """
    if request.mimetype == "multipart/form-data":
        sent = read_upload_form(EditForm)
        return _accepted(illustrations().edit(sent.fields.wish(), current_principal(), sent.data, sent.name))
    try:
        asked = EditIn.model_validate(request.get_json())
    except ValidationError as error:
        raise first_mistake(error) from None
    refuse_double_click()
    return _accepted(illustrations().edit_stored(asked.wish(), current_principal(), asked.picture_id))


edit.takes = {  # type: ignore[attr-defined]  # for docs.py: APIFlask describes one type of body only
    "application/json": {"schema": EditIn.model_json_schema()},
    "multipart/form-data": {"schema": {
        "type": "object", "required": ["file", "prompt"], "additionalProperties": False, "properties": {
            "file": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP, up to MAX_UPLOAD_BYTES"},
            **EditForm.model_json_schema()["properties"]}}}}


@blueprint.get("/images/jobs/<job_id>")
@blueprint.output(JobOut)
def job(job_id: str) -> JobOut:
    """Show how far a picture is."""
    return job_out(job_named(job_id))


@blueprint.delete("/images/jobs/<job_id>")
@blueprint.output(JobOut)
def cancel(job_id: str) -> JobOut:
    """Cancel a picture under way. A running job stops a moment later; one that has ended stays as it is."""
    return job_out(illustrations().cancel(job_named(job_id).id))


@blueprint.get("/images")
@blueprint.input(ImagesQuery, location="query", arg_name="asked")
@blueprint.output(ImagesOut)
def images(asked: ImagesQuery) -> ImagesOut:
    """List everybody's pictures, the newest first; with `q` those that have these words."""
    found = illustrations().library.search(asked.q, limit=asked.limit, after=asked.after or "")
    return ImagesOut(images=[image_out(one, warnings_of(one)) for one in found])


@blueprint.get("/images/<image_id>")
@blueprint.output(ImageOut)
def image(image_id: str) -> ImageOut:
    """Show what is known of a picture."""
    found = picture_named(image_id)
    return image_out(found, warnings_of(found))


@blueprint.patch("/images/<image_id>")
@blueprint.input(ImagePatch, arg_name="asked")
@blueprint.output(ImageOut)
def change(image_id: str, asked: ImagePatch) -> ImageOut:
    """Write the alt text of a picture, or another title. Whoever writes it answers for it: its state is `checked`."""
    return image_out(*describe(picture_named(image_id), asked))


@blueprint.delete("/images/<image_id>")
@blueprint.output({}, status_code=204)
def remove(image_id: str) -> str:
    """Delete a picture that was drawn for you, with its bytes; an admin deletes any."""
    illustrations().library.delete(picture_named(image_id).id, current_principal())
    return ""


@blueprint.get("/images/<image_id>/file")
@blueprint.input(FileQuery, location="query", arg_name="asked")
@blueprint.doc(responses=FILES)
def file(image_id: str, asked: FileQuery) -> Response:
    """Download a picture, once it has its alt text. The file says in XMP that a model made it."""
    found = picture_named(image_id)
    if not asked.inline:
        found.require_usable()
    name = f"{found.title.replace('.', ' ').strip() or 'picture'}.{ENDINGS[found.media_type]}"
    return Response(illustrations().library.data(found), content_type=found.media_type, headers={
        "Content-Disposition": "inline" if asked.inline else attachment(name), "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox"})


@blueprint.get("/images/<image_id>/note")
@blueprint.output(NoteOut)
def provenance(image_id: str) -> NoteOut:
    """Show the note on where a picture comes from. It is not signed."""
    library = illustrations().library
    return NoteOut.model_validate(json.loads(library.files.read_named(f"{picture_named(image_id).sha256}.json")))


def illustrations() -> Illustrations:
    """The desk of this installation."""
    return installation().service.illustrations


def job_named(job_id: str) -> Job:
    """A job of whoever asks. Raises NotFound, also for somebody else's."""
    if not _ULID.fullmatch(job_id):
        raise NotFound("There is no such job.")
    return illustrations().jobs.seen_by(job_id, current_principal())


def picture_named(image_id: str) -> StoredImage:
    """A picture of the library. Raises NoSuchPicture."""
    if not _ULID.fullmatch(image_id):
        raise NoSuchPicture("There is no such picture.")
    return illustrations().library.get(image_id)


def describe(found: StoredImage, asked: ImagePatch) -> tuple[StoredImage, Any]:
    """The picture with what a person wrote, and what she should look at again. Raises InvalidInput, VersionConflict."""
    library, language = illustrations().library, _language(found)
    if asked.alt_text is None and asked.long_description is None and asked.decorative is None:
        changed = library.rename(found.id, asked.title or found.title, asked.version)
        return changed, warnings_of(changed)
    said, warnings = described(
        found.alt_text if asked.alt_text is None else asked.alt_text,
        found.long_description if asked.long_description is None else asked.long_description,
        language, decorative=bool(asked.decorative))
    return library.describe(found.id, said, asked.version, asked.title or ""), warnings


def _language(found: StoredImage) -> Language:
    return "sw" if found.language == "sw" else "en"


def refuse_double_click() -> None:
    """The same body within two seconds. A client that sends an Idempotency-Key says by itself what is the same."""
    if HEADER not in request.headers:
        refuse_twice(illustrations().jobs.engine, current_principal().id, request.path, request.get_data())


def _accepted(job: Job) -> tuple[JobOut, int, dict[str, str]]:
    return job_out(job), 202, {"Location": url_for("illustrations.job", job_id=job.id)}
