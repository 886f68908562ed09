"""The index of providers: to add one that speaks chat completions, add a row here and its settings to `config.py`.

Contract tests run over the rows, and the README's table is generated from them. Importing this imports no SDK.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from chatbot.providers.chat_completions import ChatCompletionsProvider
from chatbot.providers.interface import Provider
from chatbot.providers.picture_tokens import gemini_tokens, openai_tokens, together_tokens
from chatbot.providers.row import ProviderRow, json_schema_envelope

if TYPE_CHECKING:
    from config import Settings

__all__ = ["PROVIDERS", "ProviderRow", "build_providers"]

_ROWS = (
    ProviderRow(
        name="local", title="This machine", sdk=None, keyless=True, model_setting="local_model",
        docs="https://huggingface.co/docs/transformers",
        notes="Nothing leaves the machine; weights are the hub's or the small embedded ones."),
    ProviderRow(
        name="local_eyes", title="This machine's eyes", sdk=None, keyless=True, model_setting="alt_text_model",
        docs="https://huggingface.co/docs/transformers/tasks/image_text_to_text", sees=("*",),
        notes="Only looks at pictures; the only one that may see a picture with people on it."),
    ProviderRow(
        name="together", title="Together", sdk="together", prices="together",
        key_setting="together_api_key", url_setting="together_base_url", model_setting="together_model",
        successors_setting="together_successors", docs="https://docs.together.ai/reference/chat-completions",
        # The envelope, not the flat `{type, schema}`: Together's OpenAPI file requires `[type, json_schema]` in
        # ResponseFormatJsonSchema and `[name]` in its `json_schema` (github.com/togethercomputer/openapi, 2.0.0).
        response_format=json_schema_envelope,
        sees=("*-Vision-*", "*-VL-*", "meta-llama/Llama-4-*"), picture_tokens=together_tokens,
        notes="The 405B model and its successors; a retired model is answered with 400 model_not_available."),
    ProviderRow(
        name="openai", title="OpenAI", sdk="openai", prices="openai",
        key_setting="openai_api_key", url_setting="openai_base_url", model_setting="openai_model",
        successors_setting="openai_successors", docs="https://platform.openai.com/docs/api-reference/chat",
        max_tokens_field="max_completion_tokens",  # `max_tokens` is deprecated and refused by the reasoning models
        sees=("gpt-4.1*", "gpt-4o*", "gpt-5*", "o3*", "o4*"), picture_tokens=openai_tokens,
        notes="Any model that answers on chat completions."),
    ProviderRow(
        name="huggingface", title="Hugging Face router", sdk="openai", prices="huggingface",
        key_setting="huggingface_api_key", url_setting="huggingface_base_url", model_setting="huggingface_model",
        successors_setting="huggingface_successors", docs="https://huggingface.co/docs/inference-providers",
        sees=("*-Vision-*", "*-VL-*", "meta-llama/Llama-4-*"),
        notes="`model:provider` pins who serves the model, and so its price."),
    ProviderRow(
        name="gemini", title="Google Gemini", sdk="openai", prices="google",
        key_setting="gemini_api_key", url_setting="gemini_base_url", model_setting="gemini_model",
        successors_setting="gemini_successors", docs="https://ai.google.dev/gemini-api/docs/openai",
        unsupported=frozenset({"seed"}),  # `Unknown name "seed"`, 400: github.com/Vali-98/ChatterUI/issues/227
        sees=("gemini-*",), picture_tokens=gemini_tokens,
        notes="Through its OpenAI-compatible endpoint."),
    ProviderRow(
        name="hf_endpoint", title="Hugging Face Endpoint", sdk="openai", keyless=True, billed_by_hour=True,
        sleeps=True,
        key_setting="hf_endpoint_token", url_setting="hf_endpoint_url",
        default_models=("tgi",),  # an endpoint serves one model, whatever it is called; its own examples say "tgi"
        docs="https://huggingface.co/docs/inference-endpoints",
        # X-Scale-Up-Timeout, which makes the proxy hold a request while a sleeping endpoint wakes, is not sent:
        # its 503 sends the learner's question to the next provider at once.
        notes="A dedicated endpoint of yours, billed by the hour; it may sleep, and then answers 503 while it wakes."),
)

PROVIDERS: MappingProxyType[str, ProviderRow] = MappingProxyType({row.name: row for row in _ROWS})
"""Every provider by its id, in the order of the README."""


def build_providers(settings: Settings) -> dict[str, Provider]:
    """A provider for each row, in row order. One without its key is there too, and its `readiness` names the remedy."""
    return {row.name: _build(row, settings) for row in PROVIDERS.values()}


def _build(row: ProviderRow, settings: Settings) -> Provider:
    if row.sdk is None:
        from chatbot.providers.local import LocalProvider
        from chatbot.providers.local_eyes import LocalEyes

        return (LocalEyes if row.name == LocalEyes.name else LocalProvider)(settings)
    return ChatCompletionsProvider(
        row,
        key=getattr(settings, row.key_setting).get_secret_value() if row.key_setting else "",
        base_url=getattr(settings, row.url_setting), off=row.name in settings.providers_off,
        models=_models(row, settings),
        seeing=tuple(name.partition("/")[2] for name in settings.alt_text_models
                     if name.partition("/")[0] == row.name))


def _models(row: ProviderRow, settings: Settings) -> tuple[str, ...]:
    named = (getattr(settings, row.model_setting),) if row.model_setting else row.default_models
    successors = getattr(settings, row.successors_setting) if row.successors_setting else ()
    return tuple(dict.fromkeys(model for model in (*named, *successors) if model))
