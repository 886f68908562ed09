"""Is a distractor true after all? It is when the source says it, as an answer to this stem.

A distractor may well stand in the source and be wrong: the second dose's date in a question about the first. So the
words must stand there together, with the same yes or no, and in a clause that is about the stem at least as much as the
key's own clause is; a bare member of the list that the key comes from counts without that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from chatbot.knowledge.support import sentences
from chatbot.quizzes.lint.meaning import clauses, denies, missing, shared, words
from chatbot.quizzes.lint.rule import Flaw, Judged
from chatbot.quizzes.numerals import in_digits

_LIMITS = re.compile(
    r"\b(?:only|just|alone|nothing|always|never|all|none|exactly|most|least|more|less|fewer|before|after"
    r"|tu|pekee|peke|zote|wote|yote|vyote|daima|kamwe|kabisa|angalau|zaidi|kabla|baada)\b")
"""Words that make a true thing false: each must stand in the source as well."""
_MEMBERS = re.compile(r"\s*(?:[,;:()&]|\b(?:and|or|plus|but|while|pamoja na|na|au|lakini)\b)\s*")
_CONTINUES = re.compile(
    r"(?:others?|another|also|they|it|these|this|nyingine|pia|vilevile|zingine|mengine|wengine|hizi|hii)\b",
    re.IGNORECASE)


def distractor_supported(judged: Judged) -> Iterator[Flaw]:
    groups = _groups(judged.evidence)
    for place, option in judged.distractors:
        if any(_answers(option, group, groups, judged) for group in groups):
            yield Flaw(f"options.{place}", f"“{option}”")


def _groups(text: str) -> tuple[str, ...]:
    """Sentences, each with those that go on with its list (`Others are ...`)."""
    groups: list[str] = []
    for sentence in sentences(text):
        if groups and _CONTINUES.match(sentence):
            groups[-1] += " " + sentence
        else:
            groups.append(sentence)
    return tuple(groups)


def _answers(option: str, group: str, groups: Sequence[str], judged: Judged) -> bool:
    parts = [part for part in map(words, _members(option)) if part]
    if not parts or missing(words(option), words(group)):
        return False
    if not set(_LIMITS.findall(in_digits(option))) <= set(_LIMITS.findall(in_digits(group))):
        return False
    holders = [_holder(part, group) for part in parts]
    if not all(holders) or any(denies(option) != _denied(holder, group) for holder in holders):
        return False
    about = [word for word in words(judged.item.stem) if missing([word], [*words(option), *words(judged.key)])]
    key_group = max(groups, key=lambda one: shared(words(judged.key), words(one)))
    if group != key_group:
        return 0 < shared(about, words(group)) >= shared(about, words(key_group))
    key_parts = (part for part in map(words, _members(judged.key)) if part)
    key_holder = next((found for part in key_parts if (found := _holder(part, group))), group)
    return all(_no_less_about(about, part, holder, key_holder) for part, holder in zip(parts, holders, strict=True))


def _no_less_about(about: Sequence[str], part: Sequence[str], holder: str, key_holder: str) -> bool:
    around = missing(words(holder), part)
    return not around or shared(about, words(holder)) >= shared(about, words(key_holder))


@lru_cache(maxsize=2048)
def _members(text: str) -> tuple[str, ...]:
    """The members of a list, or the one thing that a text says."""
    return tuple(member for member in _MEMBERS.split(in_digits(text)) if member)


def _holder(part: Sequence[str], group: str) -> str:
    """The member of the group that says `part` without another word between; the whole clause where none does."""
    for text in (*_members(group), *clauses(group)):
        if _holds(words(text), part):
            return text
    return _shared_head(part, group)


def _holds(said: Sequence[str], part: Sequence[str]) -> bool:
    """Whether the words stand in this order, side by side."""
    return any(all(not missing([one], [other]) for one, other in zip(part, said[start:], strict=False))
               for start in range(len(said) - len(part) + 1))


def _shared_head(part: Sequence[str], group: str) -> str:
    """A later member that shares the head of the first: `eat it raw or with salt` holds `eat it with salt`."""
    for clause in clauses(group):
        members = _members(clause)
        head = words(members[0]) if members else ()
        for member in members[1:]:
            if any(_holds(words(member), part[cut:]) and not missing(part[:cut], head[:cut])
                   for cut in range(1, min(len(part), len(head) + 1))):
                return member
    return ""


def _denied(holder: str, group: str) -> bool:
    """A member of a list shares the `not` at the head of its clause: `do not give water, tea or juice`."""
    before, _, _ = in_digits(group).partition(in_digits(holder))
    head = re.split(r"[.;:!?]|\bbut\b|\blakini\b", before)[-1]
    return denies(holder) if denies(holder) else denies(head)
