"""systemd and the session bus as setup needs them: reload, enable, start, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd import __version__
from msd.cli import programs
from msd.cli.errors import CommandError
from msd.cli.setup.places import UNIT
from msd.contract import BUS_NAME, ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from msd.cli.session import Session
    from msd.cli.setup.changes import Changes

_USABLE = frozenset({"running", "degraded", "starting", "initializing", "maintenance"})


def has_user_manager() -> bool:
    """Return whether a `systemd --user` manages this session."""
    if not programs.has("systemctl"):
        return False
    state = programs.run("systemctl", "--user", "is-system-running").stdout.strip()
    return state in _USABLE


def unit_property(name: str) -> str:
    """Return a property of the unit, e.g. `LoadState`; empty when nobody answers."""
    command = ("systemctl", "--user", "show", UNIT, f"--property={name}", "--value")
    return programs.run(*command).stdout.strip()


def is_enabled() -> bool:
    """Return whether msd starts at login."""
    return unit_property("UnitFileState") == "enabled"


def reload_bus(session: Session) -> None:
    """Let the bus read its activation files again; nothing happens without a bus."""
    try:
        session.client.call_bus("ReloadConfig")
    except CommandError:
        return


def is_activatable(session: Session) -> bool | None:
    """Return whether the bus can start msd; None when there is no bus to ask."""
    try:
        (names,) = session.client.call_bus("ListActivatableNames")
    except CommandError:
        return None
    return BUS_NAME in cast("list[str]", names)


def start(session: Session, changes: Changes, *, with_systemd: bool) -> str:
    """Start msd, or start it again when it is of another version; return a problem or nothing."""
    running = _running_version(session)
    if running == __version__:
        return ""
    if with_systemd:
        verb = "restart" if running else "start"
        if not changes.run("systemctl", "--user", verb, UNIT):
            return "msd did not start; `msdctl doctor` tells why"
    if changes.is_dry:
        return ""
    try:
        session.client.properties(ROOT_PATH, SOURCE_COORDINATOR)
    except CommandError as error:
        return f"msd does not answer: {error.message}; `msdctl doctor` tells why"
    return ""


def _running_version(session: Session) -> str:
    try:
        if not session.client.is_running():
            return ""
        return str(session.client.properties(ROOT_PATH, SOURCE_COORDINATOR).get("Version"))
    except CommandError:
        return ""
