"""What a new user wants first: the own folders, servers nearby, a sign-in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msd.cli import programs
from msd.cli.daemon.backends import find_backend
from msd.cli.daemon.lookup import list_sources, quoted
from msd.cli.errors import CommandError
from msd.cli.terminal.prompt import can_ask, confirm
from msd.cli.terminal.text import cell, safe
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from msd.cli.session import Session

_PLAYABLE = (
    *(".mkv", ".mp4", ".avi", ".m4v", ".mov", ".webm", ".ts", ".wmv", ".mpg"),
    *(".flac", ".mp3", ".ogg", ".opus", ".m4a", ".wav"),
)
_MOST_FOLDERS = 2000  # looked into before a folder counts as empty


def offer_sources(session: Session, *, is_agreed: bool) -> None:
    """Offer folders with media and tell how to sign in, unless there are sources already."""
    if list_sources(session.client):
        return
    for folder in media_folders():
        if is_agreed or (can_ask() and confirm(f"Add {safe(str(folder))}?", default=True)):
            _add_folder(session, folder)
    if can_ask() and confirm("Look for servers on the local network?", default=True):
        _look_around(session)
    session.out.say(
        "`msdctl login plex` signs in to Plex, `msdctl login jellyfin ADDRESS` to Jellyfin,",
        "`msdctl add local FOLDER` adds a folder, and `msdctl` shows how things are.",
    )


def media_folders() -> list[Path]:
    """Return the user's Videos and Music folders, if there is something to play in them."""
    folders = [_user_folder("VIDEOS", "Videos"), _user_folder("MUSIC", "Music")]
    return [folder for folder in dict.fromkeys(folders) if _has_media(folder)]


def _user_folder(kind: str, name: str) -> Path:
    named = programs.run("xdg-user-dir", kind).stdout.strip()
    # the home directory means that none is set
    return Path(named) if named and Path(named) != Path.home() else Path.home() / name


def _has_media(folder: Path) -> bool:
    for number, (_folder, _folders, names) in enumerate(os.walk(folder)):
        if any(name.lower().endswith(_PLAYABLE) for name in names):
            return True
        if number >= _MOST_FOLDERS:
            return False
    return False


def _add_folder(session: Session, folder: Path) -> None:
    options = {"path": Variant("s", str(folder))}
    try:
        session.client.call("AddSource", "sa{sv}", "local", options)
    except CommandError as error:
        session.out.note(f"{safe(str(folder))} was not added: {safe(error.message)}")
    else:
        session.out.say(f"added {safe(str(folder))}; its first sync has begun")


def _look_around(session: Session) -> None:
    from msd.cli.commands.discover import find_servers  # noqa: PLC0415 - only when it is wanted

    try:
        servers = find_servers(session)
    except CommandError as error:
        session.out.note(f"the network could not be searched: {safe(error.message)}")
        return
    for server in servers:
        address = quoted(cell(server.get("address")))
        kind = cell(server.get("kind"))
        backend = find_backend(session.client, kind)
        takes_address = backend is not None and backend.has_login_option("url")
        sign_in = f"msdctl login {kind}" + (f" {address}" if takes_address else "")
        session.out.say(f"found {cell(server.get('name'))}: `{sign_in}` signs in")
    if not servers:
        session.out.say("no server answered")
