"""What commands there are: names, groups, summaries, other words for them.

Each run of msdctl imports this and, after that, only the module of the one command that is asked
for; help, completions and man pages are made from it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Command(NamedTuple):
    """One command: what it is called, what it does, where it lives."""

    name: str
    summary: str
    module: str  # below msd.cli


class Group(NamedTuple):
    """Commands that belong together in the help."""

    title: str
    commands: tuple[Command, ...]


def _group(title: str, *commands: tuple[str, str, str]) -> Group:
    return Group(title, tuple(Command(*command) for command in commands))


GROUPS = (
    _group(
        "see what there is",
        ("status", "show how msd and its sources are, and what to do", "browse.status"),
        ("sources", "list the sources and their status", "commands.source"),
        ("libraries", "list the libraries of one source, or of all", "browse.library"),
        ("items", "list cached items", "browse.item"),
        ("search", "find items by words of titles, shows, albums, people", "browse.search"),
        ("show", "show an item in words, with its poster", "browse.show"),
        ("skipped", "list what a source has and msd leaves out, and why", "browse.skipped"),
        ("explain", "tell why a source is as it is, and what comes next", "browse.status"),
        ("watch", "show what happens as it happens, until Ctrl-C", "browse.watch"),
    ),
    _group(
        "add sources and sign in",
        ("add", "add a server or a folder as a source", "commands.add"),
        ("login", "sign in and add what the account brings", "commands.login"),
        ("reauth", "sign in to a source again; its items and history stay", "commands.login"),
        ("discover", "look for servers on the local network", "commands.discover"),
        ("accounts", "list, refresh or remove the accounts that sign in", "commands.account"),
        ("trust", "trust the certificate of a server, or its authority", "commands.trust"),
        ("unlock", "unlock the keyring with its own prompt", "commands.job"),
    ),
    _group(
        "keep up to date",
        ("sync", "bring sources up to date", "commands.sync"),
        ("jobs", "list running jobs, and those that ended within a minute", "commands.job"),
        ("cancel", "stop a job; what it has done so far is kept", "commands.job"),
        ("policy", "show or change when a library is synced", "browse.library"),
        ("confirm-deletes", "carry out deletions that wait for you", "commands.sync"),
    ),
    _group(
        "change sources",
        ("rename", "give a source another name", "commands.source"),
        ("remove", "remove sources with all that is stored of them", "commands.source"),
        ("enable", "let sources connect and sync again", "commands.source"),
        ("disable", "leave sources alone; what is cached stays readable", "commands.source"),
        ("reorder", "change the order of the sources", "commands.source"),
        ("reconnect", "try to connect now instead of later", "commands.source"),
        ("connections", "list, try or pin the addresses of a server", "commands.connection"),
    ),
    _group(
        "the daemon",
        ("setup", "make msd start at login and by a call, or undo it", "setup.command"),
        ("start", "start msd", "commands.service"),
        ("stop", "stop msd", "commands.service"),
        ("restart", "stop msd and start it again", "commands.service"),
        ("doctor", "find out what is wrong, and what mends it", "doctor.command"),
        ("logs", "show what msd wrote to the journal", "doctor.journal"),
        ("config", "show where the settings are, and check them", "doctor.config"),
        ("bundle", "write one redacted file for a report", "doctor.bundle"),
        ("version", "show the versions of msdctl and of the running msd", "commands.service"),
        ("help", "show this help, or that of a command", "commands.service"),
    ),
)

ALIASES = {
    "list": "sources",
    "ls": "sources",
    "item": "show",
    "info": "status",
    "signin": "login",
    "sign-in": "login",
    "scan": "sync",
    "refresh": "sync",
    "update": "sync",
    "rm": "remove",
    "delete": "remove",
    "reload": "restart",
    "why": "explain",
    "find": "search",
    "log": "logs",
    "settings": "config",
    "journal": "logs",
    "check": "doctor",
    "diagnose": "doctor",
}

# Words that people try and that are no commands: what to do instead.
ADVICE = {
    "play": "msd plays nothing; players that speak to msd do",
    "open": "msd opens nothing; `msdctl show ITEM` tells what there is to an item",
    "logout": "`msdctl accounts --remove ACCOUNT` signs out and removes its sources",
    "signout": "`msdctl accounts --remove ACCOUNT` signs out and removes its sources",
    "install": "`msdctl setup` makes msd start at login",
    "uninstall": "`msdctl setup --remove` undoes what `msdctl setup` did",
    "quit": "`msdctl stop` stops msd",
}


def commands() -> Iterator[Command]:
    """Yield every command in the order of the help."""
    for group in GROUPS:
        yield from group.commands


def find(name: str) -> Command | None:
    """Return the command of this name or alias, None when there is none."""
    wanted = ALIASES.get(name, name)
    return next((command for command in commands() if command.name == wanted), None)


def nearest(name: str) -> str:
    """Return the command or other word that `name` looks most like; empty when none does."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    close = get_close_matches(name.lower(), [*_words()], n=1, cutoff=0.6)
    return ALIASES.get(close[0], close[0]) if close else ""


def _words() -> Iterable[str]:
    return [*(command.name for command in commands()), *ALIASES]
