"""What one row of `PROVIDERS` says: a provider is data first, and code only where its protocol needs code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Sdk = Literal["together", "openai"]
Schema = dict[str, Any]


def json_schema_envelope(schema: Schema) -> dict[str, Any]:
    """OpenAI's form of `response_format`. The name is required: letters, digits, `_` and `-`, at most 64."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider. The `*_setting` fields name fields of `config.Settings`; empty means there is none."""

    name: str
    """Its id in `CHAIN`, in the ledger and in `provider/model`."""
    title: str
    """Its name for people."""
    sdk: Sdk | None
    """The SDK that drives it, or None for the model on this machine."""
    docs: str
    """Where its API is described."""
    key_setting: str = ""
    url_setting: str = ""
    model_setting: str = ""
    successors_setting: str = ""
    default_models: tuple[str, ...] = ()
    """Models to ask for when no setting names one."""
    keyless: bool = False
    """Whether an address alone makes it usable."""
    sleeps: bool = False
    """Whether its 503 means that it sleeps and has begun to wake: nobody waits for that."""
    prices: str = ""
    """Its provider id in genai-prices; empty when it is not billed by the token."""
    billed_by_hour: bool = False
    """Whether it costs by the time it runs, however many tokens it reads and writes."""
    max_tokens_field: str = "max_tokens"
    unsupported: frozenset[str] = frozenset()
    """Request fields it answers 400 to: they are left out."""
    response_format: Callable[[Schema], dict[str, Any]] = json_schema_envelope
    """How it wants a JSON Schema (structured output)."""
    sees: tuple[str, ...] = ()
    """Patterns (`fnmatch`) of its models that take pictures. ALT_TEXT_MODELS may name others."""
    picture_tokens: Callable[[str, int, int], int] | None = None
    """Tokens that a picture counts as, from model, width and height in pixels; None: see `Provider.count_picture`."""
    notes: str = ""
    """What a person choosing it should know, in one sentence."""

    @property
    def leaves_machine(self) -> bool:
        """Whether what it is asked leaves this machine."""
        return self.sdk is not None
