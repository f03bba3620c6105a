"""`setup --remove`: nothing of msd stays but what the user wants to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.errors import CommandError, usage_error
from msd.cli.setup import service
from msd.cli.setup.places import UNIT, Folders, files_to_install, user_folders
from msd.cli.setup.program import installed_program
from msd.cli.terminal.prompt import can_ask, confirm
from msd.cli.terminal.text import cell, count
from msd.contract import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from msd.cli.session import Session
    from msd.cli.setup.changes import Changes

_QUESTION = "Sign out everywhere and delete what msd has stored: sources, cache, settings?"


def remove(session: Session, changes: Changes, *, is_agreed: bool) -> None:
    """Stop msd and remove its files; sign out and delete its data when the user agrees.

    Raises:
        CommandError: nobody can be asked about the data.
    """
    folders = user_folders()
    if not (is_agreed or can_ask() or changes.is_dry):
        raise usage_error(
            "nobody can be asked whether what msd has stored shall go too",
            hint="`msdctl setup --remove --yes` removes everything",
        )
    with_data = is_agreed or (not changes.is_dry and confirm(_QUESTION))
    if with_data and not changes.is_dry:
        _sign_out(session)
    _remove_service(session, changes, folders)
    if with_data:
        _delete_data(changes, folders)
    elif not session.out.as_json:
        session.out.say(f"kept: {folders.data}/msd and {folders.config}/msd")


def _sign_out(session: Session) -> None:
    """Sign out every account, so that no server keeps a device of msd."""
    try:
        accounts = session.client.objects(ACCOUNT)
    except CommandError as error:
        session.out.note(f"msd can't sign out, for it does not run: {error.message}")
        return
    for path, fields in accounts.items():
        try:
            session.client.call("Remove", path=path, interface=ACCOUNT)
        except CommandError as error:
            name = cell(fields.get("DisplayName"))
            session.out.note(f"{name} could not be signed out: {error.message}")
    if accounts:
        session.out.say(f"signed out {count(len(accounts), 'account')}")


def _remove_service(session: Session, changes: Changes, folders: Folders) -> None:
    with_systemd = service.has_user_manager()
    if with_systemd and service.unit_property("LoadState") == "loaded":
        changes.run("systemctl", "--user", "disable", "--now", UNIT)
    program = installed_program()
    if not program.is_system:
        files = [
            file
            for kind in (True, False)
            for file in files_to_install(program, folders, with_systemd=kind)
        ]
        for path in dict.fromkeys(file.path for file in files):
            changes.delete(path, below=_base_of(path, folders))
    changes.delete(
        folders.config / f"systemd/user/default.target.wants/{UNIT}", below=folders.config
    )
    if with_systemd and changes.count:
        changes.run("systemctl", "--user", "daemon-reload")
        changes.run("systemctl", "--user", "reset-failed", UNIT)
    if changes.count and not changes.is_dry:
        service.reload_bus(session)


def _delete_data(changes: Changes, folders: Folders) -> None:
    for base in folders:
        changes.delete(base / "msd", below=base)
    changes.delete(folders.config / f"systemd/user/{UNIT}.d", below=folders.config)


def _base_of(path: Path, folders: Folders) -> Path:
    return folders.data if path.is_relative_to(folders.data) else folders.config
