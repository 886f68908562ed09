"""The front door: the names other people's code imports, and what they get."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatbot import hybrid_ai_service as door
from chatbot.errors import InvalidInput
from chatbot.hybrid_ai_service import HybridAIService
from chatbot.providers.interface import Message
from tests.house import make_engine, make_settings
from tests.scripted import Scripted, answer

ROOT = Path(__file__).parent.parent.parent
HELLO = (Message("user", "Say hello to me please."),)


@pytest.fixture
def service(tmp_path: Path) -> HybridAIService:
    settings = make_settings(tmp_path)
    local = Scripted("local", answer("Hello from this machine."), cloud=False, last_resort=True)
    together = Scripted("together", answer("Hello from the cloud."))
    made = HybridAIService(settings, make_engine(settings), {"local": local, "together": together})
    door.use_service(made)
    return made


@pytest.mark.parametrize(("preferred", "who"), [("huggingface", "local"), ("together", "together"), (None, "together")])
def test_the_preferred_provider_is_asked_first(service: HybridAIService, preferred: str | None, who: str) -> None:
    assert door.get_hybrid_service(preferred).complete(HELLO).provider == who  # type: ignore[arg-type]


def test_whoever_is_preferred_the_process_has_one_ledger_and_one_memory(service: HybridAIService) -> None:
    twin = door.get_hybrid_service("huggingface")
    assert twin.calls.ledger is service.calls.ledger
    assert twin.calls.health is service.calls.health


def test_get_chatbot_response_is_the_text_of_an_answer(service: HybridAIService) -> None:
    assert "nearest" in door.get_chatbot_response("I am pregnant and bleeding heavily")


@pytest.mark.parametrize("ask", [
    door.get_chatbot_response_preconception, door.get_chatbot_response_prenatal, door.get_chatbot_response_birth,
    door.get_chatbot_response_postnatal])
def test_the_old_names_give_quiz_questions_in_the_old_shape(service: HybridAIService, ask) -> None:  # type: ignore[no-untyped-def]
    questions = ask(user_id="42")
    assert len(questions) == 10
    for question in questions:
        assert set(question) == {"question", "options", "answer", "correctReason", "incorrectReason"}
        assert question["answer"] in question["options"]


def test_an_unknown_stage_is_named_with_the_stages_there_are(service: HybridAIService) -> None:
    with pytest.raises(InvalidInput) as caught:
        service.generate_quiz_questions("teenage")
    assert caught.value.field == "stage"
    assert "antenatal" in (caught.value.remedy or "")


def test_the_status_of_each_provider_says_its_price_or_that_nobody_knows_it(service: HybridAIService) -> None:
    status = {one["name"]: one for one in service.get_provider_status()}
    assert status["together"]["models"][0]["price_input_usd_per_mtok"] == 2.0
    assert status["together"]["models"][0]["breaker"] == "closed"
    assert service.who_would_answer() == "together/m1"


HEAVY = ("torch", "transformers", "accelerate", "bitsandbytes", "together", "openai", "huggingface_hub", "xllamacpp",
         "PIL", "numpy", "huey", "httpx", "httpx2")


def test_starting_the_app_imports_no_torch_and_no_vendor_sdk(tmp_path: Path) -> None:
    code = ("import sys; from run import create_app; from config import Settings;"
            f"create_app(Settings(_env_file=None, database_url='sqlite:///{tmp_path}/x.db', model_dir='{tmp_path}',"
            "together_api_key='x', openai_api_key='x'));"
            f"print([name for name in {HEAVY!r} if name in sys.modules])")
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.stderr.strip(), ended.stdout.strip()) == ("", "[]")


def test_no_hub_code_is_ever_trusted_and_no_debug_server_is_ever_started() -> None:
    sources = [path for folder in ("chatbot", "routes") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(path.read_text() for path in [*sources, ROOT / "run.py", ROOT / "setup_huggingface.py"])
    assert "trust_remote_code=True" not in text
    assert "debug=True" not in text
