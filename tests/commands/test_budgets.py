"""`flask budgets`: set, list, remove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import insert

from chatbot.accounts.tables import PEOPLE
from chatbot.database import new_id, now
from run import create_app
from tests.house import make_settings


@pytest.fixture
def runner(tmp_path: Path) -> FlaskCliRunner:
    return create_app(make_settings(tmp_path)).test_cli_runner()


def budgets(runner: FlaskCliRunner, *words: str):  # type: ignore[no-untyped-def]
    return runner.invoke(args=["budgets", *words])


def test_a_limit_is_set_listed_and_removed(runner: FlaskCliRunner) -> None:
    assert "installation: $2.500000000 a month" in budgets(runner, "set", "2.5", "--window", "month").stdout
    (listed,) = json.loads(budgets(runner, "list", "--json").stdout)
    assert (listed["principal"], listed["window"], listed["limit_usd"]) == ("", "month", "2.5")
    assert "installation" in budgets(runner, "list").stdout
    assert budgets(runner, "list", "--csv").stdout.count("\n") == 2
    assert budgets(runner, "remove", "--window", "month").exit_code == 0
    assert json.loads(budgets(runner, "list", "--json").stdout) == []


def test_a_person_is_found_by_name(runner: FlaskCliRunner) -> None:
    person = new_id()
    with runner.app.extensions["funza"].service.engine.begin() as connection:
        connection.execute(insert(PEOPLE).values(id=person, name="amina", password="x", role="learner",
                                                 created_at=now()))
    assert budgets(runner, "set", "1", "--key", "amina").exit_code == 0
    assert json.loads(budgets(runner, "list", "--json").stdout)[0]["principal"] == person


@pytest.mark.parametrize(("words", "says"), [
    (("set", "--", "-1"), "from 0 to"), (("set", "NaN"), "from 0 to"), (("set", "1e30"), "from 0 to"),
    (("set", "1", "--key", "nobody"), "no such key"), (("remove",), "no such budget"),
    (("set", "1", "--window", "year"), "not one of")])
def test_what_makes_no_sense_is_refused_in_one_line(runner: FlaskCliRunner, words: tuple[str, ...], says: str) -> None:
    result = budgets(runner, *words)
    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output
