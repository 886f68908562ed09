"""The studio's pages for pictures: ask for one, watch it come, check its alt text, use it again.

Plain pages and forms. Without JavaScript a job's page loads itself anew every few seconds until it is done; with it,
`static/studio_illustrate.js` asks the API and tells a screen reader what has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chatbot.errors import FunzaError, InvalidInput
from chatbot.images.alt.rules import LONGEST
from chatbot.images.lessons.describing import warnings_of
from chatbot.images.lessons.errors import PromptRefused
from chatbot.images.lessons.files import ENDINGS
from chatbot.images.lessons.library import StoredImage
from chatbot.images.lessons.order import LONGEST_PROMPT
from chatbot.quizzes.records.twice import refuse_twice
from routes.auth import current_principal
from routes.errors import status_of
from routes.illustration_schemas import EditIn, ImageIn, ImagePatch
from routes.illustrations import describe as write_description
from routes.illustrations import illustrations, job_named, picture_named
from routes.page_blueprint import page_blueprint
from routes.page_words import page_language, page_words
from routes.studio_forms import checked_fields, number_sent
from routes.studio_shapes import day

blueprint = page_blueprint("studio_illustrate", "/studio/illustrate")
A_PAGE = 12
SECONDS = 4
"""Between two loads of a job's page without JavaScript."""
STRENGTHS = {"little": 0.3, "some": 0.55, "much": 0.8}
"""How far a variation goes from its picture."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A picture with its alt text, to be pasted into a lesson beside which its file lies."""

    file: str
    markdown: str
    html: str


@blueprint.get("")
def home() -> str:
    """The form, what is under way, and the library."""
    return _form()


@blueprint.post("")
def order() -> Response | tuple[str, int]:
    """Ask for a picture: on to its job, or the form again with what to put right."""
    fields = {name: request.form[name] for name in ("prompt", "negative_prompt", "size", "language", "title")
              if request.form.get(name)}
    try:
        wish = checked_fields(ImageIn, {"prompt": "", **fields}).wish()
        illustrations().check(wish)
        _refuse_double_click()
        job = illustrations().order(wish, current_principal())
    except FunzaError as error:
        return _form(error), status_of(type(error))
    return _to("job", job_id=job.id)


@blueprint.get("/job/<job_id>")
def job(job_id: str) -> str | Response:
    """How far a picture is; on to the picture when it is there."""
    found = job_named(job_id)
    if found.state == "done":
        return _to("picture", image_id=found.picture_id, said="drawn")
    return render_template("studio/illustrate_job.html", **page_words(), job=found, seconds=SECONDS,
                           minutes=_minutes(found.eta_s))


@blueprint.post("/job/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    """Stop it."""
    illustrations().cancel(job_named(job_id).id)
    return _to("job", job_id=job_id)


@blueprint.get("/picture/<image_id>")
def picture(image_id: str) -> str:
    """A picture with its alt text, where it comes from, and how to use it."""
    return _picture(picture_named(image_id))


@blueprint.post("/picture/<image_id>")
def describe(image_id: str) -> Response | tuple[str, int]:
    """Keep the alt text as she wrote or confirmed it."""
    found, form = picture_named(image_id), request.form
    try:
        asked = checked_fields(ImagePatch, {
            "alt_text": form.get("alt_text", ""), "long_description": form.get("long_description", ""),
            "decorative": form.get("decorative") == "true", "version": number_sent("version")})
        write_description(found, asked)
    except InvalidInput as error:
        return _picture(found, error), status_of(type(error))
    return _to("picture", image_id=image_id, said="described")


@blueprint.post("/picture/<image_id>/vary")
def vary(image_id: str) -> Response | tuple[str, int]:
    """A variation of a picture: other words, the picture itself as the start."""
    found = picture_named(image_id)
    try:
        asked = checked_fields(EditIn, {
            "prompt": request.form.get("prompt", ""), "picture_id": found.id, "language": found.language,
            "strength": STRENGTHS.get(request.form.get("strength", ""), STRENGTHS["some"]), "people": "unknown"})
        _refuse_double_click()
        job = illustrations().edit_stored(asked.wish(), current_principal(), found.id)
    except FunzaError as error:
        return _picture(found, error), status_of(type(error))
    return _to("job", job_id=job.id)


@blueprint.post("/picture/<image_id>/delete")
def remove(image_id: str) -> Response:
    """Delete a picture, with its bytes."""
    illustrations().library.delete(picture_named(image_id).id, current_principal())
    return _to("home", said="deleted")


def _form(error: FunzaError | None = None) -> str:
    words, after = request.args.get("q", "")[:200], request.args.get("after", "")
    desk = illustrations()
    found = desk.library.search(words, limit=A_PAGE + 1, after=after if len(after) == 26 and after.isalnum() else "")
    return render_template(
        "studio/illustrate.html", **page_words(), sent=request.form if error else {}, error=error,
        field="prompt" if isinstance(error, PromptRefused) else (error.field or "") if error else "",
        why_not=desk.illustrator.nobody(), longest=LONGEST_PROMPT, jobs=desk.jobs.mine(current_principal().id), q=words,
        found=found[:A_PAGE], more=found[A_PAGE - 1].id if len(found) > A_PAGE else "", day=day,
        notice=request.args.get("said", ""))


def _picture(found: StoredImage, error: FunzaError | None = None) -> str:
    principal = current_principal()
    sent: Any = request.form if error else {}
    return render_template(
        "studio/illustrate_picture.html", **page_words(), picture=found, error=error, sent=sent, longest=LONGEST,
        day=day,
        snippet=_snippet(found) if found.is_usable else None, warnings=warnings_of(found), strengths=STRENGTHS,
        notice=request.args.get("said", ""), longest_prompt=LONGEST_PROMPT,
        may_delete=principal.id == found.owner or principal.may("admin"))


def _snippet(picture: StoredImage) -> Snippet:
    """Markdown and HTML. An alt text has no markup (`describing.py`); what is left is escaped for either."""
    file = f"picture-{picture.id.lower()}.{ENDINGS[picture.media_type]}"
    in_markdown = "".join(f"\\{char}" if char in "\\[]!*_`<>" else char for char in picture.alt_text)
    return Snippet(file, f"![{in_markdown}]({file})",
                   f'<img src="{file}" alt="{escape(picture.alt_text)}" width="{picture.width}" '
                   f'height="{picture.height}">')


def _minutes(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, ceil(seconds / 60))


def _refuse_double_click() -> None:
    refuse_twice(illustrations().jobs.engine, current_principal().id, request.path, request.get_data())


def _to(page: str, **values: Any) -> Response:
    return redirect(url_for(f"studio_illustrate.{page}", lang=page_language(), **values), 303)
