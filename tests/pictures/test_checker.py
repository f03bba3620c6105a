"""The picture checker: what comes out is a picture of the wanted width, or nothing."""

import io
import sys
from collections.abc import AsyncIterator

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from msd.pictures.checker import answer, safe_picture
from msd.pictures.process import PictureChecker
from msd.pictures.wire import ANSWER, Format
from tests.pictures.samples import HTML, SVG, bomb, picture

pytestmark = pytest.mark.anyio


@pytest.fixture
async def checker() -> AsyncIterator[PictureChecker]:
    async with PictureChecker() as running:
        yield running


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_is_small_enough_stays_as_it_is(kind: str) -> None:
    """A server that scaled well is not scaled again: no second loss."""
    content = picture(kind=kind)

    assert safe_picture(content, 480) == (Format[kind], content)


def test_a_wide_picture_is_scaled_to_the_wanted_width() -> None:
    """The aspect stays."""
    found = safe_picture(picture(1000, 1500), 320)

    assert found is not None
    assert found[0] is Format.JPEG
    assert Image.open(io.BytesIO(found[1])).size == (320, 480)


def test_a_progressive_picture_is_scaled_too() -> None:
    """Its memory can't be bounded by draft(); the pixels in its header bound it."""
    found = safe_picture(picture(2000, 3000, progressive=True), 160)

    assert found is not None
    assert Image.open(io.BytesIO(found[1])).width == 160


def test_a_logo_keeps_its_transparent_parts() -> None:
    """Flattened, it would stand in a black block."""
    found = safe_picture(picture(900, 300, kind="PNG", mode="RGBA"), 320)

    assert found is not None
    assert found[0] is Format.WEBP
    assert Image.open(io.BytesIO(found[1])).mode == "RGBA"


def test_a_picture_on_its_side_is_turned() -> None:
    """Cameras write how the picture is held into its EXIF part."""
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn

    found = safe_picture(picture(1500, 1000, exif=exif), 320)

    assert found is not None
    assert Image.open(io.BytesIO(found[1])).size == (320, 480)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SVG,
        HTML,
        b"GIF89a" + HTML,
        b"%PDF-1.7",
        picture()[:-2000],
        picture(kind="PNG")[:-500],
        picture(kind="TIFF"),
        picture(kind="BMP"),
        bomb(),
    ],
    ids=["empty", "svg", "html", "gif+html", "pdf", "cut", "cut png", "tiff", "bmp", "bomb"],
)
def test_what_is_no_safe_picture_is_refused(content: bytes) -> None:
    """Nothing is given out that was not decoded to its end (K5)."""
    assert answer(content, 320) == ANSWER.pack(0, 0)


@given(
    content=st.binary(max_size=400) | st.binary(max_size=100).map(lambda end: picture()[:300] + end)
)
def test_any_bytes_are_a_picture_or_refused(content: bytes) -> None:
    """A decoder may raise anything; nobody notices (K5)."""
    number, _ = ANSWER.unpack_from(answer(content, 320))

    assert number in {0, *Format}


async def test_the_process_answers_one_picture_after_the_other(checker: PictureChecker) -> None:
    """One process serves many pictures, refused ones between them."""
    wide = await checker.check(picture(1000, 1500), 320)
    refused = await checker.check(SVG, 320)
    small = await checker.check(picture(kind="PNG"), 480)

    assert wide is not None
    assert refused is None
    assert small == (Format.PNG, picture(kind="PNG"))


async def test_a_picture_that_ends_the_process_costs_only_itself() -> None:
    """The next picture starts another process."""
    script = (
        "import os, sys\n"
        "from msd.pictures import checker\n"
        "head = sys.stdin.buffer.peek(12)\n"
        "os._exit(9) if b'deadly' in head + sys.stdin.buffer.peek(64) else checker.main()\n"
    )
    async with PictureChecker((sys.executable, "-c", script)) as checker:
        dead = await checker.check(b"deadly" * 10, 320)
        after = await checker.check(picture(), 480)

    assert dead is None
    assert after == (Format.JPEG, picture())


async def test_a_cancelled_check_leaves_no_answer_for_the_next_one(checker: PictureChecker) -> None:
    """Otherwise somebody else's poster would be shown."""
    first = picture(3000, 4500)
    with anyio.move_on_after(0.001):
        await checker.check(first, 320)

    assert await checker.check(picture(kind="PNG"), 480) == (Format.PNG, picture(kind="PNG"))
