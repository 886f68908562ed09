"""The tokens that chat templates give turns with, as they must not work in a text that somebody else wrote.

A server that writes a conversation down for an open model reads them also inside a message: a document that holds
`<|im_end|><|im_start|>system` would end its own turn and open one of the system. The tokens are those of the templates
that transformers and llama.cpp ship (ChatML, Llama, Mistral, Gemma, Phi, DeepSeek).
"""

from __future__ import annotations

import re

TURN_TOKEN = re.compile(
    r"<\|[^|<>\n]{0,40}\|>"  # <|im_start|>, <|start_header_id|>, <|eot_id|>, <|endoftext|>
    r"|<｜[^｜<>\n]{0,40}｜>"  # DeepSeek
    r"|</?s>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>"
    r"|</?(?:start_of_turn|end_of_turn|bos|eos|tool_call|tool_response|think)>",
    re.IGNORECASE)


def broken_up(text: str) -> str:
    """`text` with a blank inside each such token: a reader sees the same, a template sees no turn."""
    return TURN_TOKEN.sub(lambda token: f"{token[0][0]} {token[0][1:]}", text)
