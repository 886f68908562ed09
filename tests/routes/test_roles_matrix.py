"""Every route and every role: who is let in, who is not, and no route without a line in `permissions.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from chatbot.accounts.principal import ROLES
from routes.permissions import COSTLY, NEEDED
from tests.routes.accounts import OWN, House, build

NOBODY = ("none", "expired", "revoked")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def secrets(house: House) -> dict[str, str]:
    return {"none": "", "expired": house.expired_key(), "revoked": house.revoked_key(),
            **{role: house.key(role, per_minute=1_000) for role in ROLES}}


def rules(house: House) -> Iterator[tuple[str, Rule]]:
    for rule in house.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


def test_every_route_has_a_line_and_every_line_a_route(house: House) -> None:
    endpoints = {rule.endpoint for _, rule in rules(house)}
    assert endpoints - NEEDED.keys() == set(), "give each new route a line in routes/permissions.py"
    assert NEEDED.keys() - endpoints <= {"static"}
    assert endpoints >= COSTLY


def test_only_what_a_stranger_needs_is_public() -> None:
    assert {name for name, role in NEEDED.items() if role == "public"} == {
        "static", "health.livez", "health.readyz", "pages.static", "docs.style", "login.page", "login.sign_in",
        "login.sign_out"}


@pytest.mark.parametrize("who", [*NOBODY, *ROLES])
def test_each_route_lets_in_its_role_and_those_above(house: House, secrets: dict[str, str], who: str) -> None:
    order = ["public", *ROLES]
    checked = 0
    for method, rule in rules(house):
        needed = NEEDED[rule.endpoint]
        # A wrong key for each case would run into the limit of wrong keys from one address.
        client = house.client(secrets[who], REMOTE_ADDR=f"198.51.100.{checked % 250}")
        response = client.open(re.sub(r"<[^>]+>", "x", rule.rule), method=method, headers=OWN, json={}
                               if method in {"POST", "PUT", "PATCH", "DELETE"} else None)
        code = _code(response)
        if needed == "public":
            wanted = None
        elif who in NOBODY:
            wanted = (401, "unauthorised")
        else:
            wanted = None if order.index(who) >= order.index(needed) else (403, "role_too_low")
        got = (response.status_code, code) if code in {"unauthorised", "role_too_low"} else None
        assert got == wanted, f"{method} {rule.rule} as {who}"
        checked += 1
    assert checked > 20


def test_head_and_options_are_held_to_the_same_role(house: House, secrets: dict[str, str]) -> None:
    for method in ("HEAD", "OPTIONS"):
        assert house.client().open("/api/v1/usage", method=method).status_code == 401
        assert house.client(secrets["learner"]).open("/api/v1/usage", method=method).status_code == 403


def test_whoever_is_refused_makes_no_model_work(house: House, secrets: dict[str, str]) -> None:
    before = len(house.service.asked)
    asked = {"model": "hybrid", "messages": [{"role": "user", "content": "Hi"}]}
    assert house.client(secrets["learner"]).post("/v1/chat/completions", json=asked).status_code == 403
    assert house.client(secrets["revoked"]).post("/api/v1/chat", json={"message": "Hi"}).status_code == 401
    assert len(house.service.asked) == before


def test_a_role_that_is_too_low_is_told_which_one_is_needed(house: House, secrets: dict[str, str]) -> None:
    body = house.client(secrets["educator"]).get("/api/v1/usage").get_json(force=True)
    assert "admin" in body["detail"]
    assert "educator" in body["detail"]


def test_there_is_no_route_to_reset_a_password_or_to_sign_up(house: House, secrets: dict[str, str]) -> None:
    """A predecessor returned a password-reset token to anyone who knew an address."""
    telling = re.compile(r"reset|forgot|recover|token|sign.?up|register|password|users?\b", re.IGNORECASE)
    assert [rule.rule for _, rule in rules(house) if telling.search(rule.rule)] == []
    for path in ("/reset", "/reset-password", "/forgot-password", "/api/v1/users", "/signup", "/register",
                 "/api/v1/auth/reset", "/password/reset"):
        for method in ("GET", "POST"):
            response = house.client(secrets["admin"]).open(path, method=method, json={"email": "amina@example.org"})
            assert response.status_code == 404, path


def test_no_route_takes_a_role_or_a_principal_from_a_client(house: House, secrets: dict[str, str]) -> None:
    for field in ("role", "is_admin", "principal", "user_id"):
        response = house.client(secrets["learner"]).post("/api/v1/chat", json={"message": "Hi", field: "admin"})
        assert (response.status_code, _code(response)) == (400, "unknown_field")


def _code(response: Any) -> str:
    if response.mimetype != "application/problem+json":
        return ""
    return str(response.get_json(force=True)["code"])
