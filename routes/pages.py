"""The learner's pages: one question, one answer. They work without JavaScript; `static/chat.js` adds streaming.

A post from another site is refused before it comes here (`security.py`). Only signing in (`login.py`) sets cookies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from apiflask import APIBlueprint
from flask import Response, make_response, render_template, request
from flask_limiter import RateLimitExceeded

from chatbot.chat.advice import advice_on
from chatbot.chat.reply import ChatReply
from chatbot.errors import FunzaError, InvalidInput, TooLong
from chatbot.providers.interface import Message
from chatbot.safety.levels import LEVELS
from chatbot.stages import all_stages
from routes.assets import keep_for_ever
from routes.auth import current_principal, is_known, wants_page
from routes.compression import compress
from routes.errors import BodyTooLarge, CrossSite, WrongHost, answer_error, status_of
from routes.help_in_errors import is_let_in
from routes.installation import installation
from routes.limits import too_many
from routes.page_consents import cloud_offer, set_from_form, sharing_offer
from routes.page_words import page_language, page_words
from routes.rendering import answer_html
from routes.reply_in_words import sources, who_answered
from routes.words import Language

blueprint = APIBlueprint("pages", __name__, enable_openapi=False, template_folder="templates", static_folder="static",
                         static_url_path="/assets")
blueprint.after_request(keep_for_ever)
blueprint.after_request(compress)

ERROR_KEYS = {**dict.fromkeys((400, 403, 413, 415, 422), "refused"), 401: "signed_out", 429: "too_often"}
"""Status -> the entry of `[error]`, for what no field is to blame for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form carries."""

    message: str = ""
    stage: str = ""
    conversation_id: str = ""
    level: str = "none"
    """Of the danger sign that the page told of before a button beneath the answer was pressed."""


def refuse(error: FunzaError) -> Response:
    """The page again, with what was typed and what a danger sign in it calls for; a program gets the problem."""
    answer = answer_error(error)
    if request.method != "POST" or isinstance(error, CrossSite | WrongHost) or not (is_let_in() or wants_page()):
        return answer
    try:
        page = make_response(_page(_with_sign(_read_form()), error=error), answer.status_code)
    except FunzaError:   # the form itself was tampered with
        return answer
    if "Retry-After" in answer.headers:
        page.headers["Retry-After"] = answer.headers["Retry-After"]
    return page


blueprint.register_error_handler(FunzaError, refuse)
blueprint.register_error_handler(RateLimitExceeded, lambda _breach: refuse(too_many()))


@blueprint.get("/")
def chat() -> str:
    """The empty form."""
    return _page(Asked(stage=request.args.get("stage", "")))


@blueprint.post("/")
def ask() -> str:
    """The form, sent without JavaScript: the same page with the answer, or with what to do about an error."""
    asked = _read_form()
    reply = _answer(asked)
    return _page(Asked(stage=asked.stage, conversation_id=reply.conversation_id), asked=asked.message, reply=reply)


@blueprint.post("/consent")
def consent() -> str:
    """Allow what a form of the page asks, or take it back; the page comes again with the question in its box.

    What a danger sign calls for stays on it.
    """
    form = _read_form()
    set_from_form(form.conversation_id)
    return _page(form)


@blueprint.get("/examples")
def examples() -> str:
    """Questions to tap, for one stage: a piece of the page."""
    return render_template("_examples.html", **page_words(), examples=_examples(request.args.get("stage", "")))


def _answer(asked: Asked) -> ChatReply:
    if not asked.message:
        raise InvalidInput("The message is empty.", field="message")
    return installation().service.generate_chat_response(
        asked.message, stage=asked.stage or None, language=_wanted_language(),
        conversation_id=asked.conversation_id or None, principal=current_principal().id)


def _with_sign(asked: Asked) -> Asked:
    """The form with the danger sign of its words, when they have one graver than that of which it told already."""
    found = advice_on([Message("user", asked.message)], installation().settings).triage.level
    return replace(asked, level=max(found, asked.level, key=LEVELS.index))


def _read_form() -> Asked:
    """The form's fields. An example that was tapped is the question; browsers send line ends as CR LF."""
    form = request.form
    message = (form.get("example") or form.get("message", "")).replace("\r\n", "\n").strip()
    level = form.get("level", "none")
    return Asked(message, form.get("stage", ""), form.get("conversation_id", ""), level if level in LEVELS else "none")


def _page(form: Asked, *, asked: str = "", reply: ChatReply | None = None, error: FunzaError | None = None) -> str:
    said = page_words()
    words = said["words"]
    settings = installation().settings
    if form.stage not in {stage.id for stage in all_stages()}:
        form = replace(form, stage="")
    return render_template(
        "chat.html", **said, form=form, stages=all_stages(), examples=_examples(form.stage),
        longest=settings.max_message_chars, numbers=_dialled(settings.emergency_numbers), asked=asked, reply=reply,
        answer=answer_html(reply.answer) if reply else "", who=who_answered(reply, words) if reply else "",
        sources=sources(reply, words) if reply else [], level=reply.triage.level if reply else form.level,
        cloud=cloud_offer(form.conversation_id, reply) if is_known() else None,
        sharing=sharing_offer(form.conversation_id, reply, form.level) if is_known() else None,
        error=error, error_key=_error_key(error) if error else "")


def _wanted_language() -> Language | None:
    """Swahili pages ask for Swahili answers; English ones leave it to the question, which may well be in Swahili."""
    return "sw" if page_language() == "sw" else None


def _examples(stage: str) -> list[str]:
    """Questions to tap: those of a stage, or the first of each stage when none is chosen."""
    questions = [question for one in all_stages() if one.id == stage for question in one.questions]
    language = page_language()
    return [question.sw if language == "sw" else question.en
            for question in questions or [one.questions[0] for one in all_stages()]]


def _dialled(numbers: dict[str, str]) -> list[tuple[str, str, str]]:
    """Label, number as the deployer wrote it, number as a phone dials it."""
    return [(label, number, "".join(char for char in number if char in "+*#0123456789"))
            for label, number in numbers.items()]


def _error_key(error: FunzaError) -> str:
    """The entry of `[error]` that tells a learner what to do. `static/chat.js` chooses the same way."""
    if isinstance(error, TooLong | BodyTooLarge):
        return "too_long"
    if error.field == "message":
        return "empty"
    if error.field == "stage":
        return "stage"
    return ERROR_KEYS.get(status_of(type(error)), "unavailable")
