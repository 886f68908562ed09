"""What every page of the clinical lead needs beside its own figures: words, addresses, times, a problem's status."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from chatbot.accounts.called import names_of
from chatbot.errors import FunzaError
from chatbot.safety.signs import Sign, all_signs, shipped_signs
from routes.errors import status_of
from routes.installation import installation
from routes.page_words import page_language, page_words


def page(template: str, *, error: FunzaError | None = None, signs: Iterable[Sign] = (), **context: Any) -> Response:
    """A page of `templates/clinical/`, with the status of `error` when there is one.

    `signs`: those of a draft or an earlier version, whose names the page may need besides the ones in force.
    """
    text = render_template(f"clinical/{template}", **page_words(), at=address, when=when, titles=_titles(signs),
                           error=error, **context)
    return make_response(text, status_of(type(error)) if error else 200)


def address(endpoint: str, **values: Any) -> str:
    """The address of another page, in the language of this one."""
    return url_for(endpoint, lang=page_language(), **values)


def go(endpoint: str, **values: Any) -> Response:
    """After something was changed: a page that may be loaded again without changing it again."""
    return redirect(address(endpoint, **values), 303)


def when(at: datetime | None) -> str:
    """A time for people, to the minute."""
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else ""


def called(ids: Iterable[str]) -> Callable[[str], str]:
    """Says how the principals of a page are called: by name, else by id. Raises RecordsUnavailable."""
    names = names_of(installation().service.engine, ids)
    return lambda id_: names.get(id_, id_)


def _titles(more: Iterable[Sign]) -> dict[str, str]:
    language = page_language()
    return {sign.id: title_of(sign, language) for sign in (*shipped_signs(), *all_signs(), *more)}


def title_of(sign: Sign, language: str) -> str:
    """What a sign is called."""
    return sign.title.get(language, sign.id)
