"""What we send to Together, held against the schema that Together publishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chatbot.providers import PROVIDERS
from chatbot.providers.interface import Message
from tests.chatbot.providers.asking import Ask, pointed_at
from tests.loopback import LoopbackProvider

SCHEMA = json.loads((Path(__file__).parents[2] / "data" / "together_chat_request.json").read_text())
UNPUBLISHED = {"stream_options"}
"""Works, but is missing from Together's OpenAPI file."""
CONVERSATION = (Message("system", "Be brief."), Message("user", "Hujambo?"), Message("assistant", "Sijambo."),
                Message("user", "Why iron?"))


@pytest.mark.parametrize("fields", [
    {}, {"messages": CONVERSATION}, {"top_p": 0.9, "seed": 7, "stop": ("END", "\n\n"), "max_tokens": 1},
    {"schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}],
    ids=["plain", "conversation", "all options", "schema"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_every_request_fits_togethers_own_schema(
        upstream: LoopbackProvider, fields: dict[str, Any], stream: bool) -> None:
    Ask(pointed_at(upstream, PROVIDERS["together"]), stream)(**fields)
    body = upstream.requests[0].body
    jsonschema.validate(body, SCHEMA)
    assert set(body) - UNPUBLISHED <= set(SCHEMA["properties"])


def test_the_flat_form_of_response_format_would_not_fit() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}],
            "response_format": {"type": "json_schema", "schema": {"type": "object"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, SCHEMA)
