"""Pictures that simulated servers send: of the wanted size, each tag with a colour of its own."""

import io
import zlib

from PIL import Image

SHAPES = {"poster": (1000, 1500), "wide": (1920, 1080), "square": (1000, 1000), "logo": (800, 310)}


def picture(shape: str, name: str, *, width: int | None = None, kind: str = "JPEG") -> bytes:
    """Return a picture of one colour, scaled down to a width as a server would.

    Args:
        shape: one of `SHAPES`.
        name: decides the colour; another tag is another picture.
        width: at most this wide; None: the original.
        kind: JPEG, PNG or WEBP.
    """
    full_width, full_height = SHAPES[shape]
    scale = min(1.0, width / full_width) if width else 1.0
    size = (round(full_width * scale), max(1, round(full_height * scale)))
    number = zlib.crc32(name.encode())
    colour = (number & 255, number >> 8 & 255, number >> 16 & 255)
    mode = "RGBA" if shape == "logo" and kind != "JPEG" else "RGB"
    output = io.BytesIO()
    Image.new(mode, size, colour if mode == "RGB" else (*colour, 128)).save(output, kind)
    return output.getvalue()
