"""Messages that ask nothing yet: a greeting, thanks, or only who she is and how far ("hi, i am 30 weeks").

A card on walking for 150 minutes a week would be no answer to them. They get a question back, with examples of what
can be asked. Whatever names a complaint, a thing or a wish is a question for the cards.
"""

from __future__ import annotations

import re

from chatbot.chat.texts import ASK_BACK, Language
from chatbot.knowledge.words import words_of
from chatbot.stages import Stage

_GREETING = frozenset("""
    hi hello hey hallo good morning afternoon evening day dear doc doctor dr nurse sister sir madam please pls plz
    thanks thank thankyou thx u you so very much ok okay fine welcome
    habari hujambo jambo salamu shikamoo marahaba asante asanteni sana daktari dokta nesi dada samahani tafadhali sawa
    yako zenu za leo asubuhi mchana jioni niaje sasa vipi poa mambo
""".split())
_SOMEBODY = frozenset("""
    i im i'm me my we our she her he his am mimi nina niko ni mke mume wangu yangu langu tuna ana yeye wife
    husband mum mom mama
""".split())
_SITUATION = frozenset("""
    a an the and with at in of on now is are was have has had been need help some here it this for
    pregnant pregnancy expecting preggo weeks week wk wks month months mth mths days day year years yrs old first second
    third fourth time mother mommy dad father trimester gave ago just today new
    one two three four five six seven eight nine ten
    na ya wa la kwa mjamzito mimba ujauzito wiki mwezi miezi siku mwaka miaka kwanza pili tatu naomba nahitaji msaada
    usaidizi moja mbili nne tano sita saba nane tisa kumi
""".split())
_BORN = frozenset("""
    baby newborn birth born delivered boy girl son daughter twins
    nimejifungua nimezaa mtoto mchanga mvulana msichana mapacha
""".split())
_KNOWN = _GREETING | _SOMEBODY | _SITUATION | _BORN
_ASKS = re.compile(r"\?|\b(?:am i|is (?:she|he|it|the|my|this)|are (?:we|they)|have i|je)\b")
_NUMBER = re.compile(r"\d+(?:st|nd|rd|th|wks?|w|m)?")


def asks_nothing(message: str) -> bool:
    """Whether the message only greets, thanks, or says who writes and how far she is."""
    words = words_of(message)
    if not words or _ASKS.search(message.casefold()):
        return False
    speaks = any(word in _GREETING or word in _SOMEBODY for word in words)  # "first trimester" is a search
    return speaks and all(word in _KNOWN or _NUMBER.fullmatch(word) for word in words)


def stage_told(message: str) -> str:
    """The stage of a message that asks nothing, where nothing but its words tells it."""
    return "postnatal" if _BORN.intersection(words_of(message)) else "antenatal"


def ask_back(stage: Stage, language: Language) -> str:
    """What would you like to know: with the stage's example questions."""
    examples = "\n".join(f"- {question.sw if language == 'sw' else question.en}" for question in stage.questions)
    return f"{ASK_BACK[language]}\n\n{examples}"
