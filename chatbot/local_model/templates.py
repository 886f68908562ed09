"""How a conversation is written down for a model.

A GGUF's own chat template is a program by whoever packed the file, so it is never run: we look at which known
format it describes and write that format ourselves. The control words of every format begin with `<|`, so
they are broken up in what people write: nobody can close their own turn and open a system turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.local_model.job import Turn

Format = Literal["chatml", "llama3", "completion"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and the strings at which its answer is over."""

    text: str
    stop: tuple[str, ...]


def write_prompt(turns: Sequence[Turn], form: Format) -> Prompt:
    """The whole conversation in one format, ready for the assistant's next words."""
    return FORMATS[form]([Turn(turn.role, defuse(turn.content)) for turn in turns])


def defuse(text: str) -> str:
    """Break the control words of chat formats (`<|im_end|>` becomes `< |im_end|>`), which else would be obeyed."""
    return text.replace("<|", "< |")


def recognise(chat_template: str) -> Format:
    """The known format that a model's own template describes; `completion` when it has none or an unknown one."""
    if "<|im_start|>" in chat_template:
        return "chatml"
    if "<|start_header_id|>" in chat_template:
        return "llama3"
    return "completion"


def _chatml(turns: Sequence[Turn]) -> Prompt:
    """SmolLM2, Qwen: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct (tokenizer_config.json)."""
    lines = [f"<|im_start|>{turn.role}\n{turn.content}<|im_end|>\n" for turn in turns]
    return Prompt("".join(lines) + "<|im_start|>assistant\n", ("<|im_end|>",))


def _llama3(turns: Sequence[Turn]) -> Prompt:
    """Llama 3.x: https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3 (engines add the BOS)."""
    lines = [f"<|start_header_id|>{turn.role}<|end_header_id|>\n\n{turn.content.strip()}<|eot_id|>" for turn in turns]
    return Prompt("".join(lines) + "<|start_header_id|>assistant<|end_header_id|>\n\n", ("<|eot_id|>",))


_EXAMPLE = ("Question: How many days are there in a week?\nAnswer: There are seven days in a week.\n\n"
            "Question: What do plants need to grow?\nAnswer: Plants need water, light and soil.\n\n")


def _completion(turns: Sequence[Turn]) -> Prompt:
    """A base model has never seen a chat: it continues a page of questions and answers instead (few-shot)."""
    labels = {"user": "Question", "assistant": "Answer"}
    intro = "".join(f"{turn.content}\n\n" for turn in turns if turn.role == "system")
    lines = [f"{labels[turn.role]}: {turn.content}\n" for turn in turns if turn.role != "system"]
    return Prompt(intro + _EXAMPLE + "".join(lines) + "Answer:", ("\nQuestion:", "\n\n"))


FORMATS: dict[Format, Callable[[Sequence[Turn]], Prompt]] = {
    "chatml": _chatml, "llama3": _llama3, "completion": _completion}
