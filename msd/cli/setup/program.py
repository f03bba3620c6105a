"""Which path the unit and the activation file call, so that it survives upgrades."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import which
from typing import NamedTuple

from msd.cli.errors import CommandError, ExitCode

_SYSTEM_BINARIES = ("/usr/bin", "/usr/local/bin")


class Program(NamedTuple):
    """The installed `msd` as systemd and D-Bus shall call it."""

    path: Path
    is_system: bool  # installed for every user, by a package
    note: str = ""  # what the user should know about the path

    @property
    def unit_path(self) -> str:
        """The path as it stands in a unit: `%h/.local/bin/msd` when it is below the home."""
        home = Path.home()
        if self.path.is_relative_to(home):
            return f"%h/{_unit_escaped(str(self.path.relative_to(home)))}"
        return _unit_escaped(str(self.path))


def installed_program() -> Program:
    """Return the program of this installation.

    `pipx upgrade` and uv replace the environment; only their link in ~/.local/bin stays. So a
    link that leads to this environment is preferred to the environment's own path.

    Raises:
        CommandError: msd runs from a temporary environment, such as that of `uvx`.
    """
    own = Path(sys.prefix, "bin", "msd")
    target = own.resolve()
    if _is_temporary(target):
        raise CommandError(
            f"msd runs from a temporary environment, {sys.prefix}, which will be gone",
            hint="install it first: `pipx install msd` or `uv tool install msd`",
            exit_code=ExitCode.FAILED,
        )
    for candidate in _candidates():
        if candidate.exists() and candidate.resolve() == target:
            return Program(candidate, is_system=str(candidate.parent) in _SYSTEM_BINARIES)
    if not own.exists():
        raise CommandError(
            f"there is no program {own}",
            hint="install msd with `pipx install msd` or `scripts/install`",
            exit_code=ExitCode.FAILED,
        )
    return Program(own, is_system=False, note=f"run `msdctl setup` again if {sys.prefix} moves")


def _candidates() -> list[Path]:
    folders = [os.environ.get(name, "") for name in ("PIPX_BIN_DIR", "UV_TOOL_BIN_DIR")]
    folders += [str(Path.home() / ".local/bin"), *_SYSTEM_BINARIES]
    on_path = which("msd")
    programs = [Path(folder, "msd") for folder in folders if folder]
    return [*programs, Path(on_path)] if on_path else programs


def _is_temporary(target: Path) -> bool:
    caches = (os.environ.get("UV_CACHE_DIR", ""), os.environ.get("XDG_CACHE_HOME", ""))
    folders = [*(Path(cache) for cache in caches if cache), Path.home() / ".cache"]
    return any(target.is_relative_to(folder) for folder in folders)


def _unit_escaped(path: str) -> str:
    """Return a path as one word of an Exec line of systemd."""
    escaped = path.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if any(character in path for character in " \t'\"\\") else escaped
