"""What is not drawn here, decided by words before anybody is asked: rules as data in `prompt_safety.toml`.

Words are not understanding. The rules stop what is asked for plainly, and err towards refusing; a person still looks at
each picture before it stands in a lesson.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from chatbot.images.alt.draft import visible
from chatbot.images.lessons.errors import PromptRefused
from chatbot.knowledge.cards import Language
from chatbot.privacy.redaction.finders import find
from chatbot.privacy.redaction.reading import Reading

_FILE = Path(__file__).with_name("prompt_safety.toml")
_DIGITS_FOR_LETTERS = str.maketrans("013457@$", "oieastas")
_SPELLED_OUT = re.compile(r"(?<!\w)(?:\w[ .\-_*]){3,}\w(?!\w)")
"""Letters set apart: `n a k e d`."""
_DOSE = re.compile(
    r"\d[\d.,]*\s*(?:mg|mcg|µg|μg|ml|milligrams?|micrograms?|iu|tablets?|pills?|capsules?|drops?|doses?)\b"
    r"|\b(?:one|two|three|four|half)\s+(?:tablets?|pills?|capsules?|doses?)\b"
    r"|\b(?:tembe|vidonge|kidonge|matone|dozi)\s+(?:\d+|moja|mbili|viwili|vitatu|nusu)\b", re.IGNORECASE)
_PICTURED = re.compile(
    r"\b(?:photos?|photographs?|pictures?|portraits?|paintings?|images?|drawings?|sketch|statue|picha|mchoro|sura)\s+"
    r"(?:of|ya|za|wa)\s+(?:[A-Z][\w'’]+)(?:\s+[A-Z][\w'’]+)+")
"""A portrait of two words in capitals is that of a person (`picha ya Lupita Nyong'o`)."""
_NO_PEOPLE = re.compile(r"\b(?:Mount|Lake|Mt|River|County|Valley|World|Week|Day|Health|Hospital|Clinic|School|Kenya)\b")


class Says(BaseModel):
    """Words for a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    sw: str

    def in_(self, language: Language) -> str:
        return self.sw if language == "sw" else self.en


class Rule(BaseModel):
    """One rule, as the head of the file says."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    id: str
    says: Says
    remedy: Says
    any: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    finds: tuple[Literal["names", "doses"], ...] = ()
    edits: bool = False
    refuses: tuple[str, ...]
    allows: tuple[str, ...]
    beside: tuple[str, ...] = ()
    """`with` in the file."""

    def is_broken_by(self, prompt: Prompt) -> bool:
        """Whether the prompt asks for what this rule forbids."""
        if any(_FINDERS[name](prompt.typed) for name in self.finds):
            return True
        return any(self._in(text) for text in (prompt.plain, prompt.spelled))

    def _in(self, text: str) -> bool:
        text = _pattern(self.ignored).sub(" ", text) if self.ignored else text
        if not _pattern(self.any).search(text):
            return False
        if self.beside and not _pattern(self.beside).search(text):
            return False
        return not (self.unless and _pattern(self.unless).search(text))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt read in three ways."""

    typed: str
    """As it was typed, without what nobody can see."""
    plain: str
    """In small letters, without accents."""
    spelled: str
    """The same, with digits that stand for letters, and letters that were set apart, put right."""

    @classmethod
    def of(cls, text: str) -> Prompt:
        typed = visible(unicodedata.normalize("NFKC", text))
        folded = unicodedata.normalize("NFD", typed.casefold())
        plain = "".join(char for char in folded if not unicodedata.combining(char))
        joined = _SPELLED_OUT.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), plain)
        return cls(typed, plain, re.sub(r"[@$\w]*[a-z][@$\w]*", _as_letters, joined))


def check_prompt(text: str, language: Language = "en", *, real_people: bool = False) -> None:
    """Raise PromptRefused, which names the rule and what to do, for a prompt that is not drawn here.

    Args:
        text: the prompt. What must not be on the picture (the negative prompt) is not checked.
        language: of the refusal's words.
        real_people: whether a picture is to be changed that may show a real person.
    """
    prompt = Prompt.of(text)
    for rule in rules():
        if (real_people or not rule.edits) and rule.is_broken_by(prompt):
            raise PromptRefused(f"{rule.says.in_(language)} (rule: {rule.id})", field="prompt",
                                remedy=rule.remedy.in_(language))


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the file."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(Rule(beside=tuple(one.pop("with", ())), **one) for one in table["rule"])


def _as_letters(match: re.Match[str]) -> str:
    return match.group().translate(_DIGITS_FOR_LETTERS)


def _names_somebody(text: str) -> bool:
    if any(found.kind == "name" for found in find(Reading(text))):
        return True
    return any(not _NO_PEOPLE.search(match.group()) for match in _PICTURED.finditer(text))


_FINDERS: dict[str, Callable[[str], object]] = {"names": _names_somebody, "doses": _DOSE.search}


@cache
def _pattern(entries: tuple[str, ...]) -> re.Pattern[str]:
    """Finds any of these, whole words only."""
    longest_first = sorted(entries, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(_as_pattern, longest_first))})(?!\w)")


def _as_pattern(entry: str) -> str:
    return re.escape(entry).replace(r"\*", r"\w*").replace(r"\ ", r"\s+")
