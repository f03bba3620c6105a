"""`config`: where the settings are, what they say, and whether they can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.doctor.finding import Machine
from msd.cli.errors import CommandError, ExitCode
from msd.cli.terminal.text import safe

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.session import Commands, Session

_NOTES = """\
path   where the settings file is, whether it exists or not
show   every setting with its value, defaults included
check  what is wrong with the file, with line numbers; exit code 1 when something is"""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    config = commands.add(
        "config", _config, notes=_NOTES, examples="msdctl config show\nmsdctl config check"
    )
    config.add_argument(
        "what", nargs="?", default="show", choices=("path", "show", "check"), metavar="WHAT"
    )


def _config(session: Session, options: Namespace) -> ExitCode:
    config = cast("dict[str, object]", Machine().selfcheck().get("config") or {})
    if not config:
        raise CommandError(
            "this installation of msd can't be run", hint="reinstall msd", exit_code=ExitCode.FAILED
        )
    problems = cast("list[dict[str, object]]", config.get("problems") or [])
    if session.out.as_json:
        session.out.document(config)
    elif options.what == "path":
        session.out.say(safe(str(config["path"])))
    elif options.what == "check":
        _check(session, config, problems)
    else:
        _show(session, config)
    return ExitCode.FAILED if problems and options.what != "path" else ExitCode.OK


def _check(session: Session, config: dict[str, object], problems: list[dict[str, object]]) -> None:
    path = safe(str(config["path"]))
    for problem in problems:
        line = f", line {problem['line']}" if problem.get("line") else ""
        session.out.say(f"{path}{line}: {safe(str(problem['message']))}")
    if not problems:
        exists = "is right" if config.get("exists") else "is not there; the defaults are used"
        session.out.say(f"{path} {exists}")


def _show(session: Session, config: dict[str, object]) -> None:
    session.out.say(f"# {safe(str(config['path']))}")
    values = cast("dict[str, dict[str, object]]", config["values"])
    for section, settings in values.items():
        session.out.say("", f"[{section}]")
        session.out.say(*(f"{name} = {_toml(value)}" for name, value in settings.items()))
    for problem in cast("list[dict[str, object]]", config.get("problems") or []):
        session.out.note(f"not used: {safe(str(problem['message']))}")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return safe(f'"{value}"') if isinstance(value, str) else str(value)
