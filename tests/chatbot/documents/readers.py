"""Models that read forms over the wire: a good one, and ones that invent; for tests and the bench.

Each takes the body of a chat completion and answers with text. A model knows only what it was sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chatbot.documents.extraction_prompt import CLOSE, OPEN
from tests.chatbot.documents.forms import FORMS, Form

Reader = Callable[[dict[str, Any]], str]


def source_of(body: dict[str, Any]) -> str:
    """The fenced document of the last turn."""
    return str(body["messages"][-1]["content"]).split(OPEN)[1].split(CLOSE, maxsplit=1)[0].strip()


def form_of(body: dict[str, Any]) -> Form:
    """The form that was sent, told by what it says."""
    source = source_of(body)
    return max(FORMS.values(), key=lambda form: sum(str(said) in source for said in form.says.values()))


def saying(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def good(body: dict[str, Any]) -> str:
    """What the form says."""
    return saying(form_of(body).says)


INVENTED = {"text": "Invented Person", "name": "Jane Invented", "date": "1999-12-31", "amount": "KES 999,999",
            "number": 77, "integer": 77, "list": ["Invented outcome", "Another one"]}
"""By kind of field: what no form says."""


def inventing(body: dict[str, Any]) -> str:
    """Something for every field, and none of it true."""
    from chatbot.documents.types import type_named

    return saying({one.name: INVENTED[one.kind] for one in type_named(form_of(body).document_type).fields()})


def swapping(body: dict[str, Any]) -> str:
    """Values that stand in the form, each under another name of the same kind: what a careless model does."""
    from chatbot.documents.types import type_named

    says, fields = form_of(body).says, type_named(form_of(body).document_type).fields()
    by_kind: dict[str, list[str]] = {}
    for one in fields:
        if says[one.name] is not None:
            by_kind.setdefault(one.kind, []).append(one.name)
    moved = dict(says)
    for names in by_kind.values():
        for name, other in zip(names, names[1:] + names[:1], strict=True):
            moved[name] = says[other]
    return saying(moved)
