"""Who may use which route: one line for each. A route that has no line is for admins only, and fails a test.

A learner asks the chat, whose answers rest on reviewed cards. General text, which nobody checks for health, is for
educators; money, the state of the machine and the numbers are for admins.
"""

from __future__ import annotations

from typing import Literal

from chatbot.accounts.principal import Role

Needed = Role | Literal["public"]

NEEDED: dict[str, Needed] = {
    # probes and the pages' own files; what lets people in
    "static": "public",
    "health.livez": "public",
    "health.readyz": "public",
    "pages.static": "public",
    "docs.style": "public",
    "login.page": "public",
    "login.sign_in": "public",
    "login.sign_out": "public",
    # asking, on the page and by program
    "pages.chat": "learner",
    "pages.ask": "learner",
    "pages.examples": "learner",
    "pages.consent": "learner",
    "sent.page": "learner",
    "chat.chat": "learner",
    "consents.consents": "learner",
    "consents.post_consent": "learner",
    "receipts.receipts": "learner",
    "my_data.conversations": "learner",
    "my_data.conversation": "learner",
    "my_data.forget": "learner",
    "my_data.export": "learner",
    "my_data.erase": "learner",
    "legacy.chat": "learner",
    "legacy.quiz": "learner",
    "docs.openapi": "learner",
    "docs.page": "learner",
    "docs.problems": "learner",
    # general text
    "openai_compatible.complete": "educator",
    "openai_compatible.models": "educator",
    "estimate.estimate": "educator",
    # educators' own documents
    "documents.add_document": "educator",
    "documents.all_documents": "educator",
    "documents.one_document": "educator",
    "documents.delete_document": "educator",
    "extractions.extract": "educator",
    "extractions.types": "educator",
    # pictures
    "alt_text.alt_text": "educator",
    # quizzes: making and reviewing them
    "quizzes.make_quiz": "educator",
    "quizzes.all_quizzes": "educator",
    "quizzes.lint": "educator",
    "quizzes.quiz": "educator",
    "quizzes.change_quiz": "educator",
    "quizzes.quiz_versions": "educator",
    "quizzes.submit": "educator",
    "quizzes.approve": "educator",
    "quizzes.reject": "educator",
    "quizzes.publish": "educator",
    "quizzes.retire": "educator",
    "quizzes.reopen": "educator",
    "quizzes.statistics": "educator",
    "quiz_items.add_item": "educator",
    "quiz_items.item": "educator",
    "quiz_items.edit_item": "educator",
    "quiz_items.delete_item": "educator",
    "quiz_items.approve_item": "educator",
    "quiz_items.reject_item": "educator",
    "quiz_items.regenerate_item": "educator",
    "quiz_items.roll_back_item": "educator",
    "quiz_items.item_versions": "educator",
    "exports.export": "educator",
    "exports.import_quiz": "educator",
    "bank.items": "educator",
    "bank.similar_items": "educator",
    # quizzes: taking them
    "attempts.published": "learner",
    "attempts.take": "learner",
    "attempts.attempt": "learner",
    "attempts.practice": "learner",
    "attempts.practise": "learner",
    "attempts.progress": "learner",
    "take.home": "learner",
    "take.quiz": "learner",
    "take.answer": "learner",
    "take.result": "learner",
    "take.practice": "learner",
    "take.practise": "learner",
    # the quiz studio's pages
    "studio.home": "educator",
    "studio.quiz": "educator",
    "studio.step": "educator",
    "studio.change": "educator",
    "studio.statistics": "educator",
    "studio_new.choose": "educator",
    "studio_new.make": "educator",
    "studio_items.approve": "educator",
    "studio_items.reject": "educator",
    "studio_items.remake": "educator",
    "studio_items.roll_back": "educator",
    "studio_items.remove": "educator",
    "studio_items.edit": "educator",
    "studio_items.save": "educator",
    "studio_items.new": "educator",
    "studio_items.add": "educator",
    "studio_items.lint": "educator",
    "studio_items.history": "educator",
    "studio_bank.items": "educator",
    "studio_bank.add": "educator",
    "studio_files.files": "educator",
    "studio_files.download": "educator",
    "studio_files.sheet": "educator",
    # money, and the state of the machine
    "providers.providers": "admin",
    "usage.usage": "admin",
    "savings.savings": "admin",
    "dashboard.dashboard": "admin",
    "dashboard.usage_csv": "admin",
    "clinical.overview": "admin",
    "clinical.sign": "admin",
    "clinical.change": "admin",
    "clinical.discard": "admin",
    "clinical.trial": "admin",
    "clinical.tried": "admin",
    "clinical.suite": "admin",
    "clinical.run": "admin",
    "clinical_new.blank": "admin",
    "clinical_new.add": "admin",
    "clinical_replies.replies": "admin",
    "clinical_replies.reply": "admin",
    "clinical_replies.change": "admin",
    "clinical_versions.ready": "admin",
    "clinical_versions.publish": "admin",
    "clinical_versions.history": "admin",
    "clinical_versions.version": "admin",
    "clinical_versions.go_back": "admin",
    "clinical_queue.queue": "admin",
    "clinical_queue.as_csv": "admin",
    "clinical_queue.one": "admin",
    "clinical_queue.change": "admin",
    "escalations.escalations": "admin",
    "escalations.change": "admin",
    "budgets.all_budgets": "admin",
    "budgets.put_budget": "admin",
    "health.metrics": "admin",
}
"""Endpoint -> the least role that may use it."""

COSTLY = frozenset({"pages.ask", "chat.chat", "legacy.chat", "openai_compatible.complete", "quizzes.make_quiz",
                    "quiz_items.regenerate_item", "studio_new.make", "studio_items.remake", "extractions.extract",
                    "alt_text.alt_text"})
"""Endpoints that may ask a model: each principal may use them so many times a minute, all together."""


def needed(endpoint: str) -> Needed:
    """The least role that may use an endpoint."""
    return NEEDED.get(endpoint, "admin")
