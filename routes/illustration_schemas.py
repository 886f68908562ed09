"""The shapes of illustration: what a client asks for, its job, and the picture that came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from flask import url_for
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from chatbot.images.alt.draft import one_line
from chatbot.images.alt.rules import Finding
from chatbot.images.faces import People
from chatbot.images.lessons.jobs import Job
from chatbot.images.lessons.library import StoredImage
from chatbot.images.lessons.order import LONGEST_PROMPT, LONGEST_TITLE, MOST_SEED, Wish
from chatbot.images.lessons.provenance import CODES
from config import Strategy
from routes.schemas import In, Language, Out

Id = Annotated[str, StringConstraints(pattern="^[0-9A-HJKMNP-TV-Z]{26}$")]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Prompt = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PROMPT), AfterValidator(_not_blank)]
Title = Annotated[str, StringConstraints(max_length=LONGEST_TITLE), AfterValidator(one_line)]
Size = Literal["1024x1024", "1216x832", "832x1216"]


class ImageIn(In):
    """A picture that is wanted."""

    prompt: Prompt = Field(examples=["A health worker and a pregnant woman talk under a tree, flat illustration"],
                           description="what the picture shows, in English, which the models read best")
    negative_prompt: Annotated[str, StringConstraints(max_length=LONGEST_PROMPT)] = Field(
        "", description="what must not be on it; some models take none")
    size: Size = Field("1024x1024", description="width x height in pixels")
    seed: int | None = Field(None, ge=0, le=MOST_SEED, description="the same seed and model draw the same picture")
    steps: int | None = Field(None, ge=1, le=150, description="denoising steps; left out, the model's own")
    guidance: float | None = Field(None, ge=0, le=30, description="how closely the picture follows the prompt")
    strategy: Strategy | None = Field(None, description="left out, STRATEGY")
    language: Language = Field("en", description="of the alt text, and of a refusal")
    title: Title = Field("", description="left out, the beginning of the prompt")

    def wish(self) -> Wish:
        """The same for the desk."""
        return Wish(**self.model_dump(exclude={"picture_id"}))


class EditIn(ImageIn):
    """A picture of the library that is to be changed."""

    picture_id: Id
    strength: float | None = Field(None, gt=0, le=1, description="how far from the picture: 0 keeps it, 1 forgets it")
    people: People = Field("unknown", description="whether real people can be seen on it; of what a model drew from "
                                                  "words alone this is known, and not asked")


class EditForm(ImageIn):
    """What stands beside the uploaded picture in a form."""

    model_config = ConfigDict(strict=False, extra="forbid", hide_input_in_errors=True)

    strength: float | None = Field(None, gt=0, le=1, description="how far from the picture: 0 keeps it, 1 forgets it")
    people: People = Field("unknown", description=(
        "none: no real person can be seen on it, so it may go to a cloud; some or unknown: it stays on this machine, "
        "and is not put into a medical scene"))


class JobError(Out):
    """Why a job gave no picture."""

    code: str
    detail: str
    remedy: str


class JobOut(Out):
    """A picture under way."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    stage: Literal["queued", "waking", "drawing", "describing"] = Field(description="how far a running job is")
    eta_s: float | None = Field(description="seconds until this stage should end; null when nobody knows")
    url: str = Field(description="of this job")
    cancel_wanted: bool
    image_id: str | None = Field(description="the picture, as soon as there is one")
    image_url: str | None
    error: JobError | None
    created_at: datetime


class WarningOut(Out):
    """Something that a person should look at."""

    rule: str
    message: str


class ImageOut(Out):
    """A picture of the library."""

    id: str
    title: str
    language: Language
    alt_text: str = Field(description="empty while it is awaited, and when the picture is decorative")
    long_description: str
    decorative: bool
    alt_state: Literal["awaiting", "suggested", "checked"] = Field(
        description="awaiting: nobody described it; suggested: a model did; checked: a person did")
    usable: bool = Field(description="false: it has no alt text yet, so its file is not given out")
    warnings: list[WarningOut] = Field(description="what a person should look at in the alt text")
    prompt: str
    negative_prompt: str
    width: int
    height: int
    media_type: Literal["image/png", "image/jpeg", "image/webp"]
    size: int = Field(description="bytes")
    sha256: str
    provider: str
    model: str
    provenance: Literal["local", "cloud"] = Field(description="where it was drawn")
    digital_source_type: str = Field(description="IPTC's code, as it stands in the file")
    seed: int | None
    call_id: str
    created_at: datetime
    created_by: str
    created_by_name: str
    version: int = Field(description="goes up with each change of its words")
    file_url: str


class ImagesOut(Out):
    """Pictures, the newest first."""

    images: list[ImageOut]


class ImagePatch(In):
    """Other words for a picture. What is left out stays."""

    alt_text: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    long_description: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    decorative: bool | None = Field(None, description='true: it says nothing to a reader; use alt=""')
    title: Title | None = None
    version: int | None = Field(None, description="the version that was read; another one now is a 409")


class ImagesQuery(BaseModel):
    """Which part of the library."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    q: Annotated[str, StringConstraints(max_length=200)] = Field("", description="words of title, prompt or alt text")
    limit: int = Field(20, ge=1, le=100)
    after: Id | None = Field(None, description="id of the last picture of the part before")


class FileQuery(BaseModel):
    """How the file is wanted."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    inline: bool = Field(False, description="true: to be shown on a page of this server, also before it has alt text")


class NoteOut(Out):
    """Where a picture comes from: what a C2PA claim would say, unsigned."""

    note: str
    signed: Literal[False]
    claim_generator: str
    sha256: str
    media_type: str
    digital_source_type: str
    provider: str
    model: str
    seed: int | None
    prompt_sha256: str
    made_at: str
    made_by_role: str
    source_sha256: str | None


def job_out(job: Job) -> JobOut:
    """A job as a client sees it."""
    error = JobError(code=job.error_code, detail=job.error_detail, remedy=job.error_remedy) if job.error_code else None
    picture = job.picture_id or None
    return JobOut.model_validate({
        **{name: getattr(job, name) for name in ("id", "state", "stage", "eta_s", "cancel_wanted", "created_at")},
        "url": url_for("illustrations.job", job_id=job.id), "image_id": picture, "error": error,
        "image_url": url_for("illustrations.image", image_id=picture) if picture else None})


def image_out(picture: StoredImage, warnings: tuple[Finding, ...] = ()) -> ImageOut:
    """A picture as a client sees it."""
    known: dict[str, Any] = {name: getattr(picture, name) for name in ImageOut.model_fields if hasattr(picture, name)}
    return ImageOut.model_validate({
        **known, "usable": picture.is_usable, "warnings": list(warnings), "created_by": picture.owner,
        "created_by_name": picture.owner_name, "digital_source_type": CODES + picture.source_type,
        "file_url": url_for("illustrations.file", image_id=picture.id)})
