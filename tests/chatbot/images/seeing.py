"""Calls with providers that see, at a loopback provider; and what models write about a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chatbot.calling.health import Health
from chatbot.calls import Calls
from chatbot.images.alt.alt_text import AltText, AltTextOrder, AltTextReply
from chatbot.images.alt.draft import Wanted
from chatbot.images.faces import People, may_leave
from chatbot.images.picture import read_picture
from chatbot.providers import build_providers
from chatbot.usage.ledger import Ledger
from chatbot.usage.prices import PriceBook
from tests.chatbot.images.good_pictures import telling
from tests.house import make_engine, make_settings
from tests.loopback import LoopbackProvider

GOOD = "A teal box stands beside the words “Wash your hands”."


def said(alt_text: str = GOOD, text: str = "Wash your hands", long: str = "", *, decorative: bool = False) -> str:
    return json.dumps(
        {"decorative": decorative, "text_in_picture": text, "alt_text": alt_text, "long_description": long})


def clouds(first: LoopbackProvider, second: LoopbackProvider | None = None) -> dict[str, Any]:
    """OpenAI at `first`, and Gemini at `second`."""
    found = {"openai_api_key": "k", "openai_base_url": first.url_v1, "openai_successors": "",
             "first_token_timeout": 20, "idle_timeout": 20, "total_timeout": 60}
    return found | ({"gemini_api_key": "k", "gemini_base_url": second.url_v1} if second else {})


def calls_with(folder: Path, **settings: Any) -> Calls:
    made = make_settings(folder, **{"strategy": "hybrid", **settings})
    return Calls(made, build_providers(made), Ledger(make_engine(made)), PriceBook(made.prices_file), Health())


def asked(people: People = "none", data: bytes | None = None, **wanted: Any) -> AltTextOrder:
    picture = read_picture(telling() if data is None else data, may_leave=may_leave(people))
    return AltTextOrder(picture, Wanted(people=people, **wanted))


def write(calls: Calls, order: AltTextOrder | None = None) -> AltTextReply:
    return AltText(calls).write(order or asked())
