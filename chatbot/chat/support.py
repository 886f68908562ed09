"""The gate of health answers: a model's text is shown sentence by sentence, each once it is found supported."""

from __future__ import annotations

from chatbot.calling.validity import Gate, TextGate, Withheld, judge
from chatbot.errors import Unsupported
from chatbot.knowledge.support import SENTENCE_END, Passages, sentences
from chatbot.providers.interface import FinishReason


class SupportGate(Gate):
    """Shows an answer sentence by sentence, each once it is found supported.

    An unsupported sentence fails the try (Unsupported) when nothing was shown yet or when `whole` is asked for;
    else the answer ends before it (Withheld).
    """

    def __init__(self, passages: Passages, *, whole: bool) -> None:
        self._passages = passages
        self._whole = whole
        self._plain = TextGate()
        self._text = ""
        self._pending = ""
        self._shown = False

    def feed(self, text: str) -> str:
        self._text += text
        self._pending += self._plain.feed(text)
        parts = list(SENTENCE_END.finditer(self._pending))
        if not parts:
            return ""
        cut = parts[-1].end()
        ready, self._pending = self._pending[:cut], self._pending[cut:]
        return self._checked(ready)

    def end(self, finish_reason: FinishReason | None) -> str:
        judge(self._text, finish_reason)
        rest = self._pending + self._plain.end(finish_reason)
        self._pending = ""
        if finish_reason == "length" and not rest.rstrip().endswith((".", "!", "?")):
            rest = "".join(_whole_sentences(rest))  # the last one was cut at the token limit
        return self._checked(rest)

    def _checked(self, text: str) -> str:
        for sentence in sentences(text):
            if not self._passages.support(sentence):
                if self._shown and not self._whole:
                    raise Withheld
                raise Unsupported("a sentence says what the passages do not")
        self._shown = self._shown or bool(text.strip())
        return text


def _whole_sentences(text: str) -> list[str]:
    ends = list(SENTENCE_END.finditer(text))
    return [text[:ends[-1].end()]] if ends else []
