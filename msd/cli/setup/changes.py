"""Changes to the files of the user, made or only shown."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msd.cli import programs
from msd.cli.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable


class Changes:
    """Installs and deletes files and runs programs; says what it does, one line each.

    With `is_dry` nothing is changed and the lines say what would be done. What is as it should be
    is neither touched nor mentioned, so that a second setup says nothing and does nothing.
    """

    def __init__(self, say: Callable[[str], None], *, is_dry: bool) -> None:
        self.is_dry = is_dry
        self.count = 0
        self._say = say

    def install(self, path: Path, text: str) -> None:
        """Write a file unless it is there with this content.

        Raises:
            CommandError: the file can't be written.
        """
        with suppress(OSError, UnicodeDecodeError):
            if path.read_text() == text:
                return
        verb = "update" if path.exists() else "install"
        self._report(verb, path)
        if self.is_dry:
            return
        temporary = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(text)
            os.replace(temporary, path)  # noqa: PTH105 - the name says what happens
        except OSError as exc:
            raise _unwritable(path, exc) from exc

    def delete(self, path: Path, *, below: Path) -> None:
        """Delete a file or a folder, and the folders above it that this leaves empty.

        Args:
            path: what to delete; nothing happens when it is not there.
            below: the last folder that stays even when it is empty.
        """
        if not (path.exists() or path.is_symlink()):
            return
        self._report("remove", path)
        if self.is_dry:
            return
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as exc:
            raise _unwritable(path, exc) from exc
        for folder in path.parents:
            if folder == below or not folder.is_relative_to(below):
                return
            try:
                folder.rmdir()
            except OSError:
                return  # something else is in it

    def move_away(self, path: Path, name: str) -> None:
        """Rename a file that is in the way."""
        self._report(f"rename to {name}", path)
        if not self.is_dry:
            path.rename(path.with_name(name))

    def run(self, *command: str) -> bool:
        """Run a program; return whether it succeeded, which a dry run always does."""
        self.count += 1
        if self.is_dry:
            self._say(f"would run {' '.join(command)}")
            return True
        return programs.run(*command).returncode == 0

    def _report(self, verb: str, path: Path) -> None:
        self.count += 1
        prefix = "would " if self.is_dry else ""
        self._say(f"{prefix}{verb} {_shown(path)}")


def _shown(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _unwritable(path: Path, error: OSError) -> CommandError:
    return CommandError(
        f"{_shown(path)} can't be changed: {error.strerror or error}",
        hint=f"make {_shown(path.parent)} writable, then run `msdctl setup` again",
        exit_code=ExitCode.FAILED,
    )
