"""The stem: one clear question, asked positively, no longer than it need be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot.quizzes.lint.meaning import is_denial
from chatbot.quizzes.lint.rule import Flaw, Judged

MOST_WORDS = {"en": 35, "sw": 30}
"""Words of a stem. Swahili needs fewer: its verbs carry subject, tense and object."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_QUESTION = re.compile(
    r"\?|(?:^|[.!:]\s+)(?:what|which|when|where|who|whom|whose|why|how|choose|select|pick|name|give|find|state|decide"
    r"|chagua|taja|onyesha)\b|\b(?:je|nini|gani|lini|wapi|vipi|ngapi|nani|ipi|upi|yupi|zipi|kipi|yapi|lipi)\b",
    re.IGNORECASE)
_THESE = r"(?:of (?:the following|these|them|the statements|these statements|the following statements)|statements?" \
         r"|answers?|options?)?(?: statements?| answers?| options?)?"
_RIGHT = r"(?:is|are) (?:most |the )*(?:true|correct|right|false|wrong|incorrect|best|correct answer|right answer)"
_HAYA = r"(?:kati ya (?:haya|hizi|hayo|hizo|yafuatayo|zifuatazo) )?"
_EMPTY_QUESTION = re.compile(
    rf"^(?:which|what) (?:one )?{_THESE} ?(?:below |here )?{_RIGHT}\W*$"
    rf"|^(?:ni )?(?:(?:lipi|ipi|gani|yapi|jibu|kauli|sentensi|maelezo) ?){{1,3}}{_HAYA}"
    r"(?:ni |lililo |iliyo |yaliyo )?(?:ya |la )?(?:sahihi|kweli)\W*$", re.IGNORECASE)
"""`Which of these is true?` and no more: nothing is asked before the options."""
_FEWEST_WORDS = 3
_CONDITION = re.compile(
    r"\b(?:if|when|who|that|because|until|unless|while|whose|where|since|after|before|with|without|ikiwa|kama|endapo"
    r"|kabla|baada|ambaye|ambayo|ambao|wakati|anapo\w+|unapo\w+|kwa sababu|\w*sipo\w+)\b", re.IGNORECASE)
_QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"")
_HARMLESS = ("hakuna", "without", "bila")
_WHY = re.compile(r"^(?:why|how come|kwa nini|kwanini|mbona)\b", re.IGNORECASE)
_FALSE = r"(?:false|untrue|incorrect|wrong)"
_EXCEPTION = re.compile(
    r"\b(?:except|excluding|least (?:likely|important|useful)|other than|isipokuwa|isipokua|ila|kasoro)\b"
    rf"|\b(?:is|are|which|what|one|ni|jibu|lipi|ipi)\b.{{0,40}}\b(?:{_FALSE}|uongo|si kweli|si sahihi)\b"
    rf"|\b{_FALSE} (?:answer|statement)\b", re.IGNORECASE)


def negative_stem(judged: Judged) -> Iterator[Flaw]:
    """A `not` in the main clause, or a search for the exception. Reasons, conditions and quotations may say not."""
    stem = " ".join(_QUOTATION.sub(" ", judged.item.stem).split())
    if (found := _EXCEPTION.search(stem)) or (found := re.search(r"\bNOT\b|\bSIO\b|\bSI\b", stem)):
        yield Flaw("stem", found[0])
    elif not _WHY.match(stem) and (denial := _main_denial(stem)):
        yield Flaw("stem", denial)


def unfocused_stem(judged: Judged) -> Iterator[Flaw]:
    stem = judged.item.stem.strip()
    asks = _QUESTION.search(stem) and len(_WORD.findall(stem)) >= _FEWEST_WORDS
    if stem and (not asks or _EMPTY_QUESTION.match(stem)):
        yield Flaw("stem")


def overlong_stem(judged: Judged) -> Iterator[Flaw]:
    count, most = len(_WORD.findall(judged.item.stem)), MOST_WORDS[judged.item.language]
    if count > most:
        yield Flaw("stem", f"{count} > {most}")


def _main_denial(stem: str) -> str:
    """The word that denies the last sentence's main clause, if one does."""
    question = re.split(r"(?<=[.!])\s+", stem.casefold().replace("’", "'"))[-1]
    question = re.sub(r"^(?:when|where|who|wakati)\b", "", question)
    main = _CONDITION.split(question, maxsplit=1)
    head = main[0] if main[0].strip(" ,") else question.partition(",")[2]
    return next((word for word in _WORD.findall(head) if is_denial(word) and word not in _HARMLESS), "")
