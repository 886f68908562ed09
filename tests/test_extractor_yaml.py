"""`funza.yaml` in the older shape of document extractors: what each entry becomes, and which mistakes stop it all."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.providers import build_providers
from chatbot.usage.prices import price_book
from config import EX_CONFIG, Settings
from extractor_yaml import as_settings

ROOT = Path(__file__).parent.parent
YAML = """
cloud:
  enabled: true
  fallback_to_local: false
  timeout: 12.5
providers:
  together:
    enabled: true
    api_key_env: SECRET_OF_OURS
    base_url: http://127.0.0.1:9/v1
  openai:
    enabled: false
    api_key_env: OPENAI_API_KEY
  alibaba_cloud:
    enabled: false
models:
  big:
    name: Big
    provider: together
    model_id: meta-llama/big
    cost_per_token: 0.0035
  small:
    provider: together
    model_id: meta-llama/small
  here:
    provider: local
    model_id: solar
strategy: cloud
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "funza.yaml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_OF_OURS", "key-1")
    monkeypatch.setenv("OPENAI_API_KEY", "key-2")
    return Settings()


def test_each_entry_becomes_the_setting_that_means_the_same(settings: Settings) -> None:
    assert (settings.extraction_strategy, settings.cloud_timeout, settings.strategy) == ("cloud", 12.5, "cloud")
    assert settings.together_api_key.get_secret_value() == "key-1"
    assert (settings.together_base_url, settings.together_model) == ("http://127.0.0.1:9", "meta-llama/big")
    assert settings.together_successors == ("meta-llama/small",)
    assert settings.model_prices == {"together/meta-llama/big": Decimal("3.5")}


def test_the_price_of_the_file_is_what_a_call_is_booked_at(settings: Settings) -> None:
    price = price_book(settings).find("together", "meta-llama/big", "together")
    assert price is not None
    assert (price.input, price.output, price.source) == (3_500_000_000, 3_500_000_000, "MODEL_PRICES")


def test_a_provider_that_is_off_is_not_asked_even_with_a_key(settings: Settings) -> None:
    providers = build_providers(settings)
    assert providers["openai"].readiness().state == "not_configured"
    assert "PROVIDERS_OFF" in providers["openai"].readiness().reason
    assert providers["together"].readiness().state == "ready"


def test_clouds_that_are_not_enabled_get_nothing() -> None:
    assert as_settings({"cloud": {"enabled": False, "fallback_to_local": False}}, {}) == {"cloud_policy": "never"}


def test_the_environment_and_a_setting_by_its_own_name_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "funza.yaml").write_text("cloud: {timeout: 5, fallback_to_local: true}\nextraction_strategy: local\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOUD_TIMEOUT", "7")
    settings = Settings()
    assert (settings.cloud_timeout, settings.extraction_strategy) == (7, "local")


@pytest.mark.parametrize(("unit", "cost", "million"), [("1k", 0.0035, "3.5"), ("token", 0.0000035, "3.5"),
                                                      ("million", 3.5, "3.5"), ("1k", 0, "0")])
def test_a_price_is_read_in_the_unit_that_the_file_names(unit: str, cost: float, million: str) -> None:
    models = {"x": {"provider": "openai", "model_id": "m", "cost_per_token": cost, "cost_unit": unit}}
    assert as_settings({"models": models}, {})["model_prices"]["openai/m"] == Decimal(million)


@pytest.mark.parametrize(("data", "named"), [
    ({"cloud": {"enabled": "yes"}}, "cloud.enabled"), ({"cloud": 7}, "cloud"),
    ({"providers": {"acme": {"enabled": True}}}, "providers.acme"), ({"providers": {"openai": 7}}, "providers.openai"),
    ({"providers": {"openai": {"api_key": "sk-hidden"}}}, "providers.openai.api_key"),
    ({"models": {"x": {"provider": "openai"}}}, "models.x"), ({"models": {"x": 7}}, "models.x"),
    ({"models": {"x": {"provider": "openai", "model_id": "m", "cost_per_token": "dear"}}}, "models.x.cost_per_token"),
    ({"models": {"x": {"provider": "openai", "model_id": "m", "cost_per_token": 3.5e-9}}}, "models.x.cost_per_token"),
    ({"models": {"x": {"provider": "openai", "model_id": "m", "cost_per_token": 35}}}, "models.x.cost_per_token"),
    ({"models": {"x": {"provider": "openai", "model_id": "m", "cost_per_token": 1, "cost_unit": "word"}}}, "cost_unit"),
])
def test_a_mistake_is_named_and_no_value_is_told(data: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=r"funza\.yaml") as caught:
        as_settings(data, {})
    assert named in str(caught.value)
    assert "sk-hidden" not in str(caught.value)


def test_a_mistake_stops_the_start_with_one_line_and_exit_code_78(tmp_path: Path) -> None:
    (tmp_path / "funza.yaml").write_text("providers: {acme: {enabled: true}}")
    ended = subprocess.run([sys.executable, ROOT / "run.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                           check=False, env={**os.environ})
    assert ended.returncode == EX_CONFIG
    assert ended.stderr.strip() == ("funza: wrong setting: funza.yaml: providers.acme is no provider here; "
                                    "use gemini, huggingface, openai, together")
