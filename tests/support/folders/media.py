"""Small real media files, made once per session with ffmpeg and then copied.

A test that asks for one on a machine without ffmpeg is skipped, visibly and with the reason.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import pytest

_PICTURE = ("-f", "lavfi", "-i", "testsrc=duration={seconds}:size=64x48:rate=5")
_TONE = ("-f", "lavfi", "-i", "sine=frequency={hertz}:duration={seconds}")
_CODECS = {
    ".mkv": ("-c:v", "mpeg4", "-c:a", "aac"),
    ".mp4": ("-c:v", "mpeg4", "-c:a", "aac"),
    ".mov": ("-c:v", "mpeg4", "-c:a", "aac"),
    ".avi": ("-c:v", "mpeg4", "-c:a", "mp2"),
    ".webm": ("-c:v", "libvpx", "-c:a", "libvorbis"),
    ".ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    ".mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
}

Tags = dict[str, str]


class MediaMaker:
    """Makes video and audio files; equal requests are made once and copied."""

    def __init__(self) -> None:
        self._cache = Path(mkdtemp(prefix="msd-media-"))
        self._made: dict[tuple[object, ...], Path] = {}

    def close(self) -> None:
        """Remove the templates."""
        shutil.rmtree(self._cache, ignore_errors=True)

    def video(
        self, path: Path, *, seconds: float = 1, unique: bool = True, extra: tuple[str, ...] = ()
    ) -> Path:
        """Write a video with sound; `unique` gives it a content of its own."""
        codecs = _CODECS[path.suffix]
        inputs = [part.format(seconds=seconds, hertz=440) for part in (*_PICTURE, *_TONE)]
        template = self._template(
            ("video", path.suffix, seconds, extra),
            path.suffix,
            [*inputs, *extra, *codecs, "-shortest"],
        )
        return _place(template, path, unique=unique)

    def audio(
        self,
        path: Path,
        tags: Tags | None = None,
        *,
        seconds: float = 1,
        hertz: int = 440,
        cover: Path | None = None,
    ) -> Path:
        """Write a tone with tags (ffmpeg's names: title, artist, album, album_artist, track …)."""
        options = [part.format(seconds=seconds, hertz=hertz) for part in _TONE]
        if cover is not None:
            options += ["-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy"]
            options += ["-disposition:v", "attached_pic"]
        for key, value in (tags or {}).items():
            options += ["-metadata", f"{key}={value}"]
        key = ("audio", path.suffix, seconds, hertz, cover, tuple(sorted((tags or {}).items())))
        return _place(self._template(key, path.suffix, options), path, unique=False)

    def picture(self, path: Path, *, size: int = 64) -> Path:
        """Write a JPEG or PNG."""
        options = ["-f", "lavfi", "-i", f"testsrc=duration=1:size={size}x{size}:rate=1"]
        options += ["-frames:v", "1"]
        template = self._template(("picture", path.suffix, size), path.suffix, options)
        return _place(template, path, unique=False)

    def _template(self, key: tuple[object, ...], suffix: str, options: list[str]) -> Path:
        if key not in self._made:
            path = self._cache / f"{len(self._made)}{suffix}"
            command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *options, str(path)]
            subprocess.run(command, check=True, capture_output=True, timeout=50)
            self._made[key] = path
        return self._made[key]


def _place(template: Path, path: Path, *, unique: bool) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, path)
    if unique and path.suffix in {".mkv", ".mp4", ".mov", ".webm"}:
        with path.open("ab") as file:
            file.write(_filler(path))
    return path


def _filler(path: Path) -> bytes:
    """Bytes after the end that every player ignores: an EBML Void or an MPEG-4 `free` box."""
    text = str(path).encode()[-100:]
    if path.suffix in {".mkv", ".webm"}:
        return b"\xec" + bytes((0x80 | len(text),)) + text
    return (8 + len(text)).to_bytes(4, "big") + b"free" + text


@pytest.fixture(scope="session")
def media():
    """Give a maker of small real media files."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: no real media files to test with")
    maker = MediaMaker()
    yield maker
    maker.close()
