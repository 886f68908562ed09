"""`flask keys` and `flask people`, through the real app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskClient, FlaskCliRunner

from commands import register_commands
from config import EX_CONFIG
from tests.routes.accounts import PASSWORD, House, build, sign_in

ROOT = Path(__file__).parent.parent.parent
QUIZ = "/get_quiz_birth"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = build(tmp_path)
    register_commands(house.app)
    return house


@pytest.fixture
def run(house: House) -> FlaskCliRunner:
    return house.app.test_cli_runner()


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def opens(house: House, secret: str) -> int:
    client: FlaskClient = house.client(secret)
    return client.get(QUIZ).status_code


def test_a_new_key_is_alone_on_stdout_and_opens_what_its_role_says(run: FlaskCliRunner, house: House) -> None:
    made = run.invoke(args=["keys", "create", "our app", "--role", "admin"])
    assert made.exit_code == 0
    assert house.client(made.stdout.strip()).get("/api/v1/providers").status_code == 200
    assert "cannot be shown again" in made.stderr


def test_a_key_is_shown_once_and_then_only_by_its_prefix(run: FlaskCliRunner) -> None:
    made = as_json(run.invoke(args=["keys", "create", "our app", "--expires", "never", "--per-minute", "7", "--json"]))
    listed = as_json(run.invoke(args=["keys", "list", "--json"]))
    assert made["secret"].split("_")[1] == listed[0]["prefix"]
    assert made["secret"].split("_", 2)[2] not in json.dumps(listed)
    assert (listed[0]["state"], listed[0]["role"], listed[0]["per_minute"], listed[0]["expires_at"]) == (
        "active", "learner", 7, None)
    table = run.invoke(args=["keys", "list"]).stdout
    assert listed[0]["prefix"] in table
    assert "digest" not in table


def test_a_revoked_key_opens_nothing_from_the_next_request_on(run: FlaskCliRunner, house: House) -> None:
    made = as_json(run.invoke(args=["keys", "create", "our app", "--json"]))
    assert opens(house, made["secret"]) == 200
    assert run.invoke(args=["keys", "revoke", made["prefix"]]).exit_code == 0
    assert opens(house, made["secret"]) == 401
    assert as_json(run.invoke(args=["keys", "list", "--json"]))[0]["state"] == "revoked"


@pytest.mark.parametrize("args", [
    ["keys", "revoke", "nobody"], ["keys", "create", ""], ["keys", "create", "x", "--role", "god"],
    ["keys", "create", "x", "--expires", "2020-01-01"], ["keys", "create", "x", "--expires", "soon"],
    ["keys", "create", "x", "--expires", "0d"], ["keys", "create", "x", "--expires", "99999d", "--per-minute", "0"],
    ["people", "password", "nobody", "--generate"], ["people", "disable", "nobody"],
    ["people", "role", "nobody", "admin"], ["people", "add", "a b", "--generate"]])
def test_what_cannot_be_done_is_said_in_a_line_without_a_traceback(run: FlaskCliRunner, args: list[str]) -> None:
    result = run.invoke(args=args)
    assert result.exit_code in {1, 2}
    assert "Error: " in result.stderr
    assert "Traceback" not in result.output


def test_a_key_lasts_as_long_as_was_asked(run: FlaskCliRunner) -> None:
    for expires, days in (("90d", 90), ("2100-01-01", None)):
        key = as_json(run.invoke(args=["keys", "create", "x", "--expires", expires, "--json"]))
        assert key["expires_at"].startswith(expires if days is None else "20")


def test_a_person_who_was_added_may_sign_in_with_the_password_that_was_typed(run: FlaskCliRunner, house: House) -> None:
    added = run.invoke(args=["people", "add", "Amina@Example.org", "--role", "educator"],
                       input=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert sign_in(house.client(), "amina@example.org").status_code == 303
    listed = as_json(run.invoke(args=["people", "list", "--json"]))
    assert (listed[0]["name"], listed[0]["role"]) == ("amina@example.org", "educator")
    assert "argon2" not in json.dumps(listed)
    assert "amina@example.org" in run.invoke(args=["people", "list"]).stdout


def test_a_password_that_was_made_up_is_shown_once_and_is_right(run: FlaskCliRunner, house: House) -> None:
    made = as_json(run.invoke(args=["people", "add", "grace", "--generate", "--json"]))
    assert len(made["password"]) >= 20
    assert sign_in(house.client(), "grace", made["password"]).status_code == 303


def test_a_new_password_and_a_disabled_account_end_her_sessions(run: FlaskCliRunner, house: House) -> None:
    client = house.signed_in()
    new = as_json(run.invoke(args=["people", "password", "amina", "--generate", "--json"]))["password"]
    assert client.get(QUIZ).status_code == 401
    assert sign_in(client, password=new).status_code == 303
    assert run.invoke(args=["people", "disable", "amina"]).exit_code == 0
    assert client.get(QUIZ).status_code == 401


def test_a_short_password_is_refused(run: FlaskCliRunner) -> None:
    result = run.invoke(args=["people", "add", "amina"], input="short\nshort\n")
    assert result.exit_code == 1
    assert "12 to 200" in result.stderr


def test_after_a_clock_that_ran_ahead_an_admin_trusts_it_again(run: FlaskCliRunner) -> None:
    assert "UTC" in run.invoke(args=["keys", "trust-clock"]).stdout


def flask(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "AUTH"}}
    return subprocess.run(
        [sys.executable, "-m", "flask", *args], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={**plain, "FLASK_APP": str(ROOT / "run.py"), "DATABASE_URL": f"sqlite:///{folder}/funza.db",
             "LOCAL_ENGINE": "off", **environment})


def test_the_flask_command_makes_a_key_that_the_next_process_knows(tmp_path: Path) -> None:
    made = flask(tmp_path, "keys", "create", "our app", "--json", SECRET_KEY="s" * 64)
    assert made.returncode == 0, made.stderr
    listed = flask(tmp_path, "keys", "list", "--json", SECRET_KEY="s" * 64, AUTH="on")
    assert [key["state"] for key in json.loads(listed.stdout)] == ["active"]


@pytest.mark.parametrize(("args", "environment"), [
    (("keys", "create", "our app"), {}), (("keys", "list"), {"AUTH": "on"}),
    (("keys", "list"), {"AUTH": "on", "SECRET_KEY": " "})])
def test_without_a_secret_key_it_stops_with_exit_code_78(tmp_path: Path, args: tuple[str, ...],
                                                         environment: dict[str, str]) -> None:
    ended = flask(tmp_path, *args, **environment)
    assert ended.returncode == EX_CONFIG, ended.stderr
    assert "SECRET_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr
