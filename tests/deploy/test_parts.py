"""The parts of a larger installation do what the workers need of them."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatbot.errors import NotReady, Unreachable
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.engines.openai_url import OpenAIUrl
from chatbot.local_model.job import Ask, End, Job, Turn
from deploy import parts
from tests.chatbot.local_model.tiny_llama import make_tiny_llama
from tests.embedded_weights import embedded_model_dir
from tests.one_core import one_core


@contextmanager
def connected(part: parts.Part, model: str, key: str = "") -> Iterator[OpenAIUrl]:
    engine = OpenAIUrl(EngineSettings(model, base_url=part.address, api_key=key))
    engine.load()
    yield engine
    engine.unload()


def asked(engine: OpenAIUrl) -> End:
    job = Job(Ask((Turn("user", "Say hello."),), max_tokens=8, temperature=0.0))
    engine.generate([job])
    *_, end = job.pieces()
    assert isinstance(end, End)
    return end


def asked_twice_at_the_most(engine: OpenAIUrl) -> End:
    """`transformers serve` loads its model at the first question, and may let go of that one connection."""
    try:
        return asked(engine)
    except Unreachable:
        return asked(engine)


@pytest.mark.slow
def test_transformers_serve_answers_our_engine_also_when_it_cannot_list_its_models(tmp_path: Path) -> None:
    try:
        with parts.transformers_serve(make_tiny_llama(tmp_path / "tiny"), tmp_path, four_bit=False) as part:
            with connected(part, str(tmp_path / "tiny")) as engine:
                assert asked_twice_at_the_most(engine).completion_tokens == 8
            nameless = OpenAIUrl(EngineSettings("default", base_url=part.address))
            with pytest.raises(NotReady) as caught:
                nameless.load()
            assert caught.value.remedy == "Set LOCAL_MODEL to its name."
    except parts.PartMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
def test_the_gguf_server_answers_our_engine_and_nobody_without_the_key(tmp_path: Path) -> None:
    weights = next(embedded_model_dir().rglob("*.gguf"))
    with one_core(), parts.gguf_server(weights, tmp_path, key="k" * 20) as part:
        with connected(part, "default", key="k" * 20) as engine:
            assert asked(engine).completion_tokens > 0
        request = urllib.request.Request(f"{part.address}/chat/completions", json.dumps(
            {"messages": [{"role": "user", "content": "Hi"}]}).encode(), {"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        assert refused.value.code == 401


def test_the_numbers_of_all_workers_are_added_up_and_their_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    settings = {"WEB_CONCURRENCY": "2", "DATABASE_URL": f"sqlite:///{tmp_path}/funza.db", "LOCAL_ENGINE": "off",
                "TMPDIR": str(tmp_path), "AUTH": "off", "REDIS_URL": ""}
    with parts.web(tmp_path, settings) as web:
        def read(path: str) -> str:
            with urllib.request.urlopen(web.address + path, timeout=60) as response:
                return str(response.read().decode())

        for _ in range(30):
            read("/api/v1/providers")
        seen = {re.search(r'funza_http_requests_total\{endpoint="providers\.\w+".*\} (\S+)', read("/metrics"))[1]  # type: ignore[index]
                for _ in range(6)}
        assert list(tmp_path.glob("funza-metrics-*"))
    assert seen == {"30.0"}
    assert not list(tmp_path.glob("funza-metrics-*"))


def test_a_part_that_ends_at_its_start_says_so(tmp_path: Path) -> None:
    settings = {"STRATEGY": "nonsense", "DATABASE_URL": f"sqlite:///{tmp_path}/funza.db"}
    with pytest.raises(parts.PartMissing, match="ended at its start"), parts.web(tmp_path, settings):
        raise AssertionError("it is running")
    assert "STRATEGY" in (tmp_path / "web.log").read_text()


def test_a_missing_program_is_named_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("redis-server") is None
    with pytest.raises(parts.PartMissing, match="apt-get install redis-server"), parts.redis(tmp_path):
        raise AssertionError("it is running")
