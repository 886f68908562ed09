"""Signing in and out on the pages, for people that an admin has made an account for.

There is no sign-up and no way to reset a password here: `flask people password` is the only way. Whoever waits for a
wrong password and for an unknown name waits as long and reads the same. A post from another site is refused before it
comes here (`auth.require_principal`). Works without JavaScript.
"""

from __future__ import annotations

import re
from datetime import timedelta

from apiflask import APIBlueprint
from flask import make_response, redirect, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from werkzeug.wrappers import Response

from chatbot.accounts.people import STAY
from routes import devices
from routes.auth import people, signed_in, wants_page
from routes.compression import compress
from routes.credentials import COOKIE, LONGEST
from routes.errors import Unauthorised, answer_error
from routes.installation import installation
from routes.limits import too_many
from routes.page_words import page_language, page_words

blueprint = APIBlueprint("login", __name__, enable_openapi=False)
blueprint.after_request(compress)

OUR_PATH = re.compile(r"(?:/[A-Za-z0-9_.~-]+)*/?")
"""A path of ours, without an authority: `//elsewhere` does not match."""


class WrongSignIn(Unauthorised):
    code = "wrong_sign_in"
    title = "The name or the password is wrong"


@blueprint.app_context_processor
def _who_looks() -> dict[str, bool]:
    return {"signed_in": signed_in()}


@blueprint.get("/login")
def page() -> Response:
    """The empty form."""
    if installation().settings.auth == "off":
        return _to_chat()
    return make_response(_form())


@blueprint.post("/login")
def sign_in() -> Response:
    """The form: in with a new session, or the form again with what is wrong."""
    if installation().settings.auth == "off":
        return _to_chat()
    name = request.form.get("name", "")
    token = people().sign_in(name, request.form.get("password", ""), ends=request.cookies.get(COOKIE, "")[:LONGEST])
    if token is None:
        return _refused(answer_error(WrongSignIn()), "wrong")
    response = redirect(_next() or url_for("pages.chat", lang=page_language()), 303)
    _set_cookie(response, COOKIE, token, STAY)
    _set_cookie(response, devices.COOKIE, devices.new_device(name), devices.KEPT)
    return response


@blueprint.post("/logout")
def sign_out() -> Response:
    """Out: this browser's session ends here and in the database."""
    response = _to_chat()
    if installation().settings.auth == "on":
        if token := request.cookies.get(COOKIE, "")[:LONGEST]:
            people().sign_out(token)
        response = redirect(url_for("login.page", lang=page_language()), 303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return response


@blueprint.errorhandler(RateLimitExceeded)
def _too_often(_breach: RateLimitExceeded) -> Response:
    return _refused(answer_error(too_many()), "too_many")


def _refused(problem: Response, why: str) -> Response:
    """A problem for a program; for a browser the form again, with the same status and headers."""
    if not wants_page():
        return problem
    response = make_response(_form(why), problem.status_code)
    for name in ("Retry-After", "WWW-Authenticate"):
        if name in problem.headers:
            response.headers[name] = problem.headers[name]
    return response


def _form(why: str = "") -> str:
    return render_template("login.html", **page_words(), name=request.form.get("name", ""), next=_next(), why=why)


def _next() -> str:
    """Where to go after signing in: a path of ours that the form or the address names, else nowhere in particular."""
    wanted = request.values.get("next", "")[:200]
    return wanted if OUR_PATH.fullmatch(wanted) else ""


def _to_chat() -> Response:
    return redirect(url_for("pages.chat", lang=page_language()), 303)


def _set_cookie(response: Response, name: str, value: str, kept: timedelta) -> None:
    response.set_cookie(name, value, max_age=kept, secure=True, httponly=True, samesite="Lax", path="/")
