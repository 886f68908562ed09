"""The two scripts, run as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chatbot.local_model.fake_hub import FakeHub
from tests.embedded_weights import embedded_model_dir
from tests.one_core import one_core

ROOT = Path(__file__).parents[1]


def script(name: str, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LOCAL_", "MODEL_", "HF_"))}
    with one_core():
        return subprocess.run([sys.executable, str(ROOT / name), *options], text=True, capture_output=True, timeout=120,
                              stdin=subprocess.DEVNULL, cwd=ROOT, env={**environment, **settings}, check=False)


def test_check_changes_nothing_and_says_what_it_would_choose(tmp_path: Path) -> None:
    done = script("setup_huggingface.py", "--check", MODEL_DIR=str(tmp_path / "models"))
    assert done.returncode == 3, done.stderr
    assert "Choice: " in done.stdout
    assert "SmolLM2-135M-Instruct" in done.stdout
    assert not (tmp_path / "models").exists()


def test_set_up_twice_works_once_and_says_what_to_do_next() -> None:
    models = embedded_model_dir()
    before = {file: file.stat().st_mtime_ns for file in models.rglob("*") if file.suffix in (".gguf", ".json")}
    done = script("setup_huggingface.py", "--embedded", "--json", MODEL_DIR=str(models))
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert facts["trial"]["answer"]
    assert facts["trial"]["tokens_per_second"] > 0
    assert any("make run" in step for step in facts["next"])
    assert before == {file: file.stat().st_mtime_ns for file in before}


def test_a_gated_model_without_a_token_exits_4_and_says_where_to_go(tmp_path: Path) -> None:
    files = {"config.json": b"{}", "model.safetensors": b"x", "tokenizer.json": b"{}"}
    with FakeHub("someone/gated", files, gated_token="right") as hub:
        done = script("setup_huggingface.py", "--yes", "--model", "someone/gated", MODEL_DIR=str(tmp_path),
                      HF_ENDPOINT=hub.url, LOCAL_ENGINE="transformers", HF_HOME=str(tmp_path))
    assert done.returncode == 4, done.stdout + done.stderr
    assert "https://huggingface.co/someone/gated" in done.stderr
    assert "HUGGINGFACE_API_KEY" in done.stderr


def test_a_hub_out_of_reach_leads_to_the_embedded_model_and_says_so() -> None:
    done = script("setup_huggingface.py", "--yes", MODEL_DIR=str(embedded_model_dir()), LOCAL_MODEL="someone/m-GGUF",
                  HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cannot be reached" in done.stdout
    assert "Until then the embedded model answers" in done.stdout


def test_a_named_model_out_of_reach_exits_5(tmp_path: Path) -> None:
    done = script("setup_huggingface.py", "--yes", "--model", "someone/m-GGUF", MODEL_DIR=str(tmp_path),
                  HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 5, done.stdout + done.stderr


def test_a_model_that_cannot_run_here_exits_6(tmp_path: Path) -> None:
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("this machine has a GPU")
    done = script("setup_huggingface.py", "--check", "--model", "meta-llama/Llama-3.2-1B-Instruct",
                  MODEL_DIR=str(tmp_path))
    assert done.returncode == 6, done.stdout + done.stderr
    assert "no NVIDIA GPU" in done.stdout + done.stderr or "not installed" in done.stdout + done.stderr


def test_the_measuring_script_prints_speed_and_memory() -> None:
    done = script("test_huggingface.py", "--json", MODEL_DIR=str(embedded_model_dir()))
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["tokens_per_second"] > 0 < facts["first_token"]
    assert facts["peak_memory"] > 100_000_000


def test_the_measuring_script_without_weights_exits_3_with_the_remedy(tmp_path: Path) -> None:
    done = script("test_huggingface.py", MODEL_DIR=str(tmp_path))
    assert done.returncode == 3
    assert "setup_huggingface.py" in done.stderr


@pytest.mark.parametrize("name", ["setup_huggingface.py", "test_huggingface.py"])
def test_help_documents_the_exit_codes(name: str) -> None:
    assert "Exit codes: 0" in script(name, "--help").stdout
