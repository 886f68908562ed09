"""Weights from an address: the same story told to a web server, S3, Google Cloud Storage and Azure."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import weights
from chatbot.local_model.choice import named
from chatbot.local_model.sources import pinned
from chatbot.local_model.sources.failures import Damaged, LoginNeeded, Refused, SourceUnreachable
from config import Settings
from tests.chatbot.local_model.fake_place import FakePlace

ROOT = Path(__file__).parents[3]
WEIGHTS = os.urandom(3_000_000)
CONFIG = b'{"architectures": ["LlamaForCausalLM"]}'
FOLDER = "funza/models/tiny"
NEEDS = {"s3": "boto3", "gs": "google.cloud.storage", "az": "azure.storage.blob", "web": "httpx2"}


@pytest.fixture(autouse=True)
def _own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(params=["web", "s3", "gs", "az"])
def place(request: pytest.FixtureRequest) -> Iterator[FakePlace]:
    pytest.importorskip(NEEDS[request.param], reason="pip install -r requirements-clouds.txt")
    with FakePlace(request.param, {f"{FOLDER}/config.json": CONFIG, f"{FOLDER}/model.safetensors": WEIGHTS}) as place:
        yield place


def manifest(place: FakePlace, **files: bytes) -> str:
    """Put a manifest of what is there (and `files`) beside it; the pinned address of its folder."""
    shown = {path.rsplit("/", 1)[-1]: content for path, content in place.files.items()} | files
    rows = [{"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in shown.items() if name != "manifest.json"]
    text = json.dumps({"files": rows}).encode()
    place.files[f"{FOLDER}/manifest.json"] = text
    return f"{place.address(FOLDER)}#sha256={hashlib.sha256(text).hexdigest()}"


def settings_of(place: FakePlace, tmp_path: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, model_dir=tmp_path, **{
        "local_model_buckets": ("s3://funza", "gs://funza", "az://funza"), **place.settings(), **more})


def fetch(place: FakePlace, address: str, tmp_path: Path, **more: Any) -> Path:
    return pinned.fetch(named(address), settings_of(place, tmp_path, **more))


def test_a_manifest_brings_its_files_and_a_second_time_asks_nothing(place: FakePlace, tmp_path: Path) -> None:
    address = manifest(place)
    folder = fetch(place, address, tmp_path)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert place.sent[f"{FOLDER}/model.safetensors"] == len(WEIGHTS)
    place.status = 500
    assert fetch(place, address, tmp_path) == folder == weights.find(named(address), tmp_path)


def test_a_cut_transfer_goes_on_where_it_stopped(place: FakePlace, tmp_path: Path) -> None:
    address = manifest(place)
    place.cut_after = 1_000_000
    folder = fetch(place, address, tmp_path)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    offsets = [start for path, start in place.gets if path.endswith(".safetensors")]
    assert len(offsets) > 1
    assert place.sent[f"{FOLDER}/model.safetensors"] < len(WEIGHTS) * 1.5


def test_content_that_changed_in_the_middle_is_started_over_and_judged_by_its_hash(
        place: FakePlace, tmp_path: Path) -> None:
    model = named(manifest(place))
    folder = weights.folder_of(model, tmp_path)
    folder.mkdir(parents=True)
    (folder / "model.safetensors.part").write_bytes(b"of another content")
    (folder / "model.safetensors.part.version").write_text('"other"' if place.dialect != "gs" else "1")
    fetch(place, model.setting, tmp_path)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert place.sent[f"{FOLDER}/model.safetensors"] == len(WEIGHTS)
    assert not list(folder.glob("*.part*"))


def test_another_hash_than_the_pinned_one_is_thrown_away_with_the_reason(place: FakePlace, tmp_path: Path) -> None:
    address = manifest(place)
    place.files[f"{FOLDER}/model.safetensors"] = WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1])
    with pytest.raises(Damaged, match=r"model\.safetensors arrived damaged"):
        fetch(place, address, tmp_path)
    assert not list(tmp_path.rglob("model.safetensors*"))
    assert weights.find(named(address), tmp_path) is None


def test_another_manifest_than_the_pinned_one_is_refused_before_any_file_comes(
        place: FakePlace, tmp_path: Path) -> None:
    address = manifest(place)
    place.files[f"{FOLDER}/manifest.json"] += b" "
    with pytest.raises(Damaged, match=r"manifest\.json is not the one"):
        fetch(place, address, tmp_path)
    assert f"{FOLDER}/model.safetensors" not in place.sent


def test_code_in_a_config_is_refused_before_the_weights_come(place: FakePlace, tmp_path: Path) -> None:
    place.files[f"{FOLDER}/config.json"] = b'{"text_config": {"auto_map": {"AutoModel": "evil.Model"}}}'
    with pytest.raises(Refused, match="code in config: auto_map"):
        fetch(place, manifest(place), tmp_path)
    assert f"{FOLDER}/model.safetensors" not in place.sent


@pytest.mark.parametrize(("status", "kind"), [(403, LoginNeeded), (404, NotReady), (429, SourceUnreachable),
                                              (503, SourceUnreachable)])
def test_a_refusing_place_is_told_apart_from_one_in_trouble(place: FakePlace, tmp_path: Path, status: int,
                                                            kind: type[NotReady]) -> None:
    address = manifest(place)
    place.status = status
    with pytest.raises(NotReady) as caught:
        fetch(place, address, tmp_path)
    assert type(caught.value) is kind
    assert caught.value.remedy


def test_a_place_that_does_not_answer_is_unreachable(place: FakePlace, tmp_path: Path) -> None:
    address = manifest(place)
    place.__exit__()
    with pytest.raises(SourceUnreachable):
        fetch(place, address, tmp_path)
    place.__enter__()


def test_a_bucket_that_nobody_allowed_is_not_asked(place: FakePlace, tmp_path: Path) -> None:
    if place.dialect == "web":
        pytest.skip("a web server is no bucket: its hash is all")
    with pytest.raises(Refused, match="Weights may not come from") as caught:
        fetch(place, manifest(place), tmp_path, local_model_buckets=("s3://other",))
    assert "LOCAL_MODEL_BUCKETS" in (caught.value.remedy or "")
    assert place.gets == []


def test_one_gguf_is_pinned_by_its_own_hash(place: FakePlace, tmp_path: Path) -> None:
    place.files[f"{FOLDER}/tiny.gguf"] = b"GGUF" + WEIGHTS
    base = place.address(FOLDER).removesuffix("/manifest.json")
    path = fetch(place, f"{base}/tiny.gguf#sha256={hashlib.sha256(b'GGUF' + WEIGHTS).hexdigest()}", tmp_path)
    assert path.name == "tiny.gguf"
    assert path.read_bytes() == b"GGUF" + WEIGHTS


@pytest.mark.parametrize("place", ["web", "s3"], indirect=True)
def test_killed_in_the_middle_it_goes_on_and_no_byte_is_fetched_twice(place: FakePlace, tmp_path: Path) -> None:
    address, path = manifest(place), f"{FOLDER}/model.safetensors"
    place.pause = 0.01
    code = ("import sys, json; from chatbot.local_model.sources import pinned; from chatbot.local_model.choice "
            "import named; from config import Settings; "
            "pinned.fetch(named(sys.argv[1]), Settings(_env_file=None, **json.loads(sys.argv[2])))")
    facts = settings_of(place, tmp_path).model_dump(mode="json", include={
        "model_dir", "local_model_buckets", "s3_endpoint_url"})
    victim = subprocess.Popen([sys.executable, "-c", code, address, json.dumps(facts)], cwd=ROOT)
    until = time.monotonic() + 30
    while place.sent.get(path, 0) < 1_000_000:
        assert victim.poll() is None
        assert time.monotonic() < until
        time.sleep(0.005)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    place.pause = 0.0
    part = next(tmp_path.rglob("model.safetensors.part"))
    kept = part.stat().st_size
    assert kept > 0
    folder = fetch(place, address, tmp_path)
    assert weights.sha256(folder / "model.safetensors") == hashlib.sha256(WEIGHTS).hexdigest()
    assert [start for name, start in place.gets if name == path] == [0, kept]


@pytest.mark.parametrize("place", ["web"], indirect=True)
def test_a_disk_that_runs_full_loses_the_half_file_and_nothing_else(place: FakePlace, tmp_path: Path) -> None:
    code = ("import sys, resource; from chatbot.local_model.sources import pinned; from config import Settings; "
            "from chatbot.local_model.choice import named; "
            "from chatbot.local_model.sources.failures import DiskFull\n"
            "from pathlib import Path\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
            "try: pinned.fetch(named(sys.argv[1]), Settings(_env_file=None, model_dir=Path(sys.argv[2])))\n"
            "except DiskFull as error: print(error.detail)")
    done = subprocess.run([sys.executable, "-c", code, manifest(place), str(tmp_path)], cwd=ROOT, text=True,
                          capture_output=True, check=True)
    assert "The disk ran full" in done.stdout
    assert not list(tmp_path.rglob("*.part"))
    assert list(tmp_path.rglob("config.json"))


@pytest.mark.parametrize("place", ["web"], indirect=True)
def test_a_link_in_the_way_is_never_followed(place: FakePlace, tmp_path: Path) -> None:
    model = named(manifest(place))
    folder = weights.folder_of(model, tmp_path)
    folder.mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (folder / "model.safetensors.part").symlink_to(precious)
    with pytest.raises(Refused, match="is a link"):
        fetch(place, model.setting, tmp_path)
    assert precious.read_text() == "mine"


def test_amazons_own_protocol_as_moto_speaks_it(tmp_path: Path) -> None:
    server = pytest.importorskip("moto.server", reason="pip install -r requirements-dev.txt")
    import boto3

    moto = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        url = "http://{}:{}".format(*moto.get_host_and_port())
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        client.create_bucket(Bucket="funza")
        rows = [{"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in (("config.json", CONFIG), ("model.safetensors", WEIGHTS))]
        text = json.dumps({"files": rows}).encode()
        for name, content in (("config.json", CONFIG), ("model.safetensors", WEIGHTS), ("manifest.json", text)):
            client.put_object(Bucket="funza", Key=f"models/tiny/{name}", Body=content)
        model = named(f"s3://funza/models/tiny#sha256={hashlib.sha256(text).hexdigest()}")
        folder = weights.folder_of(model, tmp_path)
        folder.mkdir(parents=True)
        (folder / "model.safetensors.part").write_bytes(WEIGHTS[:1_000_000])
        (folder / "model.safetensors.part.version").write_text(
            client.head_object(Bucket="funza", Key="models/tiny/model.safetensors")["ETag"])
        settings = Settings(_env_file=None, model_dir=tmp_path, s3_endpoint_url=url,
                            local_model_buckets=("s3://funza",))
        pinned.fetch(model, settings)
        assert (folder / "model.safetensors").read_bytes() == WEIGHTS
        with pytest.raises(NotReady, match="NoSuchKey"):
            pinned.fetch(named(f"s3://funza/nothing#sha256={'0' * 64}"), settings)
    finally:
        moto.stop()


