"""What is said between msd and its picture checker."""

import struct
from enum import IntEnum

READY = b"\1"  # said once, when the checker has started
REQUEST = struct.Struct(">II")  # wanted width, length
ANSWER = struct.Struct(">BI")  # format, length


class Format(IntEnum):
    """The formats that are given out: those that every toolkit reads."""

    JPEG = 1
    PNG = 2  # pictures with transparent parts

    @property
    def suffix(self) -> str:
        """The ending of a file of this format."""
        return ".jpg" if self is Format.JPEG else ".png"
