"""The two routes that clients already installed call, in the shapes they read."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from chatbot.errors import InvalidInput, NotFound
from routes.auth import current_principal
from routes.idempotency import costs
from routes.installation import installation
from routes.legacy_schemas import LegacyChatIn, LegacyChatOut, LegacyQuizOut
from routes.rendering import answer_html

blueprint = APIBlueprint("legacy", __name__, tag="Installed clients")

QUESTIONS = 10


@blueprint.post("/chat")
@blueprint.input(LegacyChatIn, arg_name="asked")
@blueprint.output(LegacyChatOut)
@blueprint.doc(deprecated=True)
@costs(help_first=True)
def chat(asked: LegacyChatIn) -> dict[str, str]:
    """Answer a question as sanitised HTML. New clients use /api/v1/chat."""
    reply = installation().service.generate_chat_response(
        asked.message, stage=asked.stage, language=asked.language, principal=current_principal().id)
    return {"response": answer_html(reply.answer)}


@blueprint.get("/get_quiz_<stage>")
@blueprint.output(LegacyQuizOut)
@blueprint.doc(deprecated=True)
def quiz(stage: str) -> dict[str, Any]:
    """Give quiz questions for a stage: preconception, prenatal, birth or postnatal."""
    try:
        questions = installation().service.generate_quiz_questions(stage, count=QUESTIONS)
    except InvalidInput as error:
        raise NotFound("There is no quiz for such a stage.") from error
    return {"success": True, "questions": questions, "count": len(questions)}
