"""The index of providers: every row is complete, buildable, and says what it needs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from chatbot.errors import NotReady
from chatbot.providers import PROVIDERS, ProviderRow, build_providers
from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.interface import Cancel
from config import Settings
from tests.chatbot.providers.asking import MODEL, Ask, pointed_at, request_for
from tests.loopback import LoopbackProvider

ROWS = list(PROVIDERS.values())
CLOUD_ROWS = [row for row in ROWS if row.sdk is not None]


def bare_settings(**values: object) -> Settings:
    """Settings of a machine with nothing set."""
    keys = {row.key_setting: "" for row in CLOUD_ROWS}
    return Settings(_env_file=None, **{**keys, "hf_endpoint_url": "", **values})


def test_importing_the_index_imports_no_sdk() -> None:
    slow = ["together", "openai", "httpx", "httpx2", "huggingface_hub", "torch", "transformers", "xllamacpp"]
    code = f"import sys, chatbot.providers; print(*set({slow}) & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_names_settings_that_exist(row: ProviderRow) -> None:
    named = {row.key_setting, row.url_setting, row.model_setting, row.successors_setting} - {""}
    assert named <= set(Settings.model_fields)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_says_where_it_is_described_and_for_whom_it_is(row: ProviderRow) -> None:
    assert row.docs.startswith("https://")
    assert row.title
    assert row.notes.endswith(".")
    assert PROVIDERS[row.name] is row


def test_all_providers_are_built_in_row_order() -> None:
    assert list(build_providers(bare_settings())) == list(PROVIDERS)


@pytest.mark.parametrize("row", CLOUD_ROWS, ids=lambda row: row.name)
def test_a_provider_without_its_key_says_which_variable_to_set(row: ProviderRow) -> None:
    provider = build_providers(bare_settings())[row.name]
    ready = provider.readiness()
    assert ready.state == "not_configured"
    assert (row.url_setting if row.keyless else row.key_setting).upper() in ready.reason
    with pytest.raises(NotReady) as caught:
        list(provider.answer(request_for(row.name), MODEL, Cancel()))
    assert caught.value.remedy == ready.reason


@pytest.mark.parametrize("row", CLOUD_ROWS, ids=lambda row: row.name)
def test_a_provider_with_its_key_is_ready_and_knows_its_models(row: ProviderRow) -> None:
    settings = bare_settings(**{row.key_setting: "k", "hf_endpoint_url": "https://x.endpoints.example/v1"})
    provider = build_providers(settings)[row.name]
    assert provider.readiness().state == "ready"
    assert provider.leaves_machine
    assert provider.models()[0] == (getattr(settings, row.model_setting) if row.model_setting else "tgi")
    assert len(set(provider.models())) == len(provider.models())


@pytest.mark.parametrize("address", ["https://", "https://[::1", "https://exa mple", "https://host:99999"])
def test_an_address_that_is_none_is_not_tried(address: str) -> None:
    provider = ChatCompletionsProvider(PROVIDERS["openai"], key="k", base_url=address, models=(MODEL,))
    assert provider.readiness().state == "not_configured"


def test_a_missing_sdk_is_said_with_its_remedy() -> None:
    row = replace(PROVIDERS["openai"], sdk="no_such_sdk")  # type: ignore[arg-type]
    ready = ChatCompletionsProvider(row, key="k", base_url="https://example.org", models=()).readiness()
    assert ready.state == "unavailable"
    assert "pip install no_such_sdk" in ready.reason


def test_a_new_provider_is_one_row() -> None:
    row = ProviderRow(name="newcomer", title="Newcomer", sdk="openai", docs="https://example.org")
    with LoopbackProvider() as upstream:
        assert Ask(pointed_at(upstream, row), True)().finish.finish_reason == "stop"
