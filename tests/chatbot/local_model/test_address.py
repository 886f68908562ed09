"""What LOCAL_MODEL may say about a place, and what a manifest may list: everything else is refused with the reason."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.errors import NotReady
from chatbot.local_model.choice import choose, in_each_form, named
from chatbot.local_model.hardware import GIB, Hardware
from chatbot.local_model.sources.address import Address, parse
from chatbot.local_model.sources.failures import Refused
from chatbot.local_model.sources.manifest import parse_manifest, write_manifest
from chatbot.local_model.sources.safe_files import wanted
from config import Settings

PIN = "#sha256=" + "a" * 64
CPU = Hardware((), "", 2, 8 * GIB, 8 * GIB, 50 * GIB)


@pytest.mark.parametrize(("text", "place", "folder", "file"), [
    ("https://weights.example/m/tiny.gguf", "weights.example", "m", "tiny.gguf"),
    ("https://weights.example:8443/m/manifest.json", "weights.example:8443", "m", "manifest.json"),
    ("http://127.0.0.1:9/m", "127.0.0.1:9", "m", "manifest.json"),
    ("s3://bucket/models/tiny/", "bucket", "models/tiny", "manifest.json"),
    ("s3://bucket", "bucket", "", "manifest.json"),
    ("gs://bucket/tiny.gguf", "bucket", "", "tiny.gguf"),
    ("az://container/models/tiny-v1.5", "container", "models/tiny-v1.5", "manifest.json"),
])
def test_an_address_is_a_place_a_folder_and_one_pinned_file(text: str, place: str, folder: str, file: str) -> None:
    assert parse(text + PIN) == Address(text.partition(":")[0], place, folder, file, "a" * 64)


@pytest.mark.parametrize(("text", "reason"), [
    ("s3://bucket/models/tiny", "no hash"),
    ("https://weights.example/tiny.gguf#sha256=abc", "none of"),
    ("http://weights.example/tiny.gguf" + PIN, "plain http"),
    ("http://127.0.0.1.evil.example/tiny.gguf" + PIN, "plain http"),
    ("s3://bucket/../other/tiny" + PIN, r"`\.\.`"),
    ("s3://bucket/a//b" + PIN, "empty part"),
    ("https://user:word@weights.example/tiny.gguf" + PIN, "none of"),
    ("https://weights.example/tiny.gguf?X-Amz-Signature=1" + PIN, "never taken|letters that need quoting"),
    ("https://weights.example/%2e%2e/tiny.gguf" + PIN, "letters that need quoting"),
    ("file:///etc/passwd" + PIN, "none of"),
    ("ftp://weights.example/tiny.gguf" + PIN, "none of"),
])
def test_an_address_that_is_not_safe_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        named(text)
    assert caught.value.remedy


@pytest.mark.parametrize(("name", "reason"), [
    ("../config.json", "no plain file name"), ("/etc/passwd", "no plain file name"), ("a/b.json", "no plain file name"),
    ("a..json", "no plain file name"), ("modeling_evil.py", "pickles and programs"), ("weights.pkl", "pickles"),
    ("pytorch_model.bin", "pickles"), ("model.safetensors.exe", "pickles"), (".hidden.json", "no plain file name"),
])
def test_a_manifest_that_lists_what_is_never_taken_is_refused_whole(name: str, reason: str) -> None:
    rows = [{"name": "model.safetensors", "size": 1, "sha256": "0" * 64}, {"name": name, "size": 1, "sha256": "0" * 64}]
    with pytest.raises(Refused, match=reason):
        parse_manifest(json.dumps({"files": rows}).encode())


@pytest.mark.parametrize("text", [
    b"", b"[]", b"{}", b'{"files": []}', b'{"files": [{"name": "a.json", "size": 1}]}', b'{"files": 3}',
    b'{"files": [{"name": "a.json", "size": -1, "sha256": "' + b"0" * 64 + b'"}]}',
    b'{"files": [{"name": "a.json", "size": true, "sha256": "' + b"0" * 64 + b'"}]}',
    b'{"files": [{"name": "a.json", "size": 1, "sha256": "x"}]}', b"[" * 100_000,
    json.dumps({"files": [{"name": n, "size": 1, "sha256": "0" * 64} for n in ("a.json", "A.json")]}).encode(),
])
def test_a_manifest_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        parse_manifest(text)


def test_a_written_manifest_reads_back_and_leaves_out_what_is_never_taken(tmp_path: Path) -> None:
    for name, content in (("config.json", b"{}"), ("model.safetensors", b"w"), ("evil.py", b"x"), ("m.bin", b"x")):
        (tmp_path / name).write_bytes(content)
    digest = write_manifest(tmp_path)
    text = (tmp_path / "manifest.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == digest
    assert {(file.name, file.sha256) for file in parse_manifest(text)} == {
        ("config.json", hashlib.sha256(b"{}").hexdigest()), ("model.safetensors", hashlib.sha256(b"w").hexdigest())}


def test_a_manifest_of_a_folder_without_weights_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(NotReady, match=r"no \.gguf and no \.safetensors"):
        write_manifest(tmp_path)


def test_a_manifest_may_hold_both_forms_and_the_machine_takes_what_it_runs() -> None:
    rows = [{"name": name, "size": 1, "sha256": "0" * 64} for name in
            ("config.json", "tokenizer.json", "model.safetensors", "tiny-Q4_K_M.gguf", "tiny-Q8_0.gguf")]
    files = parse_manifest(json.dumps({"files": rows}).encode())
    on_gpu, on_cpu = in_each_form(named("s3://bucket/models/tiny" + PIN))
    assert [file.name for file in wanted(on_gpu, files)] == ["config.json", "tokenizer.json", "model.safetensors"]
    assert [file.name for file in wanted(on_cpu, files)] == ["tiny-Q4_K_M.gguf"]


def test_on_a_machine_without_a_gpu_the_owners_model_is_taken_as_gguf(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, model_dir=tmp_path, local_model="meta-llama/Llama-3.2-1B-Instruct")
    choice = choose(settings, CPU)
    assert choice.model is not None
    assert (choice.model.id, choice.engine) == ("Llama-3.2-1B-Instruct-Q4_K_M", "llama_cpp")


def test_an_address_that_is_refused_is_the_reason_that_the_status_shows(tmp_path: Path) -> None:
    choice = choose(Settings(_env_file=None, model_dir=tmp_path, local_model="s3://bucket/tiny"), CPU)
    assert "no hash" in choice.why_not
    assert "flask models manifest" in choice.remedy


def test_starting_imports_none_of_the_clouds_libraries() -> None:
    code = ("import sys, run, commands.models, chatbot.local_model.arrival; "
            "print({'boto3', 'botocore', 'google.cloud.storage', 'azure.storage', 'httpx2', 'huggingface_hub'} "
            "& set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == "set()"
