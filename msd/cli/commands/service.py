"""`start`, `stop`, `restart`, `version`, `help`: the daemon as a program."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from msd import __version__
from msd.cli import programs
from msd.cli.errors import CommandError, ExitCode, not_reachable
from msd.cli.terminal.text import cell
from msd.contract import BUS_NAME, ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.session import Commands, Session

UNIT = "msd.service"
_STOP_TIMEOUT_S = 12  # the daemon stops within 10 s


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    commands.add("start", _start, examples="msdctl start")
    commands.add("stop", _stop, notes="The next D-Bus call or login starts it again.")
    commands.add("restart", _restart, examples="msdctl restart")
    commands.add("version", _version, examples="msdctl version\nmsdctl --json version")
    helping = commands.add("help", _help, examples="msdctl help\nmsdctl help add")
    helping.add_argument("command", nargs="?", metavar="COMMAND")


def _start(session: Session, _options: Namespace) -> ExitCode:
    if not _has_unit():
        session.client.call_bus("StartServiceByName", "su", BUS_NAME, 0)
    else:
        programs.run("systemctl", "--user", "reset-failed", UNIT)  # after too many failures
        _systemctl("start")
    version = session.client.properties(ROOT_PATH, SOURCE_COORDINATOR).get("Version")
    _done(session, "running", f"msd {cell(version)} is running")
    return ExitCode.OK


def _stop(session: Session, _options: Namespace) -> ExitCode:
    if _has_unit() and _unit_state() == "active":
        _systemctl("stop")
    elif session.client.is_running():
        _terminate(session)
    _done(session, "stopped", "msd has stopped")
    return ExitCode.OK


def _restart(session: Session, options: Namespace) -> ExitCode:
    if _has_unit() and _unit_state() == "active":
        _systemctl("restart")
    else:
        _terminate(session)
    return _start(session, options)


def _terminate(session: Session) -> None:
    """End a daemon that systemd does not manage, and wait until it has left the bus."""
    client = session.client
    with client.signals() as signals:
        if not client.is_running():
            return
        (pid,) = client.call_bus("GetConnectionUnixProcessID", "s", BUS_NAME)
        os.kill(int(str(pid)), signal.SIGTERM)
        while (change := signals.next(_STOP_TIMEOUT_S)) is not None:
            if change.is_departure:
                return
    raise CommandError(
        f"msd, process {pid}, did not stop within {_STOP_TIMEOUT_S} seconds",
        hint=f"`kill -9 {pid}` ends it; a sync goes on at the next start",
        exit_code=ExitCode.FAILED,
    )


def _has_unit() -> bool:
    return programs.has("systemctl") and _show("LoadState") == "loaded"


def _unit_state() -> str:
    return _show("ActiveState")


def _show(name: str) -> str:
    """Return a property of the unit, empty when no user manager answers."""
    command = ("systemctl", "--user", "show", UNIT, f"--property={name}", "--value")
    return programs.run(*command).stdout.strip()


def _systemctl(verb: str) -> None:
    done = programs.run("systemctl", "--user", verb, UNIT)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["systemctl failed"]
        raise not_reachable(said[0], hint="`msdctl doctor` tells what is wrong")


def _done(session: Session, word: str, sentence: str) -> None:
    if session.out.as_json:
        session.out.record({word: True})
    else:
        session.out.say(sentence)


def _version(session: Session, _options: Namespace) -> ExitCode:
    try:
        running = _running_version(session)
    except CommandError:
        running = None  # without a bus there is still msdctl's own version
    if session.out.as_json:
        session.out.document({"msdctl": __version__, "msd": running})
    elif running in (None, __version__):
        session.out.say(f"msdctl {__version__}")
    else:
        session.out.say(f"msdctl {__version__}, the running msd is {cell(running)}")
        session.out.note("hint: `msdctl restart` starts the installed version")
    return ExitCode.OK


def _running_version(session: Session) -> str | None:
    """Return the version of a running daemon, None when none runs; nothing is started."""
    if not session.client.is_running():
        return None
    return str(session.client.properties(ROOT_PATH, SOURCE_COORDINATOR).get("Version"))


def _help(session: Session, options: Namespace) -> ExitCode:
    from msd.cli.command_line import general_help, parse  # noqa: PLC0415 - only here
    from msd.cli.session import fitted  # noqa: PLC0415

    if options.command:
        parse([options.command, "--help"])  # prints and leaves
    session.out.say(fitted(general_help(), session.out.width))
    return ExitCode.OK
