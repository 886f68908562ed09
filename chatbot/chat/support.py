"""The gate of health answers: a model's text is shown sentence by sentence, each once it is found supported."""

from __future__ import annotations

from typing import Literal

from chatbot.calling.validity import Gate, TextGate, Withheld, judge
from chatbot.chat.plain_words import has_link_or_markup, without_invisible
from chatbot.chat.prompt import CANARY
from chatbot.chat.refusals import diagnoses
from chatbot.errors import Unsupported
from chatbot.knowledge.readability import is_too_hard
from chatbot.knowledge.support import SENTENCE_END, Passages, sentences
from chatbot.providers.interface import FinishReason


class SupportGate(Gate):
    """Shows an answer sentence by sentence, each once it is found supported.

    An unsupported sentence fails the try (Unsupported) when nothing was shown yet or when `whole` is asked for;
    else the answer ends before it (Withheld). So does a sentence with a link, markup or the prompt's mark.
    A whole English answer above the hardest grade fails too: the card says it in plainer words. A stream is not cut for
    it, since what would be cut may be a list of danger signs.
    """

    def __init__(self, passages: Passages, *, whole: bool, language: Literal["en", "sw"] = "en") -> None:
        self._passages = passages
        self._whole = whole
        self._english = language == "en"
        self._plain = TextGate()
        self._text = ""
        self._pending = ""
        self._shown = False

    def feed(self, text: str) -> str:
        text = without_invisible(text)
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
        if self._whole and self._english and is_too_hard(self._text):
            raise Unsupported("the answer is too hard to read")
        rest = self._pending + self._plain.end(finish_reason)
        self._pending = ""
        if finish_reason == "length" and not rest.rstrip().endswith((".", "!", "?")):
            rest = "".join(_whole_sentences(rest))  # the last one was cut at the token limit
        return self._checked(rest)

    def _checked(self, text: str) -> str:
        for sentence in sentences(text):
            if why := self._why_not(sentence):
                if self._shown and not self._whole:
                    raise Withheld
                raise Unsupported(why)
        self._shown = self._shown or bool(text.strip())
        return text

    def _why_not(self, sentence: str) -> str:
        """Why a sentence is not shown, empty when it is."""
        if CANARY in "".join(filter(str.isalpha, sentence.casefold())):
            return "a sentence repeats the rules"
        if has_link_or_markup(sentence):
            return "a sentence holds a link or markup"
        if not self._passages.support(sentence):
            return "a sentence says what the passages do not"
        if diagnoses(sentence):
            return "a sentence tells a person which illness she has"
        return ""


def _whole_sentences(text: str) -> list[str]:
    ends = list(SENTENCE_END.finditer(text))
    return [text[:ends[-1].end()]] if ends else []
