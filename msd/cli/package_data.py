"""Files that the package carries: interface XML, the activation file, the unit."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def _folder(name: str) -> Path:
    """Return a data folder of the package, or of the checkout that msd runs from."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def interface_folder() -> Path:
    """Return the folder with the interface XML and the activation file."""
    return _folder("dbus")


def unit_text() -> str:
    """Return the unit as it is shipped."""
    return (_folder("systemd") / "msd.service").read_text()


def activation_text() -> str:
    """Return the D-Bus activation file as it is shipped."""
    return (interface_folder() / "org.msd.Msd1.service").read_text()
