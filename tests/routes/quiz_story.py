"""A quiz's life over the API, call by call: what `test_quiz_story.py` plays and checks against the API document."""

from __future__ import annotations

QUIZ = "/api/v1/quizzes/{quiz_id}"
ITEM = QUIZ + "/items/{item_id}"
TRIED_IN_THE_QUIZ_STORY = frozenset({
    ("post", "/api/v1/quizzes"), ("get", "/api/v1/quizzes"), ("post", "/api/v1/quizzes/lint"), ("get", QUIZ),
    ("patch", QUIZ), ("get", QUIZ + "/versions"), ("get", QUIZ + "/statistics"),
    *(("post", f"{QUIZ}/{step}") for step in ("submit", "approve", "reject", "publish", "retire", "reopen")),
    ("post", QUIZ + "/items"), ("get", ITEM), ("patch", ITEM), ("delete", ITEM), ("get", ITEM + "/versions"),
    *(("post", f"{ITEM}/{step}") for step in ("approve", "reject", "regenerate", "rollback")),
    ("get", "/api/v1/bank"), ("get", "/api/v1/bank/similar"), ("get", "/api/v1/quizzes/published"),
    ("get", QUIZ + "/take"), ("post", QUIZ + "/attempts"), ("get", "/api/v1/practice"), ("post", "/api/v1/practice"),
    ("get", "/api/v1/progress")})
"""(method, path as the API document writes it)"""
