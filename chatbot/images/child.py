"""Makes one picture anew in a process of its own: `python -m chatbot.images.child KIND`, the file on stdin.

Confined as the documents' child is (`chatbot/documents/child.py`): little memory and time, no files, no sockets. What
comes out on stdout is the name of a refusal, or a JPEG of the pixels and nothing else: no EXIF with the place where it
was taken, no colour profile, no XMP, no comment, no thumbnail. Transparent parts become white, as on a page.
"""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn

from chatbot.documents.child import NOT_INSTALLED, confine

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 1_536
"""Pixels. Finer detail is not read by the models, and costs."""
QUALITY = 90
REFUSED = b"refused:"


def main() -> NoReturn:
    """Read stdin, write stdout, and end."""
    confine()
    try:
        from PIL import Image  # noqa: F401
    except ModuleNotFoundError:
        sys.exit(NOT_INSTALLED)
    from chatbot.documents.refusals import Refusal
    from chatbot.images.refusals import TooCostlyPicture

    try:
        said = pixels_of(sys.argv[1], sys.stdin.buffer.read())
    except Refusal as refusal:
        said = REFUSED + type(refusal).__name__.encode()
    except MemoryError:
        said = REFUSED + TooCostlyPicture.__name__.encode()
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()
    sys.exit(0)


def pixels_of(kind: str, data: bytes) -> bytes:
    """The picture as a small JPEG. Raises BrokenPicture, TooManyPixels, Animated."""
    from PIL import Image, ImageOps

    from chatbot.images.refusals import MOST_PIXELS, Animated, BrokenPicture, TooManyPixels

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses twice this number, whatever the header said to us
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as opened:
            if kind == "JPEG":
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # decodes a large one at a half or a quarter
            elif getattr(opened, "n_frames", 1) > 1:  # of a JPEG the other frames are depth maps and the like
                raise Animated
            small = _in_colour(opened)
            small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            return _as_jpeg(_on_white(ImageOps.exif_transpose(small)))
    except Image.DecompressionBombError:
        raise TooManyPixels from None
    except (OSError, ValueError, SyntaxError, IndexError, KeyError, TypeError, AttributeError, ArithmeticError,
            EOFError):  # what Pillow's decoders raise for a damaged file
        raise BrokenPicture from None


def _in_colour(picture: Image) -> Image:
    """RGB, or RGBA where something is transparent. 16 bits a colour become 8."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    has_alpha = picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def _on_white(picture: Image) -> Image:
    from PIL import Image

    if picture.mode != "RGBA":
        return picture.convert("RGB")
    page = Image.new("RGB", picture.size, "white")
    page.paste(picture, mask=picture.getchannel("A"))
    return page


def _as_jpeg(picture: Image) -> bytes:
    from PIL import Image

    bare = Image.new("RGB", picture.size)  # a new picture has no `info`, so nothing of it can be written
    bare.paste(picture)
    out: Any = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return bytes(out.getvalue())


if __name__ == "__main__":
    main()
