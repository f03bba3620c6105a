"""Pictures that tests make, good and hostile."""

import io
import struct
import zlib

from PIL import Image


def picture(
    width: int = 400, height: int = 600, *, kind: str = "JPEG", mode: str = "RGB", **options: object
) -> bytes:
    """Return an encoded picture with some structure in it."""
    gradient = Image.linear_gradient("L").resize((width, height))
    image = gradient.convert(mode)
    if mode == "RGBA":
        image.putalpha(gradient)
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a small PNG whose header announces a huge picture of one colour."""
    row = b"\0" * ((width + 7) // 8 + 1)
    compressor = zlib.compressobj(9)
    body = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>Sign in</title>"
