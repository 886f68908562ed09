"""A real provider on the loopback interface, for every test and bench that needs a cloud.

It speaks the chat-completions wire format of Together, OpenAI, the Hugging Face router and Gemini's compatible
endpoint over a real socket, fails in every way of the fault table on request, and keeps its own invoice, so that
a test can hold our ledger against what the provider says it billed.

    with LoopbackProvider() as upstream:
        upstream.will(Status(429, {"retry-after": "2"}), Answer("Iron prevents anaemia."))
        ...  # TOGETHER_BASE_URL=upstream.url, OPENAI_BASE_URL=upstream.url_v1
        assert len(upstream.requests) == 2

By hand: `python -m tests.loopback --port 9100 --behaviour cut_stream`.
"""

from tests.loopback.behaviours import (
    NO_USAGE,
    SCRIPTS,
    Answer,
    Behaviour,
    Body,
    Hang,
    LimitedUntil,
    Reset,
    Status,
    Stream,
    redirect,
    retired_model,
)
from tests.loopback.exchange import Received
from tests.loopback.journal import Journal
from tests.loopback.server import LoopbackProvider

__all__ = ["NO_USAGE", "SCRIPTS", "Answer", "Behaviour", "Body", "Hang", "Journal", "LimitedUntil",
           "LoopbackProvider", "Received", "Reset", "Status", "Stream", "redirect", "retired_model"]
