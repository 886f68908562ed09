"""What surrounds the heart of a message: greetings, ages, questions, worries, slips of the thumb.

`composed` sets a message of `messages/*.txt` into other words that women put around it. A carrier never changes
whether the message speaks of danger: greetings, thanks, questions "is it normal", a relative writing for her, how far
the pregnancy is (only where the message says nothing of it), and misspellings of one or two words.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

BEFORE = {
    "en": ["hi doctor", "hello", "pls help", "good evening", "sorry to disturb", "quick question",
           "hi, first time mum here",
           "excuse me", "help", "i have a question", "morning doc", "hey", "kindly advise", "its me again",
           "i dont know who to ask", "my mother in law says its nothing but"],
    "sw": ["habari daktari", "shikamoo", "samahani", "naomba msaada", "nauliza", "habari ya asubuhi",
           "daktari naomba ushauri",
           "nina swali", "tafadhali nisaidie", "mama mkwe anasema ni kawaida lakini", "jamani", "hujambo"],
    "mix": ["hi doc", "sasa doc", "niaje", "samahani doc", "plz nisaidie", "niko na swali", "hey", "doc naomba ushauri",
            "mathe anasema ni normal but", "help jameni", "uko aje"],
}
AFTER = {
    "en": ["is it normal", "what should i do", "pls reply", "should i worry", "thank you", "is it ok", "im scared",
           "what do you think", "advise", "do i wait till my clinic day", "my husband says i should rest", "??",
           "asap"],
    "sw": ["ni kawaida?", "nifanye nini", "naomba jibu", "nihofu?", "asante", "ni sawa?", "naogopa", "ushauri wako",
           "ningoje siku ya kliniki?", "mume wangu anasema nipumzike", "??", "haraka tafadhali"],
    "mix": ["ni normal?", "nifanye aje", "nijibu plz", "niworry?", "thanks", "ni sawa?", "naogopa", "advice plz",
            "ningoje clinic day?", "hubby anasema nirest", "??", "asap"],
}
HARMLESS_BEFORE = {
    "en": ["just asking", "curious", "random question", "for my own knowledge", "planning ahead"],
    "sw": ["nauliza tu", "nataka kujua tu", "swali la kawaida", "kwa kujua tu"],
    "mix": ["just asking", "nataka tu kujua", "swali random", "for my info"],
}
SLIPS = (("ing", "in"), ("you", "u"), ("are", "r"), ("please", "plz"), ("because", "coz"), ("and", "n"), ("the", "da"),
         ("to", "2"), ("weeks", "wks"), ("months", "mths"), ("very", "vry"), ("my", "ma"), ("what", "wat"),
         ("sana", "xana"), ("nini", "nn"), ("kwa", "kw"), ("mtoto", "mtt"), ("sasa", "xaxa"))


def composed(text: str, language: str, danger: bool, chance: random.Random, times: int) -> Iterator[str]:
    """`times` further wordings of one message."""
    for _ in range(times):
        words = text
        if chance.random() < 0.5:
            words = f"{_one(_openings(language, danger), chance)}{_one([', ', ' ', '. '], chance)}{words}"
        if chance.random() < 0.5:
            words = f"{words}{_one([', ', ' ', '. ', '... '], chance)}{_one(AFTER[language], chance)}"
        if chance.random() < 0.6:
            words = slipped(words, chance)
        yield words.upper() if chance.random() < 0.03 else words


def _openings(language: str, danger: bool) -> list[str]:
    return BEFORE[language] if danger else BEFORE[language] + HARMLESS_BEFORE[language]


def _one(of: list[str], chance: random.Random) -> str:
    return of[chance.randrange(len(of))]


def slipped(text: str, chance: random.Random) -> str:
    """One or two words typed in haste: a short form, a letter lost, doubled or swapped with its neighbour."""
    words = text.split(" ")
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(words))
        words[at] = _slip(words[at], chance)
    return " ".join(words)


def _slip(word: str, chance: random.Random) -> str:
    for full, short in SLIPS:
        if full in word and chance.random() < 0.5:
            return word.replace(full, short, 1)
    if len(word) < 4 or not word.isalpha():
        return word
    at = chance.randrange(1, len(word) - 1)
    return chance.choice([word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:],
                          word[:at] + word[at + 1] + word[at] + word[at + 2 :]])
