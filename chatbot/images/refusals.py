"""Why a picture is not taken, as our errors. The child process names a refusal by its class; its words stand here.

    InvalidInput
    ├── EmptyPicture             400
    ├── NotThatKind              415
    │   ├── NotAPicture               not a JPEG, PNG or WebP file
    │   └── MislabelledPicture        not what the ending of its name says
    ├── TooLong                  413
    │   ├── TooManyPixels
    │   └── TooMuchMetadata           profiles, EXIF and texts that are larger than any camera's
    └── Unreadable               422
        ├── Animated  ├── TooSmall  ├── BrokenPicture  └── TooCostlyPicture

    BadAnswer                    502
    └── NotDescribed                  every model refused, or wrote what breaks the rules
    NoProvider                   503
    └── NobodySees                    no model that sees may look at it, or none is set up

Four of them are a document's refusals in a picture's words: whoever catches those catches these.
No word of a file, and no text of a library's exception, ever reaches a client or a log.
"""

from __future__ import annotations

from typing import ClassVar

from chatbot.documents.refusals import BrokenFile, EmptyFile, Mislabelled, Refusal, TooCostly
from chatbot.errors import BadAnswer, NoProvider, NotThatKind, TooLong, Unreadable

MOST_PIXELS = 25_000_000
"""A phone's picture has 12 million."""
LEAST_SIDE = 16
"""Pixels: what is smaller is a spacer, a bullet or a tracking dot, and says nothing."""
MOST_METADATA = 4_000_000
"""Bytes: phones put depth maps and thumbnails of a megabyte or two there."""
ANEW = "Open it in a picture program and save it anew as JPEG or PNG."


class EmptyPicture(EmptyFile):
    says = "There is nothing in this file."
    do = "Choose the picture again; an upload may have broken off."


class NotAPicture(Refusal, NotThatKind):
    says = "Only JPEG, PNG and WebP pictures are taken."
    do = "Save it as JPEG or PNG, and send that file."


class MislabelledPicture(Mislabelled):
    says = "What is in the file does not fit the ending of its name (.jpg, .jpeg, .png, .webp)."
    do = ANEW


class TooManyPixels(Refusal, TooLong):
    code = "too_many_pixels"
    title = "The picture has too many pixels"
    says = f"A picture may have {MOST_PIXELS // 1_000_000} million pixels."
    do = "Make it smaller: 2,000 pixels on its longer side are more than enough for a description."


class TooMuchMetadata(Refusal, TooLong):
    code = "too_much_metadata"
    title = "The picture carries too much besides its pixels"
    says = f"The colour profile, EXIF data and texts of a picture may have {MOST_METADATA // 1_000_000} MB."
    do = ANEW


class Animated(Refusal, Unreadable):
    code = "animated_picture"
    title = "The picture moves"
    says = "The picture has more than one frame."
    do = "Send one frame of it, as JPEG or PNG."


class TooSmall(Refusal, Unreadable):
    code = "picture_too_small"
    title = "The picture is too small to describe"
    says = f"A picture must have {LEAST_SIDE} pixels on each side."
    do = "Send the picture in its full size. A spacer or a bullet needs no description: mark it as decorative."


class BrokenPicture(BrokenFile):
    says = "The picture is broken off or damaged."
    do = ANEW


class TooCostlyPicture(TooCostly):
    says = "Reading the picture took more time or memory than a picture may take."
    do = ANEW


REFUSALS: dict[str, type[Refusal]] = {kind.__name__: kind for kind in (
    EmptyPicture, NotAPicture, MislabelledPicture, TooManyPixels, TooMuchMetadata, Animated, TooSmall, BrokenPicture,
    TooCostlyPicture)}
"""By the name that the child process gives."""


class NotDescribed(BadAnswer):
    """No alt text is better than a wrong one: somebody must write it."""

    code: ClassVar[str] = "not_described"
    title: ClassVar[str] = "No model wrote an alt text that can be used"
    kind: ClassVar[str] = "not_described"


class NobodySees(NoProvider):
    """No model looked at the picture."""

    code: ClassVar[str] = "no_model_that_sees"
    title: ClassVar[str] = "No model can look at this picture now"
