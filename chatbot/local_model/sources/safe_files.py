"""Which files of a model are ever taken: safetensors, their JSON and the tokenizer's files, or one GGUF.

Never: pickles, `.bin`, Python code, sub-folders; a model whose config asks for code of its own is refused.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from chatbot.errors import NotReady
from chatbot.local_model.catalogue import Model
from chatbot.local_model.sources.failures import Refused
from chatbot.local_model.sources.transfer import Expected

SUFFIXES = (".safetensors", ".gguf", ".json", ".txt", ".model", ".jinja")
COMPANIONS = frozenset({"config.json", "generation_config.json", "model.safetensors.index.json", "tokenizer.json",
                        "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json",
                        "merges.txt", "chat_template.jinja", "chat_template.json", "processor_config.json",
                        "preprocessor_config.json"})
ASKS_FOR_CODE = frozenset({"auto_map", "custom_pipelines"})
"""Keys of a config.json that name Python of the model's own, at whatever depth."""
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")


def why_unsafe(name: str) -> str:
    """Why a file of this name is never taken; empty when it may be."""
    if not _SAFE_NAME.fullmatch(name) or ".." in name:
        return "it is no plain file name (no folders, no `..`, letters, digits, dots, `_` and `-` only)"
    if not name.lower().endswith(SUFFIXES):
        return f"only {', '.join(SUFFIXES)} files are taken: pickles and programs can run code"
    return ""


def wanted(model: Model, files: tuple[Expected, ...]) -> tuple[Expected, ...]:
    """The files to take: the GGUF, or the safetensors and what belongs to them. `config.json` comes first."""
    safe = [file for file in files if _SAFE_NAME.fullmatch(file.name)]
    if model.engine == "llama_cpp":
        return (_one_gguf(model, safe),)
    weights = [file for file in safe if file.name.endswith(".safetensors")]
    rest = [file for file in safe if file.name in COMPANIONS]
    if not weights or "config.json" not in {file.name for file in rest}:
        raise NotReady(f"{model.repository} has no safetensors weights with a config.json{_onnx(files)}.",
                       remedy="Name a model that has them: pickled weights (.bin) are never loaded.")
    return tuple(sorted(rest, key=lambda file: file.name != "config.json")) + tuple(weights)


def _one_gguf(model: Model, files: list[Expected]) -> Expected:
    """The named one, or the only one, or the only one in Q4_K_M."""
    every = [file for file in files if file.name.lower().endswith(".gguf")]
    taken = [file for file in every if file.name == model.file] if model.file else every
    if len(taken) != 1:
        taken = [file for file in taken if file.name.lower().endswith("q4_k_m.gguf")]
    if len(taken) != 1:
        raise NotReady(f"{model.repository} has {len(every)} GGUF files{_onnx(tuple(files))}, and {len(taken)} in "
                       "Q4_K_M; one is needed.",
                       remedy="Download the GGUF file yourself and set LOCAL_MODEL to its path.")
    return taken[0]


def _onnx(files: tuple[Expected, ...]) -> str:
    return " (its ONNX files run in no engine here)" if any(file.name.endswith(".onnx") for file in files) else ""


def refuse_remote_code(config: Path) -> None:
    """Raises Refused when the model wants to run Python of its own, or cannot be read."""
    try:
        facts = json.loads(config.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(f"The model's {config.name} cannot be read.", remedy="Name another model.") from error
    if not isinstance(facts, dict) or (asked := _code_keys(facts)):
        why = f" (code in config: {', '.join(sorted(asked))})" if isinstance(facts, dict) else ""
        raise Refused(f"The model needs code of its own to run, which is never loaded{why}.",
                      remedy="Name a model that transformers supports by itself.")


def _code_keys(facts: Any) -> set[str]:
    parts = [facts]
    found: set[str] = set()
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            found |= ASKS_FOR_CODE & part.keys()
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
    return found
