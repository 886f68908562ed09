"""`flask pictures`: list, delete, tidy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from chatbot.images.lessons.illustrations import Illustrations
from run import create_app
from tests.chatbot.images.illustrating import EDUCATOR, WISH, FakeDescriber, FakeIllustrator, empty_database
from tests.house import make_settings


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[FlaskCliRunner]:
    (tmp_path / "funza.db").write_bytes(empty_database())
    app = create_app(make_settings(tmp_path))
    service = app.extensions["funza"].service
    service.illustrations.close()
    service.illustrations = Illustrations(service.calls, service.engine, FakeIllustrator(), FakeDescriber(),  # type: ignore[arg-type]
                                          immediate=True)
    yield app.test_cli_runner()
    service.close()


def pictures(runner: FlaskCliRunner, *words: str) -> Any:
    return runner.invoke(args=["pictures", *words])


def desk(runner: FlaskCliRunner) -> Illustrations:
    found: Illustrations = runner.app.extensions["funza"].service.illustrations
    return found


def test_pictures_are_listed_and_deleted(runner: FlaskCliRunner) -> None:
    picture_id = desk(runner).order(WISH, EDUCATOR).picture_id
    (listed,) = json.loads(pictures(runner, "list", "--json").stdout)
    assert (listed["id"], listed["alt_state"]) == (picture_id, "suggested")
    assert json.loads(pictures(runner, "list", "--words", "nowhere", "--json").stdout) == []
    assert pictures(runner, "list", "--csv").stdout.count("\n") == 2
    assert pictures(runner, "delete", picture_id).exit_code == 0
    missing = pictures(runner, "delete", picture_id)
    assert (missing.exit_code, "no such picture" in missing.stderr) == (1, True)
    assert desk(runner).library.files.all() == []


def test_tidying_takes_what_no_picture_has_and_nothing_else(runner: FlaskCliRunner) -> None:
    kept = desk(runner).order(WISH, EDUCATOR)
    files = desk(runner).library.files
    before = files.all()
    files.keep(b"left behind", "image/png", {})
    (files.folder / f"{'a' * 64}.png.part").write_bytes(b"half")
    (files.folder / "notes.txt").write_text("not ours")
    assert "3 files" in pictures(runner, "tidy", "--dry-run").stdout
    assert len(files.all()) == len(before) + 3
    assert "3 files" in pictures(runner, "tidy").stdout
    assert files.all() == before
    assert (files.folder / "notes.txt").exists()
    assert desk(runner).library.data(desk(runner).library.get(kept.picture_id))


def test_nothing_is_tidied_while_a_picture_is_under_way(runner: FlaskCliRunner) -> None:
    desk(runner).jobs.open(WISH, EDUCATOR)
    refused = pictures(runner, "tidy")
    assert (refused.exit_code, "under way" in refused.stderr) == (1, True)
