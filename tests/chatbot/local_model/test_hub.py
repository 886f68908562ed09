from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import weights
from chatbot.local_model.catalogue import Model
from chatbot.local_model.sources import hub
from chatbot.local_model.sources.hub import LoginNeeded, SourceUnreachable
from tests.chatbot.local_model.fake_hub import COMMIT, FakeHub

WEIGHTS = bytes(range(256)) * 12_000
FILES = {
    "config.json": b'{"architectures": ["LlamaForCausalLM"]}', "tokenizer.json": b"{}", "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"pickle", "modeling_evil.py": b"import os", "README.md": b"hello",
    "training_args.bin": b"pickle", "original": b"",
}
MODEL = Model("tiny", "hub", "transformers", "someone/tiny", licence="Apache-2.0")


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    with FakeHub("someone/tiny", dict(FILES)) as fake:
        yield fake


def test_only_safetensors_json_and_tokenizer_files_are_taken(fake: FakeHub, tmp_path: Path) -> None:
    folder = hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    assert {file.name for file in folder.iterdir()} == {
        "config.json", "tokenizer.json", "model.safetensors", weights.MARKER}
    assert folder.name == COMMIT
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_second_time_asks_the_hub_nothing(fake: FakeHub, tmp_path: Path) -> None:
    hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    asked = len(fake.requests)
    fake.status = 500
    assert hub.fetch(MODEL, tmp_path, endpoint=fake.url) == weights.find(MODEL, tmp_path)
    assert len(fake.requests) == asked


def test_the_first_download_pins_the_commit_and_a_moved_branch_changes_nothing(fake: FakeHub, tmp_path: Path) -> None:
    first = hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    (first / "tokenizer.json").unlink()
    fake.commit = "f" * 40
    with pytest.raises(NotReady, match="no such commit"):
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)


def test_a_cut_download_goes_on_where_it_stopped(fake: FakeHub, tmp_path: Path) -> None:
    fake.cut_after = 1_000_000
    folder = hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    ranges = [asked for name, asked in fake.requests if name == "model.safetensors"]
    assert ranges[0] == ""
    assert ranges[1].startswith("bytes=")
    assert int(ranges[1][6:-1]) > 0
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_what_an_earlier_run_left_is_gone_on_with(fake: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "someone--tiny" / COMMIT
    folder.mkdir(parents=True)
    (folder / "model.safetensors.part").write_bytes(WEIGHTS[:2_000_000])
    hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    assert ("model.safetensors", "bytes=2000000-") in fake.requests


def test_a_hub_that_cannot_resume_sends_it_all_again(fake: FakeHub, tmp_path: Path) -> None:
    fake.ranges, fake.cut_after = False, 1_000_000
    folder = hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_file_is_thrown_away(fake: FakeHub, tmp_path: Path, name: str) -> None:
    fake.corrupt = {name}
    with pytest.raises(NotReady, match=f"{name} arrived damaged"):
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    assert weights.find(MODEL, tmp_path) is None
    assert not list(tmp_path.rglob(f"{name}*"))
    fake.corrupt = set()
    assert hub.fetch(MODEL, tmp_path, endpoint=fake.url)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_gated_model_says_what_to_accept_and_which_variable_to_set(fake: FakeHub, tmp_path: Path,
                                                                     token: str) -> None:
    fake.gated_token = "right"
    with pytest.raises(LoginNeeded) as caught:
        hub.fetch(MODEL, tmp_path, token=token, endpoint=fake.url)
    remedy = caught.value.remedy or ""
    assert "https://huggingface.co/someone/tiny" in remedy
    assert "HUGGINGFACE_API_KEY" in remedy
    assert hub.fetch(MODEL, tmp_path, token="right", endpoint=fake.url)


def test_the_token_goes_with_the_files(fake: FakeHub, tmp_path: Path) -> None:
    hub.fetch(MODEL, tmp_path, token="secret", endpoint=fake.url)
    assert set(fake.tokens) == {"secret"}


def test_a_repository_that_is_not_shown_needs_a_login(fake: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(LoginNeeded, match="someone/other"):
        hub.fetch(replace(MODEL, repository="someone/other"), tmp_path, endpoint=fake.url)


def test_no_hub_is_unreachable_not_an_exception_of_a_library(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable) as caught:
        hub.fetch(MODEL, tmp_path, endpoint="http://127.0.0.1:9")
    assert "--embedded" in (caught.value.remedy or "")


def test_a_hub_in_trouble_is_unreachable(fake: FakeHub, tmp_path: Path) -> None:
    fake.status = 503
    with pytest.raises(SourceUnreachable, match="503"):
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)


def test_another_commit_than_the_pinned_one_is_refused(fake: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no such commit"):
        hub.fetch(replace(MODEL, revision="a" * 40), tmp_path, endpoint=fake.url)


def test_a_model_with_code_of_its_own_is_refused_before_its_weights_come(fake: FakeHub, tmp_path: Path) -> None:
    fake.files["config.json"] = json.dumps({"auto_map": {"AutoModel": "evil.Model"}}).encode()
    with pytest.raises(NotReady, match="code of its own"):
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    assert "model.safetensors" not in {name for name, _ in fake.requests}


def test_a_model_with_pickles_only_is_refused(fake: FakeHub, tmp_path: Path) -> None:
    del fake.files["model.safetensors"]
    with pytest.raises(NotReady, match="no safetensors"):
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)


def test_one_gguf_is_taken_of_many(tmp_path: Path) -> None:
    files = {"m-Q4_K_M.gguf": b"GGUF four", "m-Q8_0.gguf": b"GGUF eight", "README.md": b"x"}
    model = Model("m", "hub", "llama_cpp", "someone/m-GGUF")
    with FakeHub("someone/m-GGUF", files) as fake:
        path = hub.fetch(model, tmp_path, endpoint=fake.url)
    assert path.read_bytes() == b"GGUF four"
    assert weights.find(model, tmp_path) == path


def test_two_processes_download_once(fake: FakeHub, tmp_path: Path) -> None:
    fake.pause = 0.3
    code = ("import sys; from pathlib import Path; from chatbot.local_model.sources import hub; "
            "from tests.chatbot.local_model.test_hub import MODEL; print(hub.fetch(MODEL, Path(sys.argv[1])))")
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True,
                             cwd=Path(__file__).parents[3], env={**os.environ, "HF_ENDPOINT": fake.url})
            for _ in range(2)]
    said = [process.communicate(timeout=60)[0].strip() for process in both]
    assert said[0] == said[1] == str(weights.find(MODEL, tmp_path))
    assert [name for name, _ in fake.requests].count("model.safetensors") == 1


def test_a_file_that_changed_is_not_found_and_a_copy_is_only_rehashed(fake: FakeHub, tmp_path: Path) -> None:
    folder = hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    os.utime(folder / "model.safetensors", (1, 1))
    assert weights.find(MODEL, tmp_path) is None
    fake.status = 500
    assert hub.fetch(MODEL, tmp_path, endpoint=fake.url) == folder
    (folder / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"x")
    with pytest.raises(SourceUnreachable):
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)


def test_too_little_disk_is_said_before_a_byte_comes(fake: FakeHub, tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "free_disk", lambda _: 1_000_000)
    with pytest.raises(NotReady, match="GB free") as caught:
        hub.fetch(MODEL, tmp_path, endpoint=fake.url)
    assert "MODEL_DIR" in (caught.value.remedy or "")
    assert fake.requests == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "https://evil.example/x", "s3://bucket/key", "a/b/c", "noslash",
                                  "a/..", "-a/b", "a/b.git", "file:///x", "a b/c", "a/b\n", "", "C:\\x"])
def test_a_name_that_is_no_hub_id_is_refused(name: str) -> None:
    with pytest.raises(NotReady):
        weights.check_hub_id(name)
