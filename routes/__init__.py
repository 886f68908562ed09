"""The mouth: one resource a file, registered from one index. It knows HTTP and no models.

To add a resource: a file here with a `blueprint`, and its name in `BLUEPRINTS`.
"""

from __future__ import annotations

from importlib import import_module

from apiflask import APIFlask

BLUEPRINTS = ("pages", "sent", "login", "take", "studio", "studio_new", "studio_items", "studio_bank", "studio_files",
              "dashboard", "clinical", "clinical_new", "clinical_replies", "clinical_versions", "clinical_queue",
              "chat", "openai_compatible", "providers",
              "usage", "estimate", "budgets", "documents", "extractions", "alt_text",
              "illustrations", "studio_illustrate",
              "quizzes", "quiz_items", "exports", "bank", "attempts", "savings",
              "consents", "receipts", "my_data", "escalations", "legacy", "health", "docs")
"""Modules of this package that hold a `blueprint`, in the order of the API document."""


def register_routes(app: APIFlask) -> None:
    """Give `app` every route, and guard them all.

    `app.extensions["funza"]` must hold its `Installation`, and the app be made with `enable_openapi=False`:
    `docs.py` serves the API document, where APIFlask's own page would load scripts from a CDN.
    """
    from routes.auth import identify, require_principal
    from routes.docs import describe_api
    from routes.errors import register_errors
    from routes.help_in_errors import help_in_errors
    from routes.idempotency import run_once
    from routes.installation import installation
    from routes.json_guard import GuardedRequest, guard_request
    from routes.limits import limit_requests
    from routes.metrics import measure
    from routes.security import add_headers, check_origin, check_request_line

    app.request_class = GuardedRequest
    app.config["MAX_CONTENT_LENGTH"] = installation(app).settings.max_body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # `//chat` is a 404, not a redirect
    register_errors(app)
    measure(app)
    for check in (check_request_line, check_origin, identify):
        app.before_request(check)
    limit_requests(app)
    app.before_request(require_principal)
    app.before_request(guard_request)
    help_in_errors(app)
    app.after_request(add_headers)
    run_once(app)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"routes.{name}").blueprint)
    describe_api(app)
