"""With the database gone: nobody is asked, help is still given, probes tell the truth, and all comes back by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from chatbot.usage.tables import CALLS
from config import Settings
from routes.installation import installation
from run import create_app
from tests.loopback import LoopbackProvider
from tests.postgres import Cluster
from tests.routes.conftest import check_problem
from tests.until import until

COMPLETION = {"model": "hybrid", "messages": [{"role": "user", "content": "Hello"}]}
DANGER = {"message": "I am pregnant and bleeding a lot"}
KEY = {"Idempotency-Key": "one"}


@pytest.mark.parametrize("headers", [{}, KEY], ids=["without a key", "with a key"])
def test_an_outage_of_postgresql(postgres: Cluster, tmp_path: Path, headers: dict[str, str]) -> None:
    with LoopbackProvider() as upstream:
        settings = Settings(
            _env_file=None, database_url=postgres.new_database(), outbox_dir=str(tmp_path / "outbox"), strategy="cloud",
            local_engine="off", together_api_key="x", together_base_url=upstream.url, model_dir=tmp_path)
        app = create_app(settings)
        client: FlaskClient = app.test_client()
        assert client.post("/v1/chat/completions", json=COMPLETION).status_code == 200

        postgres.stop("immediate")
        try:
            refused = client.post("/v1/chat/completions", json=COMPLETION, headers=headers)
            check_problem(refused, 503, "ledger_unavailable")
            assert int(refused.headers["Retry-After"]) > 0
            helped = client.post("/api/v1/chat", json=DANGER, headers=headers)
            assert (helped.status_code, helped.get_json()["triage"]["level"]) == (200, "emergency")
            assert client.get("/livez").status_code == 200
            assert client.get("/readyz").status_code == 503
            assert len(upstream.requests) == 1
        finally:
            postgres.start()

        until(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/v1/chat/completions", json=COMPLETION, headers=headers).status_code == 200
        engine = installation(app).service.engine
        until(lambda: not list((tmp_path / "outbox").glob("*.jsonl")))
        with engine.connect() as connection:
            states = dict(connection.execute(select(CALLS.c.state, func.count()).group_by(CALLS.c.state)).all())
        # the first, the help and the last; and the one that was refused, where it came as far as the ledger
        assert states == {"answered": 3} | ({} if headers else {"refused": 1})
