"""What `msdctl setup` installs, and where."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msd.cli.manual.completions import completions
from msd.cli.manual.interfaces import read_interfaces
from msd.cli.manual.man import man_pages
from msd.cli.package_data import activation_text, interface_folder, unit_text

if TYPE_CHECKING:
    from msd.cli.setup.program import Program

UNIT = "msd.service"
ACTIVATION = "org.msd.Msd1.service"


class InstalledFile(NamedTuple):
    """A file and its content."""

    path: Path
    text: str


class Folders(NamedTuple):
    """The base folders of this user."""

    data: Path
    config: Path
    cache: Path

    @property
    def unit(self) -> Path:
        """Where the unit goes: the folder for units of programs that a user installed."""
        return self.data / "systemd/user" / UNIT

    @property
    def overriding_unit(self) -> Path:
        """A unit at this place wins over the installed one."""
        return self.config / "systemd/user" / UNIT

    @property
    def activation(self) -> Path:
        """Where the D-Bus activation file goes."""
        return self.data / "dbus-1/services" / ACTIVATION

    @property
    def autostart(self) -> Path:
        """Where a desktop without systemd looks for what starts at login."""
        return self.config / "autostart/msd.desktop"


def user_folders() -> Folders:
    """Return the XDG base folders of this user."""
    home = Path.home()

    def folder(variable: str, usual: str) -> Path:
        value = os.environ.get(variable, "")
        return Path(value) if value.startswith("/") else home / usual

    return Folders(
        data=folder("XDG_DATA_HOME", ".local/share"),
        config=folder("XDG_CONFIG_HOME", ".config"),
        cache=folder("XDG_CACHE_HOME", ".cache"),
    )


def files_to_install(
    program: Program, folders: Folders, *, with_systemd: bool
) -> list[InstalledFile]:
    """Return every file of an installation for one user."""
    files = [InstalledFile(folders.activation, _activation(program, with_systemd=with_systemd))]
    if with_systemd:
        files.append(InstalledFile(folders.unit, _unit(program)))
    else:
        files.append(InstalledFile(folders.autostart, _desktop_entry(program)))
    interfaces = interface_folder()
    files += [
        InstalledFile(folders.data / "dbus-1/interfaces" / path.name, path.read_text())
        for path in sorted(interfaces.glob("*.xml"))
    ]
    for name, text in man_pages(read_interfaces(interfaces)).items():
        section = name.rpartition(".")[2]
        files.append(InstalledFile(folders.data / f"man/man{section}" / name, text))
    places = {
        "bash": "bash-completion/completions/msdctl",
        "zsh": "zsh/site-functions/_msdctl",
        "fish": "fish/vendor_completions.d/msdctl.fish",
    }
    for shell, text in completions().items():
        files.append(InstalledFile(folders.data / places[shell], text))
    return files


def _unit(program: Program) -> str:
    """Return the unit with the path of this installation."""
    return re.sub(r"(?m)^ExecStart=.*$", lambda _: f"ExecStart={program.unit_path}", unit_text())


def _activation(program: Program, *, with_systemd: bool) -> str:
    path = str(program.path)
    quoted = f'"{path}"' if re.search(r"[^-\w/.+:@%,]", path) else path
    text = re.sub(r"(?m)^Exec=.*$", lambda _: f"Exec={quoted}", activation_text())
    return text if with_systemd else re.sub(r"(?m)^SystemdService=.*\n?", "", text)


def _desktop_entry(program: Program) -> str:
    path = str(program.path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return (
        "[Desktop Entry]\nType=Application\nName=Media Source Daemon\n"
        f'Exec="{path}"\nNoDisplay=true\nX-GNOME-Autostart-enabled=true\n'
    )
