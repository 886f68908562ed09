from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.engines.llama_cpp import LlamaCpp
from chatbot.local_model.sources import embedded
from tests.chatbot.local_model.tiny_llama import make_tiny_llama
from tests.embedded_weights import embedded_model_dir
from tests.one_core import one_core


@pytest.fixture(autouse=True, scope="module")
def _one_core() -> Iterator[None]:
    with one_core():
        yield


@pytest.fixture(scope="session")
def model_dir() -> Path:
    return embedded_model_dir()


@pytest.fixture(scope="session")
def smollm2_file(model_dir: Path) -> Path:
    return embedded.fetch(model_dir)


@pytest.fixture(scope="session")
def smollm2(smollm2_file: Path) -> Iterator[LlamaCpp]:
    engine = LlamaCpp(EngineSettings("SmolLM2-135M-Instruct", smollm2_file))
    engine.load()
    yield engine
    engine.unload()


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("bitsandbytes", reason="the GPU stack is not installed (pip install -r requirements.txt)")
    return make_tiny_llama(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("bitsandbytes", reason="the GPU stack is not installed (pip install -r requirements.txt)")
    return make_tiny_llama(tmp_path_factory.mktemp("tiny-base"), chat=False)
