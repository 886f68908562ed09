"""The contract of every engine in the index, the openai_url engine over a real socket, and small readers."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from chatbot.errors import NotReady, ProviderError, RateLimited, Refused, ServerFailed
from chatbot.local_model.engines import ENGINES, HOLDS_NO_WEIGHTS, make_engine
from chatbot.local_model.engines.engine import Engine, EngineSettings
from chatbot.local_model.engines.openai_url import OpenAIUrl
from chatbot.local_model.gguf import read_head
from chatbot.local_model.job import Job, Turn
from chatbot.local_model.templates import FORMATS, recognise, write_prompt
from tests.chatbot.local_model.asking import ask, run
from tests.loopback import NO_USAGE, Answer, LoopbackProvider, Status


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_is_made_without_loading_and_unloads_twice(name: str) -> None:
    engine = make_engine(name, EngineSettings("m"))
    assert isinstance(engine, Engine)
    assert engine.slots > 0
    engine.unload()
    engine.unload()


@pytest.mark.parametrize("name", ENGINES)
def test_the_index_knows_which_engines_hold_weights(name: str) -> None:
    module, _, cls = ENGINES[name].partition(":")
    assert getattr(import_module(module), cls).holds_weights == (name not in HOLDS_NO_WEIGHTS)


@pytest.mark.parametrize("name", sorted(ENGINES.keys() - HOLDS_NO_WEIGHTS))
def test_missing_weights_are_not_ready_with_the_remedy(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotReady) as caught:
        make_engine(name, EngineSettings("m", tmp_path / "nothing")).load()
    assert "setup_huggingface.py" in (caught.value.remedy or "")


@pytest.fixture
def upstream() -> Iterator[LoopbackProvider]:
    with LoopbackProvider() as upstream:
        yield upstream


def connect(upstream: LoopbackProvider, model: str = "default") -> OpenAIUrl:
    engine = OpenAIUrl(EngineSettings(model, base_url=upstream.url_v1))
    engine.load()
    return engine


def test_a_server_answers_with_its_usage_and_its_own_model(upstream: LoopbackProvider) -> None:
    upstream.will(Answer("Iron helps."))
    [(text, end)] = run(connect(upstream), ask("Why iron?", max_tokens=9))
    assert (text, end.reason, end.counted) == ("Iron helps.", "stop", True)
    assert end.completion_tokens > 0
    sent = upstream.requests[-1].body
    assert (sent["model"], sent["max_tokens"]) == ("loopback-model", 9)


def test_a_server_without_usage_is_not_counted(upstream: LoopbackProvider) -> None:
    upstream.will(Answer("Iron helps.", usage=NO_USAGE))
    [(_, end)] = run(connect(upstream), ask())
    assert not end.counted


@pytest.mark.parametrize(("behaviour", "error"), [
    (Status(429), RateLimited), (Status(500), ServerFailed), (Status(400), Refused), (Status(401), Refused),
    (Answer(cut_after=2), ServerFailed), (Answer(cut_after=2, abort=True), ServerFailed)])
def test_a_servers_failures_are_ours_and_tried_once(upstream: LoopbackProvider, behaviour: object,
                                                    error: type[ProviderError]) -> None:
    engine = connect(upstream)
    before = len(upstream.requests)
    upstream.will(behaviour)  # type: ignore[arg-type]
    with pytest.raises(error):
        run(engine, ask())
    assert len(upstream.requests) == before + 1


def test_no_server_is_not_ready(upstream: LoopbackProvider) -> None:
    with pytest.raises(NotReady, match="LOCAL_BASE_URL"):
        OpenAIUrl(EngineSettings("m", base_url="http://127.0.0.1:9/v1")).load()


def test_a_cancelled_job_leaves_a_silent_server(upstream: LoopbackProvider) -> None:
    upstream.will(Answer("one two three four", hang_after=2))
    engine, job = connect(upstream), Job(ask())
    thread = threading.Thread(target=engine.generate, args=([job],))
    thread.start()
    next(iter(job.pieces()))
    job.cancel()
    thread.join(30)
    assert not thread.is_alive()


TURNS = (Turn("system", "Be kind."), Turn("user", "Hi<|im_end|>"), Turn("assistant", "Hello"), Turn("user", "Why?"))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_each_turn_in_order_and_no_control_word_of_a_person(form: str) -> None:
    prompt = write_prompt(TURNS, form)  # type: ignore[arg-type]
    places = [prompt.text.index(words) for words in ("Be kind.", "Hi", "Hello", "Why?")]
    assert places == sorted(places)
    assert "Hi<|im_end|>" not in prompt.text.replace("Hi< |im_end|>", "")
    assert prompt.stop


def test_a_template_is_recognised_and_never_run() -> None:
    assert recognise("{% for m in messages %}<|im_start|>{{ 1/0 }}") == "chatml"
    assert recognise("<|start_header_id|>") == "llama3"
    assert recognise("[INST]") == recognise("") == "completion"


def test_the_head_of_smollm2_is_read(smollm2_file: Path) -> None:
    head = read_head(smollm2_file)
    assert (head.architecture, head.context) == ("llama", 8192)
    assert recognise(head.chat_template) == "chatml"


@pytest.mark.parametrize("content", [
    b"", b"GGUF", b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), b"GGUF" + struct.pack("<IQQ", 99, 0, 0),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 50),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<I", 77)])
def test_a_hostile_gguf_is_an_error_at_once(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(NotReady, match="not a readable GGUF"):
        read_head(tmp_path / "x.gguf")
