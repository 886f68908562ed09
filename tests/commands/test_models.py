"""`flask models`: what is here, and pulling, checking, removing and listing it, with exit codes and JSON."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from chatbot.local_model.cache import entries
from chatbot.local_model.claim import Claim
from commands import register_commands
from config import Settings
from routes.installation import Installation
from tests.chatbot.local_model.fake_place import FakePlace

CONTENT = b"GGUF" + bytes(100_000)
FILES = {"tiny-Q4_K_M.gguf": CONTENT}
HUB_MODEL = "someone/tiny-GGUF"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str, **settings: Any) -> Result:
        app = Flask("funza_test")
        made = Settings(_env_file=None, model_dir=tmp_path / "models", **settings)
        app.extensions["funza"] = Installation(made, object())  # type: ignore[arg-type]
        register_commands(app)
        return app.test_cli_runner().invoke(args=["models", *arguments], env={"COLUMNS": "120"})

    return run


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Any:
    with FakePlace("hub", dict(FILES)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def test_a_bare_machine_lists_what_it_could_fetch_and_why_not_the_rest(run: Run) -> None:
    shown = run("list")
    assert shown.exit_code == 0
    assert "SmolLM2-135M-Instruct" in shown.output
    rows = {row["model"]: row for row in json.loads(run("list", "--json").output)["models"]}
    assert rows["SmolLM2-135M-Instruct"]["bytes"] == 92_871_040
    assert all(bool(row["why_not"]) == (row["state"] == "cannot run here") for row in rows.values())


def test_pull_fetches_verify_reads_again_and_list_shows_it(run: Run, hub: FakePlace) -> None:
    done = json.loads(run("pull", HUB_MODEL, "--json").output)
    assert (done["exit_code"], done["model"]) == (0, "tiny-GGUF")
    assert Path(done["weights"]).read_bytes() == CONTENT
    hub.status = 500
    assert run("pull", HUB_MODEL).exit_code == 0   # it is here
    assert "someone/tiny-GGUF: whole" in run("verify").output
    here = json.loads(run("list", "--json").output)
    assert here["bytes"] == len(CONTENT)
    assert (here["models"][0]["model"], here["models"][0]["state"]) == (HUB_MODEL, "verified")


@pytest.mark.usefixtures("hub")
def test_damaged_weights_are_set_aside_and_pulled_anew(run: Run) -> None:
    path = Path(json.loads(run("pull", HUB_MODEL, "--json").output)["weights"])
    facts = path.stat()
    path.write_bytes(CONTENT[:-1] + b"x")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))   # bit rot keeps the time
    shown = run("verify")
    assert shown.exit_code == 1
    assert "DAMAGED" in shown.output
    assert run("pull", HUB_MODEL).exit_code == 0
    assert path.read_bytes() == CONTENT
    assert run("verify", HUB_MODEL).exit_code == 0


@pytest.mark.usefixtures("hub")
def test_evict_removes_one_or_down_to_a_size_but_never_what_is_loaded(run: Run, tmp_path: Path) -> None:
    run("pull", HUB_MODEL)
    (entry,) = entries(tmp_path / "models")
    claim = Claim(tmp_path / "models" / "owner.lock", entry.folder)
    claim.take()
    refused = run("evict", HUB_MODEL)
    assert (refused.exit_code, "is loaded now" in refused.output) == (1, True)
    assert run("evict", "--to", "0").exit_code == 1
    assert json.loads(run("list", "--json").output)["models"][0]["state"] == "loaded"
    claim.give_up()
    gone = json.loads(run("evict", "--to", "0", "--json").output)
    assert (gone["exit_code"], gone["evicted"], gone["bytes"], gone["left"]) == (0, [HUB_MODEL], len(CONTENT), 0)
    assert run("evict", HUB_MODEL).exit_code == 1   # nothing of that name


@pytest.mark.parametrize("arguments", [("evict",), ("evict", "x", "--to", "1"), ("evict", "--to", "-1")])
def test_evict_wants_one_of_a_name_and_a_size(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(("status", "code"), [(403, 4), (401, 4), (429, 5), (503, 5)])
def test_pull_exits_with_what_went_wrong(run: Run, hub: FakePlace, status: int, code: int) -> None:
    hub.status = status
    done = run("pull", HUB_MODEL, "--json")
    assert done.exit_code == code
    assert json.loads(done.output)["error"]["remedy"]


def test_pull_of_what_is_refused_exits_7_and_of_what_cannot_run_6(run: Run) -> None:
    assert run("pull", "s3://bucket/tiny").exit_code == 7
    assert run("pull", f"s3://bucket/tiny#sha256={'0' * 64}").exit_code == 7   # not in LOCAL_MODEL_BUCKETS
    assert run("pull", local_engine="off").exit_code == 6


def test_a_manifest_is_written_and_what_it_pins_can_be_pulled(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "tiny-Q4_K_M.gguf").write_bytes(CONTENT)
    told = json.loads(run("manifest", str(folder), "--json").output)
    text = (folder / "manifest.json").read_bytes()
    assert told["sha256"] == hashlib.sha256(text).hexdigest()
    files = {"m-gguf/manifest.json": text, "m-gguf/tiny-Q4_K_M.gguf": CONTENT}
    with FakePlace("web", files) as place:
        address = f"{place.url}/m-gguf/manifest.json#sha256={told['sha256']}"
        done = run("pull", local_model=address)
    assert done.exit_code == 0, done.output
    assert "m-gguf is here, its hashes checked" in done.output
