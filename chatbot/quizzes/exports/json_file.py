"""JSON: everything an item is, in the names of our own API."""

from __future__ import annotations

import json
from typing import Any

from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import BankItem, Quiz

SCHEMA = "funza-mama-quiz/1"
"""Grows when a reader of the old shape would go wrong."""


class Json(Export):
    """Takes also items that are not finished: a copy of work under way."""

    name = "json"
    title = "JSON"
    extension = "json"
    media_type = "application/json"
    opens_in = "programs"

    def render(self, quiz: Quiz) -> bytes:
        """UTF-8, indented."""
        whole = {"schema": SCHEMA, "id": quiz.id, "title": quiz.title, "stage": quiz.stage, "topic": quiz.topic,
                 "language": quiz.language, "version": quiz.version, "items": [_item(shown) for shown in quiz.items]}
        return json.dumps(whole, ensure_ascii=False, indent=2).encode()

    def check(self, quiz: Quiz) -> None:
        """Everything fits."""


def _item(shown: BankItem) -> dict[str, Any]:
    item = shown.item
    return {"id": shown.id, "version": shown.version, "status": shown.status, "question": item.stem,
            "options": list(item.options), "answer_index": item.keys[0] if len(item.keys) == 1 else None,
            "rationale": list(rationales(item)), "difficulty": item.difficulty, "bloom": item.bloom,
            "language": item.language, "stage": item.stage, "topic": item.topic, "tags": list(item.tags),
            "evidence": item.evidence.model_dump()}
