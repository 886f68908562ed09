"""Asks, settings, ends and errors as JSON, and back."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot import errors
from chatbot.errors import FunzaError, ProviderError, ServerFailed
from chatbot.local_model.child.wire import Message
from chatbot.local_model.engines.engine import EngineSettings
from chatbot.local_model.job import Ask, End, Turn

_KNOWN: dict[str, type[ProviderError]] = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, ProviderError)}


def ask_to_json(ask: Ask) -> Message:
    """Pictures as base64."""
    facts = asdict(ask)
    for turn in facts["turns"]:
        if turn["picture"] is not None:
            turn["picture"] = base64.b64encode(turn["picture"]).decode("ascii")
    return facts


def ask_from_json(facts: Message) -> Ask:
    turns = tuple(Turn(**{**turn, "picture": turn["picture"] and base64.b64decode(turn["picture"])})
                  for turn in facts["turns"])
    return Ask(**{**facts, "turns": turns, "stop": tuple(facts["stop"])})


def settings_to_json(settings: EngineSettings) -> Message:
    """Without address and key: an engine that speaks to a server needs no child."""
    return {"model": settings.model, "path": str(settings.path.absolute()) if settings.path else None,
            "context": settings.context, "gpu": settings.gpu, "four_bit": settings.four_bit}


def settings_from_json(facts: Message) -> EngineSettings:
    return EngineSettings(**{**facts, "path": Path(facts["path"]) if facts["path"] else None})


def end_to_json(end: End) -> Message:
    return asdict(end)


def end_from_json(facts: Message) -> End:
    return End(**facts)


def error_to_json(error: FunzaError) -> Message:
    facts: dict[str, Any] = {"class": type(error).__name__, "detail": error.detail, "remedy": error.remedy}
    if isinstance(error, ProviderError):
        facts |= {"retry_after": error.retry_after, "status": error.status, "ends": error.ends}
    return facts


def error_from_json(facts: Message) -> ProviderError:
    """The same class with the same words; ServerFailed for one that is not of `ProviderError`'s tree."""
    kind = _KNOWN.get(facts["class"], ServerFailed)
    return kind(facts["detail"], remedy=facts["remedy"], retry_after=facts.get("retry_after"),
                status=facts.get("status"), ends=facts.get("ends"))
