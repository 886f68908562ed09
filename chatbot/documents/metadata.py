"""Metadata out of documents, for programs: an extractor by name, `extract_metadata(text, schema, document_type)`.

    from chatbot.documents.metadata import create_hybrid_extractor

    found = create_hybrid_extractor().extract_metadata(text, document_type="contract")
    found.metadata["amount"], found.evidence["amount"].quote, found.cost_usd

What is asked of a model is metered and redacted as everywhere else; what a model says is returned only where the
document says it too. The app itself goes through `chatbot.hybrid_ai_service`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from chatbot.calling.shared_health import make_health
from chatbot.calls import Calls
from chatbot.database import migrate, open_engine
from chatbot.documents.evidence import Evidence
from chatbot.documents.extraction import Asked, Extraction, order_for, passages_of_text
from chatbot.documents.extractor import Extractor, cost_at_most
from chatbot.documents.tongue import DocumentLanguage
from chatbot.errors import InvalidInput
from chatbot.providers import PROVIDERS, build_providers
from chatbot.providers.interface import ChatRequest, Message
from chatbot.usage.ledger import Ledger
from chatbot.usage.outbox import outbox_beside
from chatbot.usage.price_tables import WrongPrices
from chatbot.usage.prices import price_book
from config import Settings, Strategy

__all__ = ["ExtractionResult", "MetadataExtractor", "WrongPrices", "create_cloud_extractor", "create_hybrid_extractor",
           "estimate_cost", "get_available_models"]

ANSWER_TOKENS = 600
"""Of an answer, in `estimate_cost`: what the named types need at the most is about this."""


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """What a document says."""

    metadata: dict[str, Any]
    """Values by field; None where the document does not say it."""
    evidence: dict[str, Evidence | None]
    reasons: dict[str, str | None]
    """Why a value is None."""
    missing: tuple[str, ...]
    provider: str
    """`curated` when no model answered, and the labels on the page were read."""
    model: str
    processing_time: float
    """Seconds."""
    cost_usd: Decimal | None
    """None when the price is unknown."""
    cost_state: str
    call_ids: tuple[str, ...]
    """In the ledger."""
    notes: tuple[str, ...]


class MetadataExtractor:
    """Extracts with one strategy. Close it when it is no longer needed.

    Args:
        settings: see `config.py`; the ledger is at its DATABASE_URL.
        strategy: local, cloud or hybrid; None: EXTRACTION_STRATEGY.
    """

    def __init__(self, settings: Settings, strategy: Strategy | None = None) -> None:
        self.strategy = strategy
        self._engine = open_engine(settings.database_url)
        migrate(self._engine)
        self._calls = Calls(settings, build_providers(settings),
                            Ledger(self._engine, outbox_beside(self._engine, settings.outbox_dir)),
                            price_book(settings), make_health(settings))
        self._extractor = Extractor(self._calls, self._engine)

    def extract_metadata(self, text: str, schema: Mapping[str, Any] | None = None, document_type: str = "", *,
                         language: DocumentLanguage | None = None) -> ExtractionResult:
        """What `text` says about the fields of `schema` or of a named type. Raises InvalidInput."""
        began = time.monotonic()
        asked = Asked(schema, document_type, language, self.strategy)
        return _result(self._extractor.extract(order_for(passages_of_text(text), asked)), time.monotonic() - began)

    def get_available_models(self) -> dict[str, dict[str, Any]]:
        """Every model that could be asked, by `provider/model`, and whether it can be asked now."""
        return _models(self._calls)

    def estimate_cost(self, text: str, model: str) -> float:
        """US dollars for one extraction from `text` by `provider/model`, at the most. Raises InvalidInput."""
        return _estimate(self._calls, text, model)

    def switch_strategy(self, strategy: Strategy) -> None:
        """Ask local models, clouds or both from now on. Raises InvalidInput."""
        if strategy not in ("local", "cloud", "hybrid"):
            raise InvalidInput("There is no such strategy.", field="strategy", remedy="Use local, cloud or hybrid.")
        self.strategy = strategy

    def close(self) -> None:
        """Free connections and weights."""
        for provider in self._calls.providers.values():
            provider.close()
        self._engine.dispose()


def create_cloud_extractor(provider: str, api_key: str, model: str = "", *,
                           settings: Settings | None = None) -> MetadataExtractor:
    """An extractor that asks one cloud: `together`, `openai`, `huggingface` or `gemini`. Raises InvalidInput.

    Args:
        provider: name of a row of `chatbot.providers.PROVIDERS`.
        api_key: its key; kept in memory only.
        model: asked first; empty: the one of the settings.
        settings: everything else; those of the environment when left out.
    """
    row = PROVIDERS.get(provider.strip().lower())
    if row is None or not row.key_setting or not row.model_setting:
        clouds = [one.name for one in PROVIDERS.values() if one.key_setting and one.model_setting]
        raise InvalidInput("There is no such cloud provider.", field="provider", remedy=f"Use {', '.join(clouds)}.")
    if not api_key.strip():
        raise InvalidInput("The key is empty.", field="api_key", remedy=f"Pass the key of {row.title}.")
    changed: dict[str, Any] = {row.key_setting: SecretStr(api_key), "chain": (row.name,)}
    if model:
        changed[row.model_setting] = model
    return MetadataExtractor((settings or Settings()).model_copy(update=changed), "cloud")


def create_hybrid_extractor(*, strategy: Strategy | None = None, settings: Settings | None = None) -> MetadataExtractor:
    """An extractor that asks as EXTRACTION_STRATEGY says: this machine's model, the clouds, or both in their order."""
    return MetadataExtractor(settings or Settings(), strategy)


def get_available_models(settings: Settings | None = None) -> dict[str, dict[str, Any]]:
    """The models of an installation, as `MetadataExtractor.get_available_models` gives them."""
    extractor = create_hybrid_extractor(settings=settings)
    try:
        return extractor.get_available_models()
    finally:
        extractor.close()


def estimate_cost(text: str, model: str, settings: Settings | None = None) -> float:
    """US dollars, as `MetadataExtractor.estimate_cost` says. Raises InvalidInput."""
    extractor = create_hybrid_extractor(settings=settings)
    try:
        return extractor.estimate_cost(text, model)
    finally:
        extractor.close()


def _result(found: Extraction, seconds: float) -> ExtractionResult:
    return ExtractionResult(
        metadata=found.metadata, evidence={name: one.evidence for name, one in found.values.items()},
        reasons={name: one.reason for name, one in found.values.items()}, missing=found.missing,
        provider=found.provider, model=found.model, processing_time=seconds, cost_usd=found.cost_usd,
        cost_state=found.cost_state, call_ids=found.call_ids, notes=found.notes)


def _models(calls: Calls) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for provider in calls.providers.values():
        ready = provider.readiness()
        for model in provider.models():
            price = calls.prices.find(provider.name, model, provider.price_table)
            found[f"{provider.name}/{model}"] = {
                "name": model, "provider": provider.name, "type": "cloud" if provider.leaves_machine else "local",
                "available": ready.state in ("ready", "loading"), "reason": ready.reason,
                "input_usd_per_million_tokens": None if price is None else price.input / 1e9,
                "output_usd_per_million_tokens": None if price is None else price.output / 1e9}
    return found


def _estimate(calls: Calls, text: str, model: str) -> float:
    name, _, wanted = model.partition("/")
    provider = calls.providers.get(name)
    if provider is None or (wanted and wanted not in provider.models()):
        raise InvalidInput("There is no such model here.", field="model",
                           remedy="Use a name that get_available_models() lists.")
    wanted = wanted or next(iter(provider.models()), "")
    price = calls.prices.find(provider.name, wanted, provider.price_table)
    request = ChatRequest((Message("user", text),), max_tokens=ANSWER_TOKENS)
    cost = cost_at_most(price, provider, wanted, [request], calls.settings.cloud_timeout)
    if cost is None:
        raise InvalidInput("Nobody knows the price of this model.", field="model",
                           remedy="Put it into PRICES_FILE, with its source.")
    return float(cost)
