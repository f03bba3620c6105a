"""The picture checker: a process that turns the bytes of strangers into safe pictures.

It writes one byte when it is ready, reads requests from standard input, and writes one answer for
each to standard output. A request
is two big-endian numbers of 4 bytes, the wanted width and the length of the picture, followed by
the picture. An answer is one byte for the format (0: refused) and 4 bytes for the length, followed
by the picture. Memory of the process and processor time of each picture are limited, so a picture
that needs more ends the process, and nothing else.

Only pixels pass: each picture is written anew. What was appended to it or hidden in it (scripts,
profiles, compressed texts, where a photo was taken) reaches nobody.

Pillow is imported here only.
"""

import io
import math
import os
import resource
import struct
import sys
import time
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from msd.pictures.wire import ANSWER, READY, REQUEST, Format

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY_BYTES = 512 << 20
PROCESSOR_S = 10  # of one picture
READ = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 40_000_000  # read from the header, before anything is decoded
LONGEST_SIDE = 30_000
MOST_PROFILE_BYTES = 4 << 20
JPEG_QUALITY = 88
_OPAQUE = (255, 255)
REFUSED = ANSWER.pack(0, 0)


def limit_resources() -> None:
    """Bound what the rest of this process may use."""
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)


def limit_processor_time() -> None:
    """Bound the processor time of the next picture; the limit counts all of the process."""
    _limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + PROCESSOR_S)


def _limit(what: int, wanted: int) -> None:
    """Set a limit, and leave a lower one that this process was started with."""
    _, most = resource.getrlimit(what)
    bounded = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(what, (bounded, most))


def safe_picture(content: bytes, width: int) -> tuple[Format, bytes] | None:
    """Return a picture of at most the wanted width, None when the content is no safe picture.

    It is upright, in sRGB, and of a moving picture the first frame: a JPEG, or a PNG when it has
    transparent parts.
    """
    from PIL import Image  # noqa: PLC0415 - after the limits are set

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # twice as many are refused by Pillow itself
    with (
        warnings.catch_warnings(action="ignore"),  # a stranger's picture writes no log
        Image.open(io.BytesIO(content), formats=READ) as image,
    ):
        if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
            return None
        image.draft("RGB", (width, width))  # JPEG: a part of the pixels; no side below the width
        image.load()
        _turn_upright(image)
        return _written(_in_srgb(_scaled(image, width)))


def _turn_upright(image: "Image") -> None:
    """Turn a picture as its camera was held; what can't be read of that is ignored."""
    from PIL import ImageOps  # noqa: PLC0415

    with suppress(OSError, ValueError, SyntaxError, TypeError, KeyError, struct.error):
        ImageOps.exif_transpose(image, in_place=True)


def _scaled(image: "Image", width: int) -> "Image":
    """Scale a picture down in one of the modes in which that looks right."""
    from PIL.Image import Resampling  # noqa: PLC0415

    if image.mode.startswith(("I", "F")):  # 16 bits of grey, which the other modes cut off
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in {"L", "RGB", "CMYK"}:
        image = image.convert("RGB")
    if image.width <= width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Resampling.LANCZOS, reducing_gap=2.0)


def _in_srgb(image: "Image") -> "Image":
    """Apply the colour profile of a picture, as far as it has one that fits."""
    profile = image.info.get("icc_profile")
    if not profile or len(profile) > MOST_PROFILE_BYTES:
        return image
    from PIL import ImageCms  # noqa: PLC0415 - few pictures have one

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, given, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _written(image: "Image") -> tuple[Format, bytes]:
    is_transparent = image.mode == "RGBA" and image.getextrema()[-1] != _OPAQUE
    shown = image if is_transparent else image.convert("RGB")
    shown.info.clear()  # comments and profiles would be written, too
    output = io.BytesIO()
    if is_transparent:
        shown.save(output, "PNG")
        return Format.PNG, output.getvalue()
    shown.save(output, "JPEG", quality=JPEG_QUALITY)
    return Format.JPEG, output.getvalue()


def answer(content: bytes, width: int) -> bytes:
    """Return the answer to one request, as the module says."""
    try:
        found = safe_picture(content, width)
    except MemoryError:
        raise  # what is left of the memory is not worth another picture
    except Exception:  # noqa: BLE001 - a decoder may raise anything
        return REFUSED
    if found is None:
        return REFUSED
    picture_format, picture = found
    return ANSWER.pack(picture_format, len(picture)) + picture


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        width, length = REQUEST.unpack(head)
        content = requests.read(length)
        if len(content) < length:
            return
        limit_processor_time()
        answers.write(answer(content, width))
        answers.flush()


def main() -> int:
    """Serve standard input."""
    limit_resources()
    import PIL.Image  # noqa: F401, PLC0415 - after the limits are set

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints must not be read as an answer
    try:
        answers.write(READY)
        answers.flush()
        serve(sys.stdin.buffer, answers)
    except (BrokenPipeError, struct.error):
        return 0
    except MemoryError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
