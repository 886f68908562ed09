from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import NotReady
from chatbot.local_model import weights
from chatbot.local_model.catalogue import BASE, CATALOGUE, CPU_GGUF, EMBEDDED, GPU_DEFAULT, Model, known
from chatbot.local_model.choice import best_to_fetch, choose, named, what_runs_here
from chatbot.local_model.engines import ENGINES
from chatbot.local_model.hardware import GIB, Gpu, Hardware
from config import Settings

CPU = Hardware((), "", 2, 8 * GIB, 8 * GIB, 50 * GIB)
GPU = Hardware((Gpu("NVIDIA H200", 139 * GIB, (9, 0)),), "", 16, 64 * GIB, 64 * GIB, 50 * GIB)

Make = Callable[..., Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Make:
    def make(**values: Any) -> Settings:
        return Settings(_env_file=None, model_dir=tmp_path, **values)

    return make


def put(model: Model, model_dir: Path) -> Path:
    """Pretend that `model` was downloaded and verified."""
    folder = weights.folder_of(model, model_dir)
    folder.mkdir(parents=True)
    name = model.file or "config.json"
    (folder / name).write_text("{}")
    weights.write_marker(folder, {name: model.sha256 or "0"})
    return folder


def test_a_gpu_with_weights_answers_first_in_four_bits(settings: Make, tmp_path: Path) -> None:
    put(GPU_DEFAULT, tmp_path)
    put(EMBEDDED, tmp_path)
    choice = choose(settings(), GPU)
    assert (choice.model, choice.engine, choice.tier, choice.gpu) == (GPU_DEFAULT, "transformers", "gpu", True)
    assert choice.why_not == ""


def test_a_gpu_without_the_hubs_weights_falls_to_the_embedded_ones(settings: Make, tmp_path: Path) -> None:
    put(EMBEDDED, tmp_path)
    choice = choose(settings(), GPU)
    assert (choice.model, choice.tier, choice.gpu) == (EMBEDDED, "embedded", False)


def test_a_cpu_runs_the_embedded_model(settings: Make, tmp_path: Path) -> None:
    folder = put(EMBEDDED, tmp_path)
    choice = choose(settings(), CPU)
    assert (choice.model, choice.engine, choice.weights) == (EMBEDDED, "llama_cpp", folder / EMBEDDED.file)


def test_a_better_cpu_model_that_is_here_wins(settings: Make, tmp_path: Path) -> None:
    put(EMBEDDED, tmp_path)
    home = tmp_path / "bartowski--Llama-3.2-1B-Instruct-GGUF"
    home.mkdir()
    (home / "revision").write_text("a" * 40)
    put(CPU_GGUF, tmp_path)
    assert choose(settings(), CPU).model == CPU_GGUF


def test_no_weights_names_the_script(settings: Make) -> None:
    choice = choose(settings(), CPU)
    assert EMBEDDED.id in choice.why_not
    assert "setup_huggingface.py" in choice.remedy


def test_set_up_fetches_what_the_machine_can_hold() -> None:
    assert best_to_fetch(GPU) == GPU_DEFAULT
    assert best_to_fetch(CPU) == EMBEDDED


@pytest.mark.parametrize(("hardware", "reason"), [
    (CPU, "no NVIDIA GPU"),
    (Hardware((Gpu("GTX 960", 4 * GIB, (5, 2)),), "", 4, GIB, GIB, GIB), "too old"),
    (Hardware((Gpu("MX 150", GIB, (6, 1)),), "", 4, GIB, GIB, GIB), "GPU memory"),
    (Hardware((Gpu("H200", 139 * GIB, (9, 0)),), "torch 2.13.0+cpu is a build without CUDA", 4, GIB, GIB, GIB), "CUDA"),
])
def test_each_model_that_cannot_run_says_why(hardware: Hardware, reason: str) -> None:
    options = {option.model.id: option for option in what_runs_here(hardware)}
    assert reason in options[GPU_DEFAULT.id].why_not
    assert options.keys() == {model.id for model in CATALOGUE}


def test_too_little_memory_is_a_reason(settings: Make, tmp_path: Path) -> None:
    put(EMBEDDED, tmp_path)
    choice = choose(settings(), Hardware((), "", 1, GIB // 4, GIB // 4, GIB))
    assert "GB of memory" in choice.why_not


def test_transformers_on_a_cpu_only_when_it_is_asked_for(settings: Make, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="the GPU stack is not installed")
    put(GPU_DEFAULT, tmp_path)
    choice = choose(settings(local_engine="transformers"), CPU)
    assert (choice.model, choice.gpu, choice.tier) == (GPU_DEFAULT, False, "embedded")
    assert choose(settings(), CPU).why_not


def test_off_is_not_configured(settings: Make) -> None:
    choice = choose(settings(local_engine="off"), CPU)
    assert not choice.configured
    assert "LOCAL_ENGINE" in choice.remedy


def test_a_server_of_ones_own_needs_no_weights(settings: Make) -> None:
    choice = choose(settings(local_base_url="http://127.0.0.1:8001/v1", local_model="big"), CPU)
    assert (choice.engine, choice.tier, choice.why_not) == ("openai_url", "server", "")
    assert choice.model is not None
    assert (choice.model.id, choice.model.languages) == ("big", ())


def test_a_wrong_name_is_a_reason_not_a_crash(settings: Make) -> None:
    assert "hub id" in choose(settings(local_model="../../etc"), CPU).why_not


def test_a_file_a_folder_and_a_hub_id_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    (tmp_path / "config.json").write_text("{}")
    assert (named(str(tmp_path / "m.gguf")).source, named(str(tmp_path / "m.gguf")).engine) == ("path", "llama_cpp")
    assert (named(str(tmp_path)).source, named(str(tmp_path)).engine) == ("path", "transformers")
    assert named("someone/model-GGUF").engine == "llama_cpp"
    assert named("someone/model", "a" * 40) == Model("model", "hub", "transformers", "someone/model",
                                                     revision="a" * 40)
    with pytest.raises(NotReady):
        named(str(tmp_path / "missing.gguf"))


def test_the_base_model_is_only_used_when_it_is_named(settings: Make, tmp_path: Path) -> None:
    put(BASE, tmp_path)
    assert choose(settings(), GPU).model != BASE
    assert choose(settings(local_model="meta-llama/Llama-3.2-1B"), GPU).model == BASE
    assert not BASE.chat


def test_every_row_is_whole_and_pinned_or_named_by_file() -> None:
    assert len({model.id for model in CATALOGUE}) == len(CATALOGUE)
    for model in CATALOGUE:
        assert known(model.id) == known(model.repository) == model
        assert model.engine in ENGINES
        assert model.licence
        assert model.languages
        assert model.download > 0 < model.ram
        assert model.sha256 or model.revision or model.file
