"""`setup`: make msd start at login and by a D-Bus call; `--remove` undoes all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.errors import CommandError, ExitCode
from msd.cli.setup import service
from msd.cli.setup.changes import Changes
from msd.cli.setup.offers import offer_sources
from msd.cli.setup.places import UNIT, files_to_install, user_folders
from msd.cli.setup.program import Program, installed_program
from msd.cli.setup.removal import remove

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.session import Commands, Session

_NOTES = """\
Installs the systemd unit, the D-Bus activation file, the interface XML, completions and man pages
of this user, enables and starts msd, and offers your folders and the servers nearby as sources.
Without systemd msd starts by the desktop's autostart and by the first D-Bus call. Running it again
changes only what is not as it should be; do so after moving the installation.

--remove takes all of it back. It asks before it signs out and deletes what msd has stored; --yes
answers every question with yes, also this one."""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    setup = commands.add(
        "setup",
        _setup,
        notes=_NOTES,
        examples="msdctl setup\nmsdctl setup --dry-run\nmsdctl setup --remove",
    )
    setup.add_argument("--remove", action="store_true", help="undo what setup did")
    setup.add_argument("--dry-run", action="store_true", help="show what would be done")
    setup.add_argument("--no-enable", action="store_true", help="don't start msd at login")
    setup.add_argument("-y", "--yes", action="store_true", help="answer yes to every question")


def _setup(session: Session, options: Namespace) -> ExitCode:
    changes = Changes(
        session.out.note if session.out.as_json else session.out.say, is_dry=options.dry_run
    )
    if options.remove:
        remove(session, changes, is_agreed=options.yes)
    else:
        _install(session, changes, options)
    if session.out.as_json:
        session.out.document({"changes": changes.count, "dry_run": options.dry_run})
    return ExitCode.OK


def _install(session: Session, changes: Changes, options: Namespace) -> None:
    program = installed_program()
    with_systemd = service.has_user_manager()
    if program.is_system:
        session.out.note("msd is installed for every user; setup starts it for you")
    else:
        _install_files(changes, program, with_systemd=with_systemd)
    if with_systemd:
        _enable(changes, options)
    if changes.count and not changes.is_dry:
        service.reload_bus(session)
    problem = service.start(session, changes, with_systemd=with_systemd)
    if problem:
        raise CommandError(problem, exit_code=ExitCode.FAILED)
    _report(session, changes, program, with_systemd=with_systemd)
    if not changes.is_dry and not session.out.as_json:
        offer_sources(session, is_agreed=options.yes)


def _install_files(changes: Changes, program: Program, *, with_systemd: bool) -> None:
    folders = user_folders()
    stale = folders.overriding_unit
    if with_systemd and stale.is_file() and not stale.is_symlink():
        changes.move_away(stale, f"{UNIT}.before-setup")  # it would win over the new one
    for path, text in files_to_install(program, folders, with_systemd=with_systemd):
        changes.install(path, text)
    if with_systemd:
        changes.delete(folders.autostart, below=folders.config)


def _enable(changes: Changes, options: Namespace) -> None:
    if changes.count and not changes.is_dry:
        changes.run("systemctl", "--user", "daemon-reload")
    if not options.no_enable and not service.is_enabled():
        changes.run("systemctl", "--user", "enable", UNIT)


def _report(session: Session, changes: Changes, program: Program, *, with_systemd: bool) -> None:
    say = session.out.note
    if program.note:
        say(program.note)
    if not with_systemd:
        say("there is no systemd for this user: msd starts with the desktop and by a D-Bus call")
    if changes.is_dry:
        return
    if service.is_activatable(session) is False:
        say("the session bus does not know msd yet; it will after the next login")
    if not session.out.as_json:
        session.out.say("msd is set up." if changes.count else "msd is set up already.")
