"""What is said between msd and its picture checker."""

import struct
from enum import IntEnum

REQUEST = struct.Struct(">II")  # wanted width, length
ANSWER = struct.Struct(">BI")  # format, length


class Format(IntEnum):
    """The formats that are given out."""

    JPEG = 1
    PNG = 2
    WEBP = 3
    GIF = 4

    @property
    def suffix(self) -> str:
        """The ending of a file of this format."""
        return {"JPEG": ".jpg"}.get(self.name, f".{self.name.lower()}")


FORMATS = {one.name: one for one in Format}
