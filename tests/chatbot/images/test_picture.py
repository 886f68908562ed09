"""What comes out of an upload: pixels of the right size, upright, and not one byte of anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from chatbot.images.child import LONGEST_SIDE
from chatbot.images.picture import read_picture
from tests.chatbot.images.good_pictures import (
    ICC,
    MODEL,
    XMP,
    drawn,
    exif_with_place,
    jpeg,
    opened,
    png,
    saved,
    telling,
    webp,
)

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("make", [png, jpeg, webp])
def test_each_kind_becomes_a_jpeg_of_the_same_picture(make: object) -> None:
    picture = read_picture(make())  # type: ignore[operator]
    seen = opened(picture.data)
    assert (picture.width, picture.height) == seen.size == (320, 200)
    assert (seen.format, seen.mode) == ("JPEG", "RGB")
    red, green, blue = seen.getpixel((50, 100))
    assert (red < 40, 100 < green < 156, 100 < blue < 156) == (True, True, True)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_camera_profile_and_comments_are_gone(kind: str) -> None:
    told = telling(kind)
    assert opened(told).getexif().get_ifd(0x8825), "the test's own picture must tell"
    picture = read_picture(told)
    seen = opened(picture.data)
    assert dict(seen.getexif()) == {}
    assert {"exif", "icc_profile", "xmp", "comment"} & seen.info.keys() == set()
    for secret in (MODEL.encode(), ICC[:20], XMP[:10], b"Exif", b"Asha"):
        assert secret not in picture.data


def test_a_photo_taken_sideways_stands_upright_before_its_exif_goes() -> None:
    picture = read_picture(telling(orientation=6))
    assert (picture.width, picture.height) == (200, 320)


def test_a_large_photo_is_made_smaller_and_keeps_its_shape() -> None:
    picture = read_picture(jpeg(width=4_000, height=3_000))
    assert (picture.width, picture.height) == (LONGEST_SIDE, 1_152)


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert opened(read_picture(saved(clear)).data).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_way_to_keep_colours_can_be_read(mode: str) -> None:
    plain = Image.new("I;16", (64, 64), 40_000) if mode == "I;16" else drawn(64, 64).convert(mode)
    seen = opened(read_picture(saved(plain, "JPEG" if mode == "CMYK" else "PNG")).data)
    assert seen.size == (64, 64)
    if mode == "I;16":
        assert abs(seen.getpixel((5, 5))[0] - 156) < 4


def test_a_phone_s_photo_with_a_depth_map_in_it_is_one_picture() -> None:
    two = saved(drawn(), "MPO", save_all=True, append_images=[drawn(words="depth")])
    assert read_picture(two).width == 320


def test_a_profile_of_an_honest_size_is_no_reason_to_refuse() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert read_picture(saved(drawn(), "PNG", icc_profile=profile, exif=exif_with_place())).height == 200


@pytest.mark.parametrize("what", [
    "import socket; socket.socket()", "import pathlib; pathlib.Path('written-by-a-picture').write_text('x')",
    "import subprocess; subprocess.run(['true'])"])
def test_the_process_that_decodes_can_neither_write_nor_call_anybody(what: str, tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from chatbot.images.child import confine; confine(); {what}"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "PermissionError" in ended.stderr or "File too large" in ended.stderr


def test_starting_the_app_imports_no_picture_library() -> None:
    code = "import sys, run, chatbot.images.alt.alt_text, chatbot.images.picture; print('PIL' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


@pytest.mark.parametrize("make", [png, jpeg, webp])
def test_what_hangs_on_behind_a_picture_goes_nowhere(make: object) -> None:
    """A page, an archive, the film of a phone's moving photo: dropped with the file."""
    polyglot = make() + b"<script>alert(1)</script>PK\x03\x04secret"  # type: ignore[operator]
    made = read_picture(polyglot).data
    assert b"script" not in made
    assert b"secret" not in made
