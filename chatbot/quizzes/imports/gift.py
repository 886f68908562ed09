r"""GIFT (https://docs.moodle.org/en/GIFT_format), read as Moodle reads it (question/format/gift/format.php).

Escaped characters become noncharacters first, so that what is left of `~ = # { } :` is structure; every step after that
cuts at such a character, and none looks back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.quizzes.exports.gift import ESCAPES
from chatbot.quizzes.exports.plain_text import writable
from chatbot.quizzes.imports.html_text import HasPicture, text_of
from chatbot.quizzes.imports.interface import Import, Question, Skipped

_HIDDEN = {escape: chr(0xFDD0 + at) for at, escape in enumerate(ESCAPES.values())}
"""Escape -> a noncharacter, which `writable` has taken out of the text before."""
_SHOWN = str.maketrans({hidden: char for char, hidden in zip(ESCAPES, _HIDDEN.values(), strict=True)})
_ESCAPE = re.compile(r"\\[\\~=#{}:n]")
_FORMAT = re.compile(r"\[(html|plain|moodle|markdown)\]")
_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d{1,5})?)%")
_SIGN = re.compile(r"[=~]")
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class Gift(Import):
    """Questions are paragraphs; `//` begins a comment line."""

    name = "gift"
    title = "GIFT"

    def read(self, text: str) -> Iterator[Question | Skipped]:
        """Multiple choice; each other kind of question is skipped by its name."""
        for number, (line, block) in enumerate(_blocks(text), 1):
            place = f"question {number} (line {line})"
            try:
                yield _question(place, _ESCAPE.sub(lambda escape: _HIDDEN[escape[0]], block))
            except _Other as other:
                yield Skipped(place, str(other))
            except HasPicture:
                yield Skipped(place, "It needs a picture.")


class _Other(Exception):
    """The question is of another kind; its words are the reason."""


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """(line it begins on, text) of every paragraph, without comments and categories."""
    line = 1 + text[:len(text) - len(text.lstrip())].count("\n")
    for paragraph in re.split(f"({_BLANK.pattern})", writable(text)):
        kept = [one for one in paragraph.split("\n") if not one.lstrip().startswith(("//", "$CATEGORY:"))]
        if any(one.strip() for one in kept):
            yield line, "\n".join(kept).strip()
        line += paragraph.count("\n")


def _question(place: str, block: str) -> Question:
    if block.startswith("::"):
        _, _, block = block[2:].partition("::")
    before, opened, rest = block.partition("{")
    inside, closed, after = rest.partition("}")
    if not opened or not closed:
        raise _Other("It has no answers in braces.")
    choices = inside.partition("####")[0].strip()
    _raise_if_other(choices)
    form, stem = _form(before.strip())
    if after.strip():
        stem = f"{stem.rstrip()} _____ {after.strip()}"
    starts = [sign.start() for sign in _SIGN.finditer(choices)]
    signs, options, whys = [], [], []
    for start, end in zip(starts, [*starts[1:], len(choices)], strict=True):
        answer, _, why = choices[start + 1:end].partition("#")
        answer = answer.strip()
        if weight := _WEIGHT.match(answer):
            if float(weight[1]) > 0:
                raise _Other("It gives marks for more than one answer, or part marks.")
            answer = answer[weight.end():]
        signs.append(choices[start])
        options.append(_said(answer, form))
        whys.append(_said(why.strip(), form))
    keys = tuple(at for at, sign in enumerate(signs) if sign == "=")
    return Question(place, _shown(stem, form), tuple(options), keys, tuple(whys))


def _raise_if_other(choices: str) -> None:
    if "~" in choices:
        return
    if not choices:
        raise _Other("It is an essay, not multiple choice.")
    if choices.startswith("#"):
        raise _Other("It is numerical, not multiple choice.")
    if "=" in choices:
        raise _Other("It is matching, not multiple choice." if "->" in choices
                     else "It is a short answer, not multiple choice.")
    raise _Other("It is true or false, not multiple choice.")


def _form(text: str) -> tuple[str, str]:
    """(format, text after it); a text that names none is plain."""
    form = _FORMAT.match(text)
    return (form[1], text[form.end():]) if form else ("plain", text)


def _said(text: str, form: str) -> str:
    """What a text says, its own format first."""
    named = _FORMAT.match(text)
    return _shown(text[named.end():], named[1]) if named else _shown(text, form)


def _shown(text: str, form: str) -> str:
    shown = text.strip().translate(_SHOWN)
    if form != "html":
        return shown
    try:
        return text_of(shown)
    except ValueError:
        raise _Other("Its HTML is too long.") from None
