"""An app with AUTH=on, a migrated database and one key for each state that a key can be in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient

from chatbot.accounts.keys import Keys
from chatbot.accounts.people import People
from chatbot.accounts.principal import Role
from chatbot.accounts.seal import Seal
from chatbot.database import migrate, now, open_engine
from config import Settings
from routes import register_routes
from routes.installation import Installation
from tests.routes.conftest import FakeService

SECRET_KEY = "a test's secret key"
PASSWORD = "three quiet goats"
OWN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form on our own page."""
PAGE = {**OWN, "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"}


@dataclass
class House:
    """A server that wants to know who asks."""

    app: APIFlask
    service: FakeService
    keys: Keys
    people: People

    def client(self, secret: str = "", **environ: Any) -> FlaskClient:
        client = self.app.test_client()
        if secret:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        client.environ_base.update(environ)
        return client

    def key(self, role: Role = "learner", **how: Any) -> str:
        return self.keys.create("a test", role, **{"expires_at": None, **how}).secret

    def expired_key(self) -> str:
        long_ago = now() - timedelta(days=2)
        old = Keys(self.service.engine, Seal(SECRET_KEY), lambda: long_ago)
        self.keys.trust_clock()
        old.trust_clock()
        secret = old.create("a test", "admin", expires_at=long_ago + timedelta(days=1)).secret
        self.keys.trust_clock()
        return secret

    def revoked_key(self) -> str:
        made = self.keys.create("a test", "admin", expires_at=None)
        self.keys.revoke(made.key.prefix)
        return made.secret

    def signed_in(self, role: Role = "learner", name: str = "amina") -> FlaskClient:
        self.people.add(name, PASSWORD, role)
        client = self.client()
        assert sign_in(client, name).status_code == 303
        return client


def build(folder: Path, **settings: Any) -> House:
    database = folder / "funza.db"
    if not database.exists():
        database.write_bytes(_migrated())
    engine = open_engine(f"sqlite:///{database}")
    service = FakeService(engine=engine)
    app = APIFlask("funza_test", title="Funza Mama", version="1", enable_openapi=False)
    plain = {"auth": "on", "secret_key": SECRET_KEY, "database_url": str(engine.url)}
    app.extensions["funza"] = Installation(Settings(_env_file=None, **{**plain, **settings}), service)
    register_routes(app)
    return House(app, service, Keys(engine, Seal(SECRET_KEY)), People(engine, Seal(SECRET_KEY)))


@cache
def _migrated() -> bytes:
    """An empty database of today, made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "funza.db"
        migrate(open_engine(f"sqlite:///{path}"))
        return path.read_bytes()


def sign_in(client: FlaskClient, name: str = "amina", password: str = PASSWORD, **how: Any) -> Any:
    return client.post("/login", data={"name": name, "password": password, "lang": "en"}, **{"headers": PAGE, **how})
