"""A description that a person writes: held to the rules that are about form; what else the rules say is a warning.

A person may name whom a model may not guess at: she knows.
"""

from __future__ import annotations

from chatbot.errors import InvalidInput, TooLong
from chatbot.images.alt.draft import Draft, Wanted, one_line, visible
from chatbot.images.alt.rules import LONGEST, LONGEST_DESCRIPTION, Finding, check
from chatbot.images.lessons.library import Description, StoredImage
from chatbot.knowledge.cards import Language

NEEDED = frozenset({"says-something", "plain-text"})
"""Rules that a person keeps too; `short` and `not-too-long` are checked before."""
ABOUT_FORM = frozenset({"no-image-of", "sentence", "no-file-name", "no-placeholder", "complex-needs-more", "no-dose",
                        "quoted-not-obeyed", "language"})
"""Rules that she is warned about."""


def described(alt_text: str, long_description: str = "", language: Language = "en", *,
              decorative: bool = False) -> tuple[Description, tuple[Finding, ...]]:
    """What she wrote, tidied, and what she should look at again. Raises InvalidInput, TooLong."""
    alt, long = one_line(alt_text), visible(long_description).strip()
    if decorative:
        return Description("", "", decorative=True), ()
    if len(alt) > LONGEST:
        raise TooLong(f"An alt text has at most {LONGEST} characters; this one has {len(alt)}.", field="alt_text",
                      remedy="Put the rest into the long description.")
    if len(long) > LONGEST_DESCRIPTION:
        raise TooLong(f"A long description has at most {LONGEST_DESCRIPTION:,} characters.", field="long_description")
    draft = Draft(decorative=False, text_in_picture="", alt_text=alt, long_description=long)
    found = check(draft, Wanted(language, people="none"), "repair")
    if broken := next((one for one in found if one.rule in NEEDED), None):
        raise InvalidInput(broken.message, field="alt_text", remedy="Say in one sentence what the picture tells.")
    return Description(alt, long), tuple(one for one in found if one.rule in ABOUT_FORM)


def warnings_of(picture: StoredImage) -> tuple[Finding, ...]:
    """What a person should look at in the description that a picture has."""
    if picture.decorative or not picture.alt_text:
        return ()
    draft = Draft(decorative=False, text_in_picture="", alt_text=picture.alt_text,
                  long_description=picture.long_description)
    language: Language = "sw" if picture.language == "sw" else "en"
    return tuple(one for one in check(draft, Wanted(language, people="none"), "repair") if one.rule in ABOUT_FORM)
