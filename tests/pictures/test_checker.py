"""The picture checker: what comes out is a picture of the wanted width, or nothing."""

import sys
from collections.abc import AsyncIterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from msd.pictures.checker import answer, safe_picture
from msd.pictures.process import IDLE_S, PictureChecker
from msd.pictures.wire import ANSWER, Format
from tests.pictures.samples import (
    HTML,
    SCRIPT,
    SVG,
    bomb,
    encoded,
    many_frames,
    moving,
    note,
    opened,
    picture,
    quartered,
    sixteen_bits,
    with_profile,
    with_text_bomb,
)
from tests.support.skipping_loop import SkippingLoop, skip

pytestmark = pytest.mark.anyio

SKIPPING = ("asyncio", {"loop_factory": SkippingLoop})


@pytest.fixture
async def checker() -> AsyncIterator[PictureChecker]:
    async with PictureChecker() as running:
        yield running


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture(), Format.JPEG),
        (picture(kind="WEBP"), Format.JPEG),
        (picture(kind="PNG", mode="L"), Format.JPEG),
        (picture(kind="GIF"), Format.JPEG),
        (encoded(Image.new("RGBA", (40, 60), (9, 9, 9, 255)), "PNG"), Format.JPEG),
        (picture(kind="PNG", mode="RGBA"), Format.PNG),
        (picture(kind="WEBP", mode="RGBA"), Format.PNG),
    ],
    ids=["jpeg", "webp", "grey", "gif", "opaque", "transparent png", "transparent webp"],
)
def test_pictures_are_given_out_in_formats_that_every_toolkit_reads(
    content: bytes, expected: Format
) -> None:
    """JPEG; PNG only where parts are transparent: flattened, a logo would be a black block."""
    found = safe_picture(content, 480)

    assert found is not None
    assert found[0] is expected
    assert opened(found[1]).size == opened(content).size
    assert opened(found[1]).mode == ("RGBA" if expected is Format.PNG else "RGB")


@pytest.mark.parametrize(
    "content",
    [picture(1000, 1500), picture(2000, 3000, progressive=True), picture(900, 1350, kind="PNG")],
    ids=["jpeg", "progressive", "png"],
)
def test_a_wide_picture_is_scaled_to_the_wanted_width(content: bytes) -> None:
    """The aspect stays."""
    found = safe_picture(content, 320)

    assert found is not None
    assert opened(found[1]).size == (320, 480)


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (600, 300), (1, 1)), (3, (600, 300), (598, 298)), (6, (300, 600), (298, 1)),
     (8, (300, 600), (1, 598))],
)  # fmt: skip
@pytest.mark.parametrize("width", [320, 640])
def test_a_picture_on_its_side_is_turned(
    orientation: int, size: tuple[int, int], red: tuple[int, int], width: int
) -> None:
    """Cameras write how the picture is held into its EXIF part, which is not given out."""
    found = safe_picture(quartered(orientation), width)

    assert found is not None
    shown = opened(found[1])
    scale = min(1, width / size[0])
    assert shown.size == (round(size[0] * scale), round(size[1] * scale))
    corner = shown.getpixel((int(red[0] * scale), int(red[1] * scale)))
    assert isinstance(corner, tuple)
    assert corner[0] > 200 > corner[2]
    assert not shown.getexif()


def test_an_exif_part_that_cant_be_read_is_ignored() -> None:
    """The picture is good."""
    content = picture(exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 40)

    assert safe_picture(content, 480) is not None


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "MPO"])
def test_of_a_moving_picture_the_first_frame_is_shown(kind: str) -> None:
    """A grid of posters stands still."""
    found = safe_picture(moving(kind), 480)

    assert found is not None
    red, _, blue = opened(found[1]).convert("RGB").getpixel((60, 90))
    assert red > 200 > blue
    assert not getattr(opened(found[1]), "is_animated", False)


def test_pictures_for_print_keep_their_colours() -> None:
    """CMYK of Adobe is stored inverted."""
    red = Image.new("CMYK", (80, 120), (0, 255, 255, 0))

    found = safe_picture(encoded(red, "JPEG"), 480)

    assert found is not None
    assert opened(found[1]).mode == "RGB"
    pixel = opened(found[1]).getpixel((40, 60))
    assert pixel[0] > 200
    assert max(pixel[1:]) < 60


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (0x7FFF, 0x7F), (0xFFFF, 0xFF)])
def test_sixteen_bits_of_grey_are_not_cut_off(value: int, shown: int) -> None:
    """All but black would be white."""
    found = safe_picture(sixteen_bits(value), 480)

    assert found is not None
    grey = opened(found[1]).getpixel((40, 60))[0]
    assert abs(grey - shown) <= 2


@pytest.mark.parametrize("width", [320, 480], ids=["scaled", "as wide as wanted"])
@pytest.mark.parametrize(
    "content",
    [
        picture() + SCRIPT,
        picture(kind="PNG") + SCRIPT,
        picture(kind="WEBP") + SCRIPT,
        picture(comment=SCRIPT),
        with_profile(1 << 20),
        picture(kind="GIF", comment=SCRIPT),
        encoded(Image.new("RGB", (400, 600)), "PNG", pnginfo=note(SCRIPT)),
    ],
    ids=["jpeg", "png", "webp", "comment", "profile", "gif", "text"],
)
def test_nothing_but_pixels_passes(content: bytes, width: int) -> None:
    """Scripts behind a picture, comments, texts and profiles reach nobody."""
    found = safe_picture(content, width)

    assert found is not None
    assert b"polyglot" not in found[1]
    assert opened(found[1]).info.keys() <= {
        "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi",
    }  # fmt: skip
    assert len(found[1]) < 60_000


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
        picture(kind="WEBP")[:-500],
        bomb(),
        picture(40_000, 10, kind="PNG"),
        with_text_bomb(),
        SVG + picture(),
    ],
    ids=[
        *("empty", "svg", "html", "gif+html", "pdf", "cut", "cut png", "tiff", "bmp", "cut webp"),
        *("bomb", "very long", "text bomb", "svg+jpeg"),
    ],
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
    process = checker.pid
    refused = await checker.check(SVG, 320)
    small = await checker.check(picture(kind="PNG"), 480)

    assert wide is not None
    assert refused is None
    assert small is not None
    assert opened(small[1]).size == (400, 600)
    assert checker.pid == process is not None


async def test_a_picture_that_ends_the_process_costs_only_itself() -> None:
    """The next picture starts another process."""
    script = (
        "import os, sys\n"
        "from msd.pictures import checker\n"
        "found = checker.safe_picture\n"
        "end = lambda content, width: os._exit(9) if b'deadly' in content"
        " else found(content, width)\n"
        "checker.safe_picture = end\n"
        "checker.main()\n"
    )
    async with PictureChecker((sys.executable, "-c", script)) as checker:
        dead = await checker.check(b"deadly" * 10, 320)
        after = await checker.check(picture(), 480)

    assert dead is None
    assert after is not None


@pytest.mark.parametrize(
    "content", [many_frames(), with_profile(3 << 20)], ids=["frames", "profile"]
)
async def test_what_is_beside_the_picture_costs_little(
    checker: PictureChecker, content: bytes
) -> None:
    """Frames are not counted, profiles are not copied: the limits of a usual poster suffice."""
    assert await checker.check(content, 96) is not None


async def test_a_checker_that_does_not_start_judges_no_picture() -> None:
    """A broken installation must not make every picture a broken one for months."""
    async with PictureChecker((sys.executable, "-c", "raise SystemExit(1)")) as checker:
        with pytest.raises(OSError, match="does not start"):
            await checker.check(picture(), 480)


async def test_a_cancelled_check_leaves_no_answer_for_the_next_one(checker: PictureChecker) -> None:
    """Otherwise somebody else's poster would be shown."""
    first = picture(3000, 4500)
    with anyio.move_on_after(0.001):
        await checker.check(first, 320)

    found = await checker.check(picture(kind="PNG"), 480)

    assert found is not None
    assert opened(found[1]).size == (400, 600)


@pytest.mark.parametrize("anyio_backend", [SKIPPING])
async def test_the_process_waits_a_while_for_the_next_picture(checker: PictureChecker) -> None:
    """Who scrolls asks for one page after the other; who stopped gets the memory back."""
    await checker.check(picture(), 96)
    first = checker.pid
    skip(IDLE_S * 0.9)
    await anyio.wait_all_tasks_blocked()
    await checker.check(picture(), 96)
    second = checker.pid
    skip(IDLE_S * 0.9)  # since the second picture
    for _ in range(50):
        await checkpoint()
    third = checker.pid
    with anyio.fail_after(1000 * IDLE_S):
        while checker.pid is not None:
            skip(IDLE_S)
            await checkpoint()

    assert first == second == third is not None
    assert await checker.check(picture(), 96) is not None


async def test_the_process_is_renewed_after_many_pictures() -> None:
    """What memory pictures left behind is given back, also under a stream of them."""
    async with PictureChecker(most_pictures=2) as checker:
        processes = []
        for _ in range(4):
            assert await checker.check(picture(), 96) is not None
            processes.append(checker.pid)

    assert processes[0] != processes[2]
    assert processes[1] is processes[3] is None


async def test_processor_time_is_limited_for_each_picture_not_for_all() -> None:
    """Many pictures may take long; one may not."""
    script = (
        "import time\n"
        "from msd.pictures import checker\n"
        "checker.PROCESSOR_S = 1\n"
        "found = checker.safe_picture\n"
        "def spend(seconds):\n"
        "    end = time.process_time() + seconds\n"
        "    while time.process_time() < end: pass\n"
        "def slow(content, width):\n"
        "    spend(float(content)) if content[:1].isdigit() else None\n"
        "    return found(checker_picture, width)\n"
        "import sys\n"
        "from tests.pictures.samples import picture\n"
        "checker_picture = picture()\n"
        "checker.safe_picture = slow\n"
        "checker.main()\n"
    )
    async with PictureChecker((sys.executable, "-c", script)) as checker:
        answers = [await checker.check(b"0.5", 96) for _ in range(4)]
        endless = await checker.check(b"60", 96)

    assert all(answers)
    assert endless is None


async def test_limits_of_the_session_that_are_lower_stay() -> None:
    """A machine may give its users less; that must make no picture a broken one."""
    script = (
        "import resource\n"
        "from msd.pictures import checker\n"
        "resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (5, 5))\n"
        "checker.main()\n"
    )
    async with PictureChecker((sys.executable, "-c", script)) as checker:
        assert await checker.check(picture(), 96) is not None


async def test_a_picture_that_needs_more_memory_than_one_may_costs_only_itself() -> None:
    """The limit is the process's, not that of the machine."""
    script = "from msd.pictures import checker\nchecker.MEMORY_BYTES = 220 << 20\nchecker.main()\n"
    async with PictureChecker((sys.executable, "-c", script)) as checker:
        large = await checker.check(picture(6000, 6000, kind="PNG"), 5990)
        after = await checker.check(picture(), 96)

    assert large is None
    assert after is not None
