"""Limits of several workers: counted together in Redis, each for itself while Redis is away, and behind a proxy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from deploy.parts import Part, redis
from run import create_app
from tests.routes.accounts import SECRET_KEY, build
from tests.routes.conftest import check_problem

ASK = {"message": "Why iron?"}


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine (apt-get install redis-server)")
    with redis(tmp_path / "redis") as running:
        yield running


def test_two_workers_count_together_and_go_on_when_redis_is_gone(tmp_path: Path, part: Part) -> None:
    one, two = (build(tmp_path, redis_url=part.address) for _ in range(2))
    secret = one.key(per_minute=3)
    clients = [house.client(secret) for house in (one, two, one, two)]
    assert [client.post("/chat", json=ASK).status_code for client in clients] == [200, 200, 200, 429]
    part.process.kill()
    part.process.wait(30)
    check_after = one.client(one.key(per_minute=2))
    statuses = [check_after.post("/chat", json=ASK).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    check_problem(check_after.post("/chat", json=ASK), 429, "too_many_requests")


@pytest.mark.parametrize(("proxies", "last"), [(1, 401), (0, 429)])
def test_only_a_proxy_that_was_announced_says_where_a_client_is(tmp_path: Path, proxies: int, last: int) -> None:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/funza.db", local_engine="off", auth="on",
                        secret_key=SECRET_KEY, trusted_proxies=proxies)
    app = create_app(settings)
    headers = {"Authorization": "Bearer fm_abcd2345_" + "x" * 43}
    statuses = [app.test_client().get("/get_quiz_birth", headers={**headers, "X-Forwarded-For": f"203.0.113.{n}"})
                .status_code for n in range(61)]
    assert statuses[-1] == last
    app.extensions["funza"].service.close()
