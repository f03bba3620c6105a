"""The private bus of `scripts/run`, which msdctl of the same environment finds by itself."""

from __future__ import annotations

import os
import sys

FILE_NAME = "msd-private-bus"  # in the virtual environment: holds the bus address, one line
_MAX_BYTES = 4096


def private_bus_file() -> str:
    """Return the path of the file that names the private bus of this environment."""
    return os.path.join(sys.prefix, FILE_NAME)  # noqa: PTH118 - pathlib costs 10 ms


def private_bus_address() -> str:
    """Return the address that `scripts/run` wrote down, empty when it runs no private bus.

    A file that belongs to somebody else is not believed.
    """
    try:
        with open(private_bus_file(), encoding="utf-8") as file:  # noqa: PTH123 - as above
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return ""
            return file.read(_MAX_BYTES).strip()
    except (OSError, UnicodeDecodeError):
        return ""
