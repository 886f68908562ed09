"""Settings: a wrong one stops the start with one line that names it; a secret is never shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from config import EX_CONFIG, Settings, describe

ROOT = Path(__file__).parent.parent


def _settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("values", "named"), [
    ({"strategy": "magic"}, "STRATEGY"),
    ({"port": 99999}, "PORT"),
    ({"total_timeout": -1}, "TOTAL_TIMEOUT"),
    ({"together_base_url": "ftp://x"}, "TOGETHER_BASE_URL"),
    ({"together_base_url": "https://api.together.xyz/v1"}, "TOGETHER_BASE_URL"),
    ({"local_model_revision": "main"}, "LOCAL_MODEL_REVISION"),
    ({"host": "0.0.0.0"}, "AUTH"),
    ({"auth": "on"}, "SECRET_KEY"),
    ({"auth": "on", "secret_key": " "}, "SECRET_KEY"),
    ({"emergency_numbers": "Ambulance="}, "EMERGENCY_NUMBERS"),
    ({"emergency_numbers": "Ambulance=1"}, "EMERGENCY_NUMBERS_VERIFIED_ON"),
    ({"local_engine": "openai_url"}, "LOCAL_BASE_URL"),
    ({"cloud_retry_attempts": 9}, "CLOUD_RETRY_ATTEMPTS"),
    ({"alt_text_models": "tgi"}, "ALT_TEXT_MODELS"),
    ({"alt_text_languages": "en,fr"}, "ALT_TEXT_LANGUAGES"),
    ({"alt_text_model_revision": "main"}, "ALT_TEXT_MODEL_REVISION"),
    ({"image_endpoint_warm": "always"}, "IMAGE_ENDPOINT_WARM"),
    ({"time_zone": "Nairobi"}, "TIME_ZONE"),
    ({"time_zone": "Africa"}, "TIME_ZONE"),
    ({"time_zone": "../../etc/passwd"}, "TIME_ZONE"),
])
def test_a_wrong_setting_is_named(values: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _settings(**values)
    assert named in describe(caught.value)


def test_a_wrong_setting_stops_the_start_with_one_line_and_exit_code_78(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, ROOT / "run.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                           check=False, env={**os.environ, "STRATEGY": "magic", "TOGETHER_API_KEY": "sk-hidden"})
    assert ended.returncode == EX_CONFIG
    assert ended.stderr.strip().splitlines() == [
        "funza: wrong setting: STRATEGY: Input should be 'local', 'cloud' or 'hybrid'"]


def test_a_key_is_never_in_the_words_of_an_error_or_of_the_settings() -> None:
    settings = _settings(together_api_key="sk-hidden")
    assert "sk-hidden" not in repr(settings) + settings.model_dump_json()
    with pytest.raises(ValidationError) as caught:
        _settings(together_api_key=["sk-hidden"])
    assert "sk-hidden" not in describe(caught.value) + str(caught.value)


def test_lists_and_numbers_are_read_from_plain_text() -> None:
    settings = _settings(chain="openai, together/m", emergency_numbers="Ambulance=1; Clinic=2",
                         emergency_numbers_verified_on="2026-11-01")
    assert settings.chain == ("openai", "together/m")
    assert settings.emergency_numbers == {"Ambulance": "1", "Clinic": "2"}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=1111\nSTRATEGY=local\n")
    (tmp_path / "funza.yaml").write_text("port: 2222\ncloud_policy: never\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "3333")
    settings = Settings()
    assert (settings.port, settings.strategy, settings.cloud_policy) == (3333, "local", "never")


def test_without_any_setting_it_is_safe_on_loopback() -> None:
    settings = _settings()
    assert (settings.host, settings.auth, settings.is_loopback) == ("127.0.0.1", "off", True)
