"""`flask extract`: a folder becomes lines of JSON and a table; a kill -9 costs at most the file under way."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from config import Settings
from run import create_app
from tests.chatbot.documents.forms import CARD_EN, CONTRACT_KO, as_docx
from tests.chatbot.documents.readers import good
from tests.loopback import Answer, LoopbackProvider
from tests.migrated import migrated_file

ROOT = Path(__file__).parents[2]


def arguments(folder: Path, *more: str, what: str = "in") -> list[str]:
    return ["extract", str(folder / what), "--out", str(folder / "out.jsonl"), *more]


def run(folder: Path, *more: str, what: str = "in", upstream: LoopbackProvider | None = None) -> Result:
    """The command on a machine without a model, with a cloud at `upstream` if there is one."""
    cloud = {"together_api_key": "x", "together_base_url": upstream.url} if upstream else {}
    app = create_app(Settings(_env_file=None, local_engine="off", model_dir=folder,
                              database_url=migrated_file(folder / "funza.db"), **cloud))
    return app.test_cli_runner().invoke(args=arguments(folder, *more, what=what))


def start(folder: Path, *more: str, upstream: LoopbackProvider) -> subprocess.Popen[bytes]:
    """The command as a person runs it, in a process that can be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", *arguments(folder, *more)], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={
            **os.environ, "FLASK_APP": "run", "PYTHONPATH": str(ROOT), "LOCAL_ENGINE": "off",
            "MODEL_DIR": str(folder), "DATABASE_URL": migrated_file(folder / "funza.db"),
            "TOGETHER_API_KEY": "x", "TOGETHER_BASE_URL": upstream.url})


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "계약").mkdir(parents=True)
    (tmp_path / "in" / "계약" / "a.docx").write_bytes(as_docx(CONTRACT_KO))
    (tmp_path / "in" / "b.txt").write_text(CONTRACT_KO.text.replace("홍길동", "=김하나"), encoding="utf-8")
    (tmp_path / "in" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


def test_a_bare_machine_reads_a_folder_and_a_second_run_does_nothing_again(folder: Path) -> None:
    first = run(folder, "--type", "계약서", "--csv", str(folder / "out.csv"))
    assert first.exit_code == 0, first.stderr
    assert "3 files: 0 done before, 3 to read (1 cannot be read), at most 0 calls and $0.000000." in first.stdout
    found = {line["file"]: line for line in lines(folder)}
    assert {name: one["value"] for name, one in found["계약/a.docx"]["values"].items()} == CONTRACT_KO.says
    assert found["broken.pdf"]["error"].startswith("unreadable_file")
    assert "broken.pdf: unreadable_file: The file is broken off or damaged" in first.stderr
    again = run(folder, "--type", "계약서")
    assert "2 done before, 1 to read" in again.stdout
    assert len(lines(folder)) == 4, "only what failed is tried again"


def test_a_single_file_is_read_and_a_dry_run_reads_none(folder: Path) -> None:
    (folder / "in" / "계약" / "a.docx").rename(folder / "one.docx")
    told, done = (run(folder, "--type", "contract", *more, what="one.docx") for more in (["--dry-run"], []))
    assert told.stdout == "1 files: 0 done before, 1 to read, at most 0 calls and $0.000000.\n"
    assert done.exit_code == 0, done.stderr
    line, = lines(folder)
    assert {name: one["value"] for name, one in line["values"].items()} == CONTRACT_KO.says
    assert line["file"] == "one.docx"


def test_a_folder_without_documents_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    ended = run(tmp_path, "--type", "contract")
    assert ended.exit_code == 1
    assert "There is no .pdf, .docx, .txt, .text, .md at" in ended.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_no_cell_of_the_table_can_run_as_a_formula(folder: Path) -> None:
    run(folder, "--type", "contract", "--csv", str(folder / "out.csv"))
    rows = {row["file"]: row for row in csv.DictReader((folder / "out.csv").open(encoding="utf-8-sig", newline=""))}
    assert rows["b.txt"]["party_b"] == "'=김하나"
    assert rows["계약/a.docx"]["party_b"] == "홍길동"


def test_the_price_is_told_before_and_a_limit_below_it_asks_nobody(folder: Path) -> None:
    with LoopbackProvider() as upstream:
        refused = run(folder, "--type", "contract", "--max-usd", "0.000001", upstream=upstream)
        assert refused.exit_code == 1
        assert "nobody was asked" in refused.stderr
        assert upstream.requests == []
        upstream.always(Answer(good))
        told = run(folder, "--type", "contract", "--max-usd", "1", upstream=upstream)
    assert told.exit_code == 0, told.stderr
    assert "at most 2 calls and $0.00" in told.stdout
    spent = sum(float(line.get("cost_usd") or 0) for line in lines(folder))
    assert spent > 0
    assert f"Spent: ${spent:.6f}" in told.stdout


def test_after_a_kill_9_the_rest_is_read_and_nothing_is_paid_for_twice(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(8):
        (tmp_path / "in" / f"{number}.txt").write_text(f"{CARD_EN.text}\nNote: {number}", encoding="utf-8")
    with LoopbackProvider() as upstream:
        upstream.always(Answer(good, first_pause=0.3))
        child = start(tmp_path, "--type", "antenatal card", upstream=upstream)
        until = time.monotonic() + 90
        while len(upstream.requests) < 4 and time.monotonic() < until and child.poll() is None:
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        before = len(upstream.requests)
        with (tmp_path / "out.jsonl").open("ab") as out:
            out.write(b'{"file": "7.txt", "sha2')  # a line that was cut in the middle
        upstream.always(Answer(good))
        ended = run(tmp_path, "--type", "antenatal card", upstream=upstream)
        assert ended.exit_code == 0, ended.stderr
    assert 4 <= before <= 5
    assert sorted(line["file"] for line in lines(tmp_path)) == [f"{number}.txt" for number in range(8)]
    assert all({n: v["value"] for n, v in line["values"].items()} == CARD_EN.says for line in lines(tmp_path))
    assert len(upstream.requests) <= 9, "at most the file under way is asked about again"


def test_results_of_another_order_are_not_mixed_in(folder: Path) -> None:
    run(folder, "--type", "contract")
    other = run(folder, "--type", "consent form")
    assert other.exit_code == 1
    assert "another type or schema" in other.stderr


@pytest.mark.parametrize("asked", [(), ("--type", "contract", "--schema", "s.json"), ("--type", "passport"),
                                   ("--schema", "bad.json"), ("--schema", "hostile.json")])
def test_a_wrong_order_is_told_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                           asked: tuple[str, ...]) -> None:
    monkeypatch.chdir(folder)
    (folder / "s.json").write_text('{"a": "string"}')
    (folder / "bad.json").write_text("{")
    (folder / "hostile.json").write_text('{"$ref": "file:///etc/passwd"}')
    ended = run(folder, *asked)
    assert ended.exit_code in (1, 2)
    assert isinstance(ended.exception, SystemExit), "a traceback for a person to read"
    assert "Error: " in ended.stderr
    assert not (folder / "out.jsonl").exists()
