"""The command line of msdctl: from arguments to the command that is meant."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from msd.cli import catalog
from msd.cli.errors import usage_error
from msd.cli.session import Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES = """\
examples:
  msdctl                            how msd and its sources are
  msdctl add local ~/Videos         add a folder
  msdctl login plex                 sign in with the browser
  msdctl sync "Living room"         bring one source up to date
  msdctl items --type movie --unwatched"""
EXIT_CODES = """\
exit codes:
  0    done
  1    failed
  2    the command line or a value in it is wrong
  3    the daemon or the session bus does not answer
  4    no such source, account, library, item or job, or more than one
  5    a sign-in was refused or expired, or the keyring is locked or absent
  130  interrupted
  141  whoever read the output stopped reading"""
JSON_NOTE = """\
With --json an error is {"error": {"code": ..., "message": ...}} on standard output; the codes
are those of the D-Bus errors (org.msd.Msd1.Error.*), and NotReachable, TimedOut, Usage,
Ambiguous, Cancelled and Refused."""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are raised, so that `--json` can show them as JSON."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and ending the process."""
        message = message.replace("the following arguments are required:", "missing:")
        raise usage_error(message, hint=f"`{self.prog} --help` shows its arguments and examples")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command that is meant, and `run`, the function that does it.

    Without a command it is `status`. `--json` and `--help` may stand before the command too.

    Raises:
        CommandError: there is no such command, or its arguments are wrong.
    """
    before, name, after = _split(arguments)
    if "--version" in before or "-V" in before:
        name = "version"
    elif name is None or (name == "help" and not after):
        name = "help" if name or {"-h", "--help"} & set(before) else "status"
    command = catalog.find(name)
    if command is None:
        raise _unknown(name)
    parser = parsers_of(command.module)[command.name]
    flags = [flag for flag in before if flag not in ("--version", "-V")]
    if name in ("help", "version"):
        flags = [flag for flag in flags if flag not in ("-h", "--help")]
    return parser.parse_args([*flags, *after], argparse.Namespace(as_json=False))


def _split(arguments: Sequence[str]) -> tuple[list[str], str | None, list[str]]:
    """Return the options before the command, the command, and what follows it."""
    for index, argument in enumerate(arguments):
        if not argument.startswith("-"):
            return list(arguments[:index]), argument, list(arguments[index + 1 :])
    return list(arguments), None, []


def _unknown(name: str) -> Exception:
    advice = catalog.ADVICE.get(name)
    if advice:
        return usage_error(f"there is no command '{name}'", hint=advice)
    near = catalog.nearest(name)
    hint = f"did you mean `msdctl {near}`?" if near else "`msdctl help` lists the commands"
    return usage_error(f"there is no command '{name}'", hint=hint)


def parsers_of(module: str) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of the commands that one module declares, by name."""
    commands = Commands(_Parser)
    import_module(f"msd.cli.{module}").register(commands)
    return commands.parsers


def every_parser() -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of all commands by name, in the order of the help."""
    modules = dict.fromkeys(command.module for command in catalog.commands())
    parsers = {name: parser for module in modules for name, parser in parsers_of(module).items()}
    return {command.name: parsers[command.name] for command in catalog.commands()}


def general_help() -> str:
    """Return the help of msdctl: its commands by task, examples and exit codes."""
    lines = ["usage: msdctl [--json] [COMMAND [ARGUMENT ...]]", ""]
    lines += ["Talk to msd, the Media Source Daemon, over the session bus.", ""]
    for group in catalog.GROUPS:
        lines.append(f"{group.title}:")
        lines += [f"  {command.name:<17}{command.summary}" for command in group.commands]
        lines.append("")
    lines += [_EXAMPLES, "", "`msdctl COMMAND --help` shows arguments and examples of a command."]
    return "\n".join([*lines, "", EXIT_CODES, "", JSON_NOTE])
