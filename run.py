"""Makes the app and serves it: `python run.py`, or `gunicorn -c gunicorn.conf.py 'run:create_app()'`.

`create_app` reads the settings, brings the database up to date, ends what a dead worker left behind, and ties the
routes to one `HybridAIService`. It loads no weights and no vendor SDK: the first call that needs one does.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from datetime import date
from pathlib import Path

import structlog
from apiflask import APIFlask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from chatbot.database import MIGRATIONS, db, engine_options, migrate, prepare_folder
from chatbot.hybrid_ai_service import HybridAIService, use_service
from chatbot.log_lines import LogLines
from chatbot.safety.emergency_numbers import warn_of_old_numbers
from chatbot.usage.price_tables import WrongPrices
from commands import register_commands
from config import Settings, load_settings, stop
from routes import register_routes
from routes.installation import Installation

HERE = Path(__file__).parent


def create_app(settings: Settings | None = None, service: HybridAIService | None = None) -> APIFlask:
    """The WSGI app. Wrong settings end the process with one line and exit code 78.

    Args:
        settings: read from the environment, `.env` and `funza.yaml` when left out.
        service: made from the settings when left out.
    """
    settings = settings or load_settings()
    _log_as_json_lines()
    warn_of_old_numbers(settings.emergency_numbers, settings.emergency_numbers_verified_on, date.today())
    app = APIFlask("funza", title="Funza Mama", version="1", enable_openapi=False, static_folder=None)  # type: ignore[arg-type]
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value() or secrets.token_hex(32),
        SQLALCHEMY_DATABASE_URI=prepare_folder(settings.database_url),
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url))
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=0)
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS))  # `flask db migrate`, for developers
    with app.app_context():
        migrate(db.engine)
        try:
            service = service or HybridAIService(settings, db.engine)
        except WrongPrices as error:
            stop(f"PRICES_FILE: {error}")
    use_service(service)
    app.extensions["funza"] = Installation(settings, service)
    register_routes(app)
    register_commands(app)
    return app


def _log_as_json_lines() -> None:
    """One JSON object a line on stderr; line breaks and escapes in values cannot forge a second line."""
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=LogLines(sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=False)


def main() -> None:
    """Serve with gunicorn: one worker with many threads, or as many as WEB_CONCURRENCY says (docs/operating.md)."""
    from gunicorn.app.wsgiapp import WSGIApplication

    settings = load_settings()
    arguments = ["--config", str(HERE / "gunicorn.conf.py"), "--bind", f"{settings.host}:{settings.port}",
                 "--pythonpath", str(HERE), "run:create_app()"]
    if int(os.environ.get("WEB_CONCURRENCY") or 1) > 1:
        # Anew: prometheus_client, imported by now, decides at its import whether workers add up their numbers.
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])  # noqa: S606 - ourselves
    sys.argv = ["gunicorn", *arguments]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


if __name__ == "__main__":
    main()
