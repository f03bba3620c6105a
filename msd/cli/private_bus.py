"""A running `scripts/run`: its private bus and its settings, for msdctl of the same environment.

`scripts/run` writes a file into its virtual environment while it serves:

    bus=unix:path=/home/ada/msd/.msd-try/bus
    config=/home/ada/msd/.msd-try/config/msd/msd.toml

`bus` is missing when msd is on the user's own session bus.
"""

from __future__ import annotations

import os
import sys

FILE_NAME = "msd-trial"
_MAX_BYTES = 4096


def trial_file() -> str:
    """Return the path of the file that describes a running `scripts/run`."""
    return os.path.join(sys.prefix, FILE_NAME)  # noqa: PTH118 - pathlib costs 10 ms


def private_bus_address() -> str:
    """Return the address of the private bus, empty when `scripts/run` runs none."""
    return _trial().get("bus", "")


def settings_file() -> str:
    """Return the settings file that a running `scripts/run` reads, empty when none runs."""
    return _trial().get("config", "")


def _trial() -> dict[str, str]:
    """Return what `scripts/run` wrote down; a file of somebody else is not believed."""
    try:
        with open(trial_file(), encoding="utf-8") as file:  # noqa: PTH123 - as above
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return {}
            lines = file.read(_MAX_BYTES).splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return dict(line.partition("=")[::2] for line in lines)
