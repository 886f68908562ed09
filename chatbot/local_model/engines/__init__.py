"""The engines by name. An engine's file is imported, and its library with it, only when it is made."""

from __future__ import annotations

from importlib import import_module

from chatbot.local_model.engines.engine import Engine, EngineSettings

ENGINES: dict[str, str] = {
    "llama_cpp": "chatbot.local_model.engines.llama_cpp:LlamaCpp",
    "transformers": "chatbot.local_model.engines.transformers:Transformers",
    "vision": "chatbot.local_model.engines.vision:Vision",
    "openai_url": "chatbot.local_model.engines.openai_url:OpenAIUrl",
}
"""To add an engine: one file here with a subclass of `Engine`, and one row above."""

HOLDS_NO_WEIGHTS = frozenset({"openai_url"})
"""Engines that any number of processes may use at once. The contract test compares it with the classes."""


def engine_class(place: str) -> type[Engine]:
    """The class at `module:Class`, such as a value of ENGINES."""
    module, _, name = place.partition(":")
    engine: type[Engine] = getattr(import_module(module), name)
    return engine


def make_engine(name: str, settings: EngineSettings) -> Engine:
    """A new engine, not loaded yet. Raises KeyError for a name that is not in ENGINES."""
    return engine_class(ENGINES[name])(settings)
