"""Reads the older shape of `funza.yaml` that document extractors used, into the names of our settings. A leaf.

    cloud: {enabled: true, fallback_to_local: true, timeout: 30}
    providers:
      together: {enabled: true, api_key_env: TOGETHER_API_KEY, base_url: https://api.together.xyz}
    models:
      llama: {provider: together, model_id: meta-llama/Llama-3.3-70B-Instruct-Turbo, cost_per_token: 0.00088}

`cost_per_token` is US dollars for 1,000 tokens, as the programs that wrote such files reckoned, whatever its name says;
`cost_unit: token` or `million` says otherwise. A price outside 0.001 to 1,000 dollars a million tokens is a mistake of
unit and stops the start. A key itself never stands in the file: only the name of the variable that holds it.
`cost_optimization` is read over: the order of providers is that of CHAIN.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

SHAPE = frozenset({"cloud", "providers", "models", "cost_optimization"})
"""Top-level names of the older shape; everything else in the file is a setting by its own name."""
_PROVIDERS = {"together": "together", "together_ai": "together", "togetherai": "together", "openai": "openai",
              "huggingface": "huggingface", "hf": "huggingface", "gemini": "gemini", "google": "gemini"}
_TOKENS = {"token": Decimal(1_000_000), "1k": Decimal(1_000), "million": Decimal(1)}
"""By unit: what its price is multiplied with to make that of a million tokens."""
_LEAST, _MOST = Decimal("0.001"), Decimal(1_000)


def as_settings(data: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file's content with the older shape turned into settings; a setting by its own name wins.

    Raises ValueError, which names the entry and never a value.
    """
    plain = {name: value for name, value in data.items() if name not in SHAPE}
    if len(plain) == len(data):
        return plain
    old = _cloud(_table(data, "cloud"))
    old |= _providers(_table(data, "providers"), environ)
    old |= _models(_table(data, "models"))
    return {**old, **plain}


def _cloud(cloud: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if _switch(cloud, "enabled", "cloud") is False:
        return {"cloud_policy": "never"}
    fallback = _switch(cloud, "fallback_to_local", "cloud")
    if fallback is not None:
        found["extraction_strategy"] = "hybrid" if fallback else "cloud"
    if "timeout" in cloud:
        found["cloud_timeout"] = cloud["timeout"]
    return found


def _providers(providers: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    off: list[str] = []
    for said, entry in providers.items():
        if not isinstance(entry, Mapping):
            raise ValueError(f"funza.yaml: providers.{said} must be a table")
        enabled = _switch(entry, "enabled", f"providers.{said}")
        name = _PROVIDERS.get(str(said).lower())
        if name is None:
            if enabled is False:
                continue
            raise ValueError(f"funza.yaml: providers.{said} is no provider here; use {', '.join(_known())}")
        if enabled is False:
            off.append(name)
        elif "api_key_env" in entry and (key := environ.get(str(entry["api_key_env"]))):
            found[f"{name}_api_key"] = key
        if "api_key" in entry:
            raise ValueError(f"funza.yaml: providers.{said}.api_key: keys belong into the environment (api_key_env)")
        if entry.get("base_url"):
            address = str(entry["base_url"]).rstrip("/")
            found[f"{name}_base_url"] = address.removesuffix("/v1") if name == "together" else address
    return {**found, **({"providers_off": tuple(off)} if off else {})}


def _models(models: Mapping[str, Any]) -> dict[str, Any]:
    """The first model of a provider is asked first, the others are its successors."""
    by_provider: dict[str, list[str]] = {}
    prices: dict[str, Decimal] = {}
    for label, entry in models.items():
        if not isinstance(entry, Mapping):
            raise ValueError(f"funza.yaml: models.{label} must be a table")
        name = _PROVIDERS.get(str(entry.get("provider", "")).lower())
        model = entry.get("model_id")
        if name is None or not isinstance(model, str) or not model:
            if entry.get("provider") in (None, "local"):
                continue  # a model of this machine is set by LOCAL_MODEL
            raise ValueError(f"funza.yaml: models.{label} needs a provider ({', '.join(_known())}) and a model_id")
        by_provider.setdefault(name, []).append(model)
        if "cost_per_token" in entry:
            prices[f"{name}/{model}"] = _price(entry, f"models.{label}.cost_per_token")
    found: dict[str, Any] = {}
    for name, listed in by_provider.items():
        found[f"{name}_model"], found[f"{name}_successors"] = listed[0], tuple(listed[1:])
    return {**found, **({"model_prices": prices} if prices else {})}


def _price(entry: Mapping[str, Any], place: str) -> Decimal:
    """US dollars a million tokens."""
    unit = str(entry.get("cost_unit", "1k")).lower()
    if unit not in _TOKENS:
        raise ValueError(f"funza.yaml: {place}: cost_unit must be token, 1k or million")
    try:
        price = Decimal(str(entry["cost_per_token"])) * _TOKENS[unit]
    except InvalidOperation:
        raise ValueError(f"funza.yaml: {place} must be a number of US dollars") from None
    if not price.is_finite() or (price and not _LEAST <= price <= _MOST):
        raise ValueError(f"funza.yaml: {place} is read as US dollars for 1,000 tokens, which gives no price that a "
                         "model has; say cost_unit: token, 1k or million")
    return price


def _switch(table: Mapping[str, Any], name: str, place: str) -> bool | None:
    value = table.get(name)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"funza.yaml: {place}.{name} must be true or false")
    return value


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name) or {}
    if not isinstance(found, Mapping):
        raise ValueError(f"funza.yaml: {name} must be a table")
    return found


def _known() -> list[str]:
    return sorted(set(_PROVIDERS.values()))
