"""A quiz as files to download, and on paper: a question sheet, and the answers on a sheet of their own."""

from __future__ import annotations

from flask import Response, render_template, request

from chatbot.errors import InvalidInput
from chatbot.quizzes.exports import EXPORTS, export_quiz
from chatbot.quizzes.exports.interface import CannotExport
from chatbot.quizzes.exports.selection import SIGNED, selected
from chatbot.quizzes.records.bank import StoredQuiz, read_quiz
from routes.exports import attachment
from routes.page_blueprint import page_blueprint
from routes.page_words import page_words
from routes.quiz_rooms import engine, quiz_named
from routes.studio_shapes import LETTERS

blueprint = page_blueprint("studio_files", "/studio/quiz/<quiz_id>")


@blueprint.get("/export")
def files(quiz_id: str) -> str:
    """Every format in a line, and why the quiz does not fit one."""
    quiz = read_quiz(engine(), quiz_named(quiz_id))
    return render_template("studio/export.html", **page_words(), quiz=quiz, drafts=_drafts(quiz), exports=EXPORTS,
                           problems=_problems(quiz))


@blueprint.get("/export/<format>")
def download(quiz_id: str, format: str) -> Response:
    """One file. A quiz without approved questions gives its drafts, and the file says so where it can."""
    quiz = read_quiz(engine(), quiz_named(quiz_id))
    file = export_quiz(quiz, format, drafts=_drafts(quiz))
    return Response(file.content, content_type=file.media_type,
                    headers={"Content-Disposition": attachment(file.name)})


@blueprint.get("/print")
def sheet(quiz_id: str) -> str:
    """The questions on paper; with `?sheet=key` their answers."""
    quiz = read_quiz(engine(), quiz_named(quiz_id))
    drafts = _drafts(quiz)
    return render_template("studio/print.html", **page_words(), quiz=selected(quiz, drafts=drafts), drafts=drafts,
                           key=request.args.get("sheet") == "key", letters=LETTERS)


def _drafts(quiz: StoredQuiz) -> bool:
    return not any(one.status in SIGNED for one in quiz.items)


def _problems(quiz: StoredQuiz) -> dict[str, InvalidInput]:
    """Format -> why this quiz does not fit it. Empty-handed when there is nothing to export at all."""
    try:
        chosen = selected(quiz, drafts=_drafts(quiz))
    except CannotExport:
        return {}
    problems: dict[str, InvalidInput] = {}
    for name, export in EXPORTS.items():
        try:
            export.check(chosen)
        except CannotExport as error:
            problems[name] = error
    return problems
