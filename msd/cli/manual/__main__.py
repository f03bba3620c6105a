"""`python -m msd.cli.manual FOLDER`: write man pages, HTML and completions, for packages."""

from __future__ import annotations

import sys
from pathlib import Path

from msd.cli.manual.completions import completions
from msd.cli.manual.html import bus_page
from msd.cli.manual.interfaces import read_interfaces
from msd.cli.manual.man import man_pages
from msd.cli.package_data import interface_folder

_NAMES = {"bash": "msdctl", "zsh": "_msdctl", "fish": "msdctl.fish"}


def write_all(folder: Path) -> None:
    """Write man/, html/ and completions/ below a folder."""
    interfaces = read_interfaces(interface_folder())
    _write(folder / "man", man_pages(interfaces))
    _write(folder / "html", {"org.msd.Msd1.html": bus_page(interfaces)})
    texts = completions().items()
    _write(folder / "completions", {_NAMES[shell]: text for shell, text in texts})


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the folder
        sys.exit("usage: python -m msd.cli.manual FOLDER")
    write_all(Path(sys.argv[1]))
