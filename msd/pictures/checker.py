"""The picture checker: a process that turns the bytes of strangers into safe pictures.

It reads requests from standard input and writes one answer for each to standard output. A request
is two big-endian numbers of 4 bytes, the wanted width and the length of the picture, followed by
the picture. An answer is one byte for the format (0: refused) and 4 bytes for the length, followed
by the picture. Memory and processor time of the process are limited, so a picture that needs more
ends it, and nothing else.

Pillow is imported here only.
"""

import io
import os
import resource
import struct
import sys
import warnings
from typing import TYPE_CHECKING, BinaryIO

from msd.pictures.wire import ANSWER, FORMATS, REQUEST, Format

if TYPE_CHECKING:
    from PIL import Image

MEMORY_BYTES = 512 << 20
PROCESSOR_S = 300  # of the process as a whole; then it is started again
MOST_PIXELS = 40_000_000  # read from the header, before anything is decoded
LONGEST_SIDE = 30_000
JPEG_QUALITY = 85
WEBP_QUALITY = 85
REFUSED = ANSWER.pack(0, 0)


def limit_resources() -> None:
    """Bound what the rest of this process may use."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def safe_picture(content: bytes, width: int) -> tuple[Format, bytes] | None:
    """Return a picture of at most the wanted width, None when the content is no safe picture.

    A picture that is small enough stays as it is once all of it could be decoded. A picture that is
    too wide, or that moves, is scaled and written again: as WebP when it has transparent parts,
    else as JPEG.
    """
    from PIL import Image  # noqa: PLC0415 - after the limits are set

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(content), formats=[*FORMATS]) as image:
        if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
            return None
        if getattr(image, "n_frames", 1) > 1:
            image.seek(0)
        name = image.format or ""
        if image.width <= width and name in FORMATS and getattr(image, "n_frames", 1) == 1:
            image.load()
            return FORMATS[name], content
        height = width * image.height // image.width
        image.draft("RGB", (width, max(width, height)))  # it may lie on its side
        image.load()
        return _scaled(image, width)


def _scaled(image: "Image.Image", width: int) -> tuple[Format, bytes]:
    from PIL import Image, ImageOps  # noqa: PLC0415

    upright = ImageOps.exif_transpose(image)
    has_alpha = upright.has_transparency_data
    flat = upright.convert("RGBA" if has_alpha else "RGB")
    if flat.width > width:
        height = max(1, round(flat.height * width / flat.width))
        flat = flat.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    output = io.BytesIO()
    if has_alpha:
        flat.save(output, "WEBP", quality=WEBP_QUALITY)
        return Format.WEBP, output.getvalue()
    flat.save(output, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
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
        answers.write(answer(content, width))
        answers.flush()


def main() -> int:
    """Serve standard input."""
    limit_resources()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints must not be read as an answer
    try:
        serve(sys.stdin.buffer, answers)
    except (BrokenPipeError, struct.error):
        return 0
    except MemoryError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
