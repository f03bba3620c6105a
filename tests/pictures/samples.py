"""Pictures that tests make, good and hostile."""

import io
import struct
import zlib

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>Sign in</title>"
SCRIPT = b"<script>alert('polyglot')</script>"


def picture(
    width: int = 400, height: int = 600, *, kind: str = "JPEG", mode: str = "RGB", **options: object
) -> bytes:
    """Return an encoded picture with some structure in it."""
    gradient = Image.linear_gradient("L").resize((width, height))
    image = gradient.convert(mode)
    if mode == "RGBA":
        image.putalpha(gradient)
    return encoded(image, kind, **options)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as a file of one format."""
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def opened(content: bytes) -> Image.Image:
    """Return a decoded picture."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def moving(kind: str, colours: tuple[str, ...] = ("red", "blue", "green")) -> bytes:
    """Return a moving picture whose first frame has the first colour."""
    first, *others = [Image.new("RGB", (120, 180), colour) for colour in colours]
    return encoded(first, kind, save_all=True, append_images=others, duration=100)


def quartered(orientation: int) -> bytes:
    """Return a wide picture with a red top left corner, held as its EXIF part says."""
    image = Image.new("RGB", (600, 300), "blue")
    image.paste("red", (0, 0, 300, 150))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, "JPEG", exif=exif, quality=95)


def sixteen_bits(value: int) -> bytes:
    """Return a grey PNG of 16 bits."""
    return encoded(Image.new("I;16", (80, 120), value), "PNG")


def with_profile(size: int) -> bytes:
    """Return a JPEG with a colour profile of about that many bytes."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture(icc_profile=profile + b"\0" * max(0, size - len(profile)))


def with_text_bomb(size: int = 64 << 20) -> bytes:
    """Return a small PNG with compressed texts that grow to that many bytes."""
    texts = PngInfo()
    texts.add_text("Comment", "\0" * size, zip=True)
    return picture(kind="PNG", pnginfo=texts)


def note(text: bytes) -> PngInfo:
    """Return a text that a PNG carries beside its picture."""
    texts = PngInfo()
    texts.add_text("Comment", text.decode())
    return texts


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


def many_frames(count: int = 3000) -> bytes:
    """Return a GIF of very many frames in few bytes."""
    frame = Image.new("L", (400, 600))
    frames = [Image.new("L", (400, 600), number % 2) for number in range(count)]
    return encoded(frame, "GIF", save_all=True, append_images=frames, duration=10)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
