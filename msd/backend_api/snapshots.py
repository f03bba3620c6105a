"""What a backend has seen, kept beside its cursors: for servers that date no changes.

A cursor names the snapshot that belongs to it. A new one is written under a new name and the
others are removed only when it has come back with a cursor, so that a pass that fails after
writing leaves the older one for its repetition. A snapshot that is not there any more makes its
cursor worthless, and the source is enumerated.
"""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

_NAME = re.compile(r"[0-9a-f]{16}").fullmatch
_LARGEST = 256 << 20

_decode = msgspec.msgpack.Decoder(dict[str, int]).decode


class Snapshots:
    """The snapshots of one thing, such as a library's watch state; every call blocks.

    Args:
        folder: private to the source; may vanish at any time.
        thing: what they are of, as part of a file name.
    """

    def __init__(self, folder: Path, thing: str) -> None:
        self._folder = folder
        self._thing = thing

    def load(self, name: str) -> dict[str, int] | None:
        """Return the snapshot of this name, None when there is none; other ones are removed."""
        if _NAME(name) is None:
            return None
        with suppress(OSError, msgspec.DecodeError):
            for path in self._folder.glob(f"{self._thing}-*.seen"):
                if path != self._path(name):
                    path.unlink(missing_ok=True)
            if self._path(name).stat().st_size <= _LARGEST:
                return _decode(self._path(name).read_bytes())
        return None

    def save(self, seen: Mapping[str, int]) -> str:
        """Write a snapshot and return its name; older ones stay until it is loaded.

        Where it can't be written the name is as good as none, which `load` will find.
        """
        name = secrets.token_hex(8)
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - made private from the start
                file.write(msgspec.msgpack.encode(dict(seen)))
        return name

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._thing}-{name}.seen"
