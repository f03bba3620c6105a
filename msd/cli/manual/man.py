"""The man pages msd(1), msdctl(1) and org.msd.Msd1(5) in roff."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msd import __version__
from msd.cli import catalog
from msd.cli.command_line import EXIT_CODES, JSON_NOTE, every_parser
from msd.cli.manual.interfaces import KEY

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from msd.cli.manual.interfaces import Block, Interface, Member

_CODE = re.compile(r"`([^`]+)`")
_MSD = """\
.SH SYNOPSIS
.B msd
[\\fB--config\\fR \\fIFILE\\fR] [\\fB--log-level\\fR \\fILEVEL\\fR]
.SH DESCRIPTION
msd joins Plex, Jellyfin and local folders of one desktop user behind one D-Bus service,
org.msd.Msd1 on the session bus. It copies what they hold into a local cache, keeps it up to date
in the background, and serves it to frontends, shell extensions and scripts.
.PP
Nobody has to start it by hand: \\fBmsdctl setup\\fR makes it start at login and by the first D-Bus
call. \\fBmsdctl\\fR(1) talks to it; \\fBmsdctl doctor\\fR tells what is wrong when it does not run.
.SH OPTIONS
.TP
.BI --config " FILE"
the settings file; default: msd/msd.toml in $XDG_CONFIG_HOME
.TP
.BI --log-level " LEVEL"
debug, info, warning or error; replaces log.level of the settings
.TP
.B --version
print the version
.SH EXIT STATUS
.TP
.B 0
stopped by SIGTERM or SIGINT
.TP
.B 1
the session bus is missing or was lost
.TP
.B 78
the settings can't be used, or another process owns the bus name
.SH FILES
.TP
.I ~/.config/msd/msd.toml
settings; every key is optional
.TP
.I ~/.local/share/msd/state.db
sources and accounts, without secrets
.TP
.I ~/.local/share/msd/cache.db
libraries and items; may be deleted while msd is stopped
.SH SEE ALSO
.BR msdctl (1),
.BR org.msd.Msd1 (5)
"""


def man_pages(interfaces: Iterable[Interface]) -> dict[str, str]:
    """Return the file name and roff text of each man page, e.g. `msdctl.1`."""
    return {
        "msd.1": _header("msd", 1, "Media Source Daemon") + _MSD,
        "msdctl.1": _header("msdctl", 1, "talk to msd, the Media Source Daemon") + _msdctl(),
        "org.msd.Msd1.5": _header("org.msd.Msd1", 5, "D-Bus interfaces of msd") + _bus(interfaces),
    }


def _header(name: str, section: int, summary: str) -> str:
    title = f'.TH "{name.upper()}" {section} "" "msd {__version__}" "msd"\n'
    return f"{title}.SH NAME\n{name} \\- {_escaped(summary)}\n"


def _msdctl() -> str:
    lines = [
        ".SH SYNOPSIS",
        r".B msdctl",
        r"[\fB--json\fR] [\fICOMMAND\fR [\fIARGUMENT\fR ...]]",
        ".SH DESCRIPTION",
        "msdctl is a D-Bus client of msd. Without a command it shows how msd and its sources are.",
        "With \\fB--json\\fR, before or after the command, answers and errors are JSON.",
    ]
    parsers = every_parser()
    for group in catalog.GROUPS:
        lines.append(f".SH {group.title.upper()}")
        for command in group.commands:
            lines += _command(parsers[command.name])
    lines += [".SH EXIT STATUS", *_literal(EXIT_CODES.partition("\n")[2])]
    lines += [".SH ERRORS FOR SCRIPTS", _escaped(JSON_NOTE)]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR msd (1),", ".BR org.msd.Msd1 (5)", ""])


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    yield f".SS {_escaped(usage)}"
    yield _escaped(parser.description or "")
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if not action.help or action.help == "==SUPPRESS==" or "--help" in action.option_strings:
            continue
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = f" {action.metavar or action.dest.upper()}" if _takes_value(action) else ""
        yield ".TP"
        yield f"\\fB{_escaped(name)}\\fR{_escaped(value)}"
        yield _escaped(action.help.replace("%%", "%"))
    if parser.epilog:
        yield ".PP"
        yield from _literal(parser.epilog)


def _takes_value(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.nargs != 0


def _bus(interfaces: Iterable[Interface]) -> str:
    lines = [
        ".SH DESCRIPTION",
        "The bus name org.msd.Msd1 is on the session bus; its object is /org/msd/Msd1.",
    ]
    for interface in interfaces:
        lines += [f'.SH "{interface.name}"', _escaped(interface.summary)]
        for block in interface.blocks:
            lines += _block(block)
        for member in interface.members:
            lines += _member(member)
    return "\n".join([*lines, ".SH SEE ALSO", ".BR msd (1),", ".BR msdctl (1)", ""])


def _member(member: Member) -> Iterator[str]:
    yield f".SS {member.role} {member.name} {_escaped(member_signature(member))}"
    for argument in member.arguments:
        yield ".TP"
        yield f"\\fI{argument.name}\\fR {_escaped(argument.signature)} {argument.direction}"
        yield _escaped(argument.text or "as its name says")
    for block in member.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, str):
        yield from (".PP", _escaped(block))
        return
    yield from (".RS 2", ".PD 0")
    for entry in block:
        yield from (r".IP \(bu 2", _escaped(KEY.sub(r"`\1` (\2) ", entry)))
    yield from (".PD", ".RE")


def member_signature(member: Member) -> str:
    """Return the types of a member: `(s source_id) -> (o job)`, or the type of a property."""
    if member.role == "property":
        return member.signature
    given = _typed(member, ("in", "")) if member.role == "method" else _typed(member, ("", "out"))
    answer = f" -> {_typed(member, ('out',))}" if member.role == "method" else ""
    return given + answer


def _typed(member: Member, directions: tuple[str, ...]) -> str:
    parts = (
        f"{part.signature} {part.name}" for part in member.arguments if part.direction in directions
    )
    return f"({', '.join(parts)})"


def _literal(text: str) -> list[str]:
    """Return text whose line breaks are kept."""
    return [".nf", *(_escaped(line) or ".sp" for line in text.splitlines()), ".fi"]


def _escaped(text: str) -> str:
    """Return text as roff shows it; no line can be taken for a request."""
    escaped = _CODE.sub(r"\\fB\1\\fR", text.replace("\\", "\\e").replace("-", "\\-"))
    return "\n".join(
        f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.splitlines()
    )
