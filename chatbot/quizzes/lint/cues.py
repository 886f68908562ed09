"""What the form of the options gives away to somebody who does not know the answer, or hides from one who does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from chatbot.knowledge.words import STOP_WORDS
from chatbot.quizzes.lint.meaning import missing, words
from chatbot.quizzes.lint.quantities import quantities
from chatbot.quizzes.lint.rule import Flaw, Judged
from chatbot.quizzes.numerals import in_digits

LONGER, LONGER_BY = 1.5, 12
"""A key is a cue when it is this many times and this many characters longer than every distractor."""
_ABSOLUTE = re.compile(
    r"\b(?:always|never|all|every|everyone|everybody|nobody|none|only|completely|totally|absolutely|entirely|must|solely"
    r"|daima|kamwe|zote|wote|yote|vyote|kabisa|pekee|peke|lazima|tu|siku zote)\b", re.IGNORECASE)
_VAGUE = re.compile(
    r"\b(?:often|usually|rarely|sometimes|frequently|generally|commonly|occasionally|seldom|normally|probably|possibly"
    r"|mara nyingi|mara chache|mara kwa mara|wakati mwingine|nyakati nyingine|kwa kawaida|kwa nadra|huenda|labda"
    r"|pengine|aghalabu)\b", re.IGNORECASE)
_ARTICLE_END = re.compile(r"\b(an?)\s*[_.…:]*\s*$", re.IGNORECASE)
_WHICH = re.compile(r"\bwhich (?:(?:of the following|of these) )?(?P<noun>[a-z]+) ?(?P<verb>is|was|does|are|were|do)\b")
_CONCORDS = {"kipi": ("ki", "ch"), "kidonge": ("ki", "ch"), "vipi": ("vi", "vy"), "vidonge": ("vi", "vy")}
_SHORT = 3
"""Words: in an option no longer than this the last word is taken as its noun."""
_FORMS = (
    ("reason", re.compile(r"(?:because|since|kwa sababu|kwani|kwa kuwa)\b")),
    ("purpose", re.compile(r"(?:to|so that|in order to|ili)\b")),
    ("doing", re.compile(r"[a-z]{2,}ing\b")),
    ("infinitive", re.compile(r"(?:ku[a-z]{3,}|kwenda|kwisha)\b")),
    ("amount", re.compile(
        r"(?:\S+ ){0,4}?[0-9]|(?:\S+ ){0,3}?(?:an?|one) (?:whole |full )?(?:day|week|month|year|hour|minute)\b")),
    ("yes or no", re.compile(r"(?:yes|no|ndiyo|hapana)(?:,|$)")),
)
_NOT_DOING = frozenset("""during morning evening nothing something anything everything bring being king spring string
                        kuanzia kutoka kuhusu kuwa kuelekea kuna kulingana kutokana""".split())


def longest_key(judged: Judged) -> Iterator[Flaw]:
    longest = max((len(text) for _, text in judged.distractors), default=0)
    if judged.key and longest and len(judged.key) >= max(LONGER * longest, longest + LONGER_BY):
        yield Flaw(f"options.{judged.place}")


def word_echo(judged: Judged) -> Iterator[Flaw]:
    """A word of the stem that comes back in the key and in no distractor."""
    stem = words(judged.item.stem)
    wrong = [word for _, text in judged.distractors for word in words(text)]
    echoes = [word for word in words(judged.key)
              if len(word) > 3 and word not in STOP_WORDS and not missing([word], stem) and missing([word], wrong)]
    if judged.distractors and echoes:
        yield Flaw(f"options.{judged.place}", ", ".join(dict.fromkeys(echoes)))


def absolutes_in_distractors(judged: Judged) -> Iterator[Flaw]:
    """At least half of the distractors claim too much, and the key does not."""
    if not judged.distractors or _ABSOLUTE.search(judged.key):
        return
    found = [match[0] for _, text in judged.distractors if (match := _ABSOLUTE.search(text))]
    if len(found) >= 2 and 2 * len(found) >= len(judged.distractors):
        yield Flaw("options", ", ".join(dict.fromkeys(word.casefold() for word in found)))


def vague_quantifiers(judged: Judged) -> Iterator[Flaw]:
    for place, option in enumerate(judged.item.options):
        if found := _VAGUE.search(option):
            yield Flaw(f"options.{place}", found[0])


def grammar_cue(judged: Judged) -> Iterator[Flaw]:
    """Only the key goes with the stem's article, number or Swahili noun class."""
    if judged.distractors and any(fits(judged.key) and not any(fits(text) for _, text in judged.distractors)
                                  for fits in _fitting(judged)):
        yield Flaw("stem")


def _fitting(judged: Judged) -> Iterator[Callable[[str], bool]]:
    """For each thing in the stem that an option must agree with, whether an option does."""
    stem = " ".join(judged.item.stem.casefold().split())
    if judged.item.language == "en":
        if article := _ARTICLE_END.search(stem):
            yield partial(_takes_article, article[1])
        if which := _WHICH.search(stem):
            yield partial(_has_number, which["verb"] in ("are", "were", "do"))
        return
    for word in re.findall(r"[a-z]+", stem):
        if word in _CONCORDS:
            yield partial(_begins_with, _CONCORDS[word])


def _takes_article(article: str, option: str) -> bool:
    return bool(re.match(r"\W*[aeiou]", option, re.IGNORECASE)) == (article == "an")


def _has_number(many: bool, option: str) -> bool:
    return _is_plural(option) is many


def _begins_with(starts: tuple[str, ...], option: str) -> bool:
    return option.casefold().startswith(starts)


def _is_plural(option: str) -> bool | None:
    """None where it cannot be told."""
    said = re.findall(r"[a-z]+", option.casefold())
    if not 0 < len(said) <= _SHORT:
        return None
    return said[-1].endswith("s") and not said[-1].endswith(("ss", "us", "is"))


def not_parallel(judged: Judged) -> Iterator[Flaw]:
    """All options but one have one form, or only some end like a sentence."""
    options = judged.item.options
    if len(options) < 3:
        return
    forms = [_form(option) for option in options]
    (most, count), *_ = Counter(forms).most_common()
    if count == len(options) - 1 and (most != "other" or _odd(forms) in ("reason", "purpose", "yes or no")):
        yield Flaw(f"options.{forms.index(_odd(forms))}")
    elif 0 < sum(option.rstrip().endswith(".") for option in options) < len(options):
        yield Flaw("options")


def _odd(forms: list[str]) -> str:
    return min(forms, key=forms.count)


def _form(option: str) -> str:
    text = in_digits(option).strip()
    first = text.split(" ", 1)[0]
    return next((name for name, starts in _FORMS if starts.match(text) and first not in _NOT_DOING), "other")


def unordered_numbers(judged: Judged) -> Iterator[Flaw]:
    """Options that are each one amount in one unit run neither up nor down."""
    amounts = [_only_amount(option) for option in judged.item.options]
    if len(amounts) < 3 or None in amounts or len({amount[0] for amount in amounts if amount}) != 1:
        return
    values = [amount[1] for amount in amounts if amount]
    if values not in (sorted(values), sorted(values, reverse=True)):
        yield Flaw("options")


def _only_amount(option: str) -> tuple[str, float] | None:
    """Unit and value of an option that opens with its one number."""
    found = quantities(option)
    if len(found) == 1:
        return found[0].quantity.unit, float(found[0].quantity.low)
    number = re.fullmatch(r"\W*([0-9]{1,9}(?:\.[0-9]{1,6})?)\W*", in_digits(option))
    return ("", float(number[1])) if number else None
