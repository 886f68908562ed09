"""A blueprint of pages: small on the wire, and every error a page that says what to do."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import RequestEntityTooLarge

from chatbot.errors import FunzaError
from routes.auth import wants_page
from routes.compression import compress
from routes.errors import BodyTooLarge, answer_error, status_of
from routes.limits import too_many
from routes.page_words import page_words


def page_blueprint(name: str, prefix: str) -> APIBlueprint:
    """Views that answer a browser; a program that asks them gets problems as JSON."""
    blueprint = APIBlueprint(name, f"routes.{name}", url_prefix=prefix, enable_openapi=False)
    blueprint.after_request(compress)
    blueprint.register_error_handler(FunzaError, _problem)
    blueprint.register_error_handler(RateLimitExceeded, lambda _breach: _problem(too_many()))
    blueprint.register_error_handler(RequestEntityTooLarge, lambda _error: _problem(BodyTooLarge(field="file")))
    return blueprint


def _problem(error: FunzaError) -> Response:
    answer = answer_error(error)
    if not wants_page():
        return answer
    back = request.referrer if request.referrer and request.referrer.startswith(request.host_url) else ""
    page = make_response(render_template("problem.html", **page_words(), error=error, back=back),
                         status_of(type(error)))
    if "Retry-After" in answer.headers:
        page.headers["Retry-After"] = answer.headers["Retry-After"]
    return page
