"""`bundle`: one redacted file for a report: findings, versions, settings, last log lines."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msd import __version__
from msd.cli import programs
from msd.cli.daemon.lookup import list_libraries, list_sources
from msd.cli.doctor.bus import Bus, look_at_bus
from msd.cli.doctor.command import findings
from msd.cli.doctor.finding import Machine
from msd.cli.doctor.journal import journal_command
from msd.cli.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.session import Commands, Session

_LOG_LINES = 500
_NOTES = """\
The file holds no tokens: msd never logs them, and what looks like one is replaced. Names of
sources and libraries, addresses, the user name and the machine's name are replaced too. Read it
before you send it."""
_SECRETS = re.compile(
    r"(?i)((?:token|password|api_?key|secret|authorization|x-plex-[\w-]+)[\"'=:\s]+)[^\s\"',&}]+"
)
_LONG_WORD = re.compile(r"(?<![\w/-])[A-Za-z0-9_-]{20,}(?![\w/-])")
_ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|https?://[^\s\"',;)]+")


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    bundle = commands.add("bundle", _bundle, notes=_NOTES, examples="msdctl bundle report.txt")
    bundle.add_argument("file", nargs="?", metavar="FILE", help="default: msd-report-DATE.txt")


def _bundle(session: Session, options: Namespace) -> ExitCode:
    path = Path(options.file or f"msd-report-{time.strftime('%Y-%m-%d')}.txt")
    bus = look_at_bus()
    try:
        text = redacted(_report(bus), _private_words(bus))
    finally:
        if bus.client is not None:
            bus.client.close()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    except OSError as exc:
        raise CommandError(
            f"{path} can't be written: {exc.strerror}",
            hint="`msdctl bundle ~/msd-report.txt` writes it elsewhere",
            exit_code=ExitCode.FAILED,
        ) from exc
    if session.out.as_json:
        session.out.document({"file": str(path.absolute())})
    else:
        session.out.say(f"wrote {path}; read it before you send it")
    return ExitCode.OK


def _report(bus: Bus) -> str:
    machine = Machine()
    found = [finding._asdict() for finding in findings(machine, bus)]
    parts = {
        "versions": {
            "msd": __version__,
            "python": sys.version,
            "system": platform.platform(),
            "daemon": bus.daemon,
        },
        "findings": found,
        "selfcheck": machine.selfcheck(),
        "sources": _rows(bus, "sources"),
        "libraries": _rows(bus, "libraries"),
    }
    sections = [
        f"== {name}\n{json.dumps(value, indent=1, default=str)}" for name, value in parts.items()
    ]
    log = programs.run(*journal_command(lines=_LOG_LINES)).stdout
    return "\n\n".join([*sections, f"== log\n{log}"])


def _rows(bus: Bus, what: str) -> object:
    if bus.client is None or not bus.is_running:
        return []
    try:
        return list_sources(bus.client) if what == "sources" else list_libraries(bus.client)
    except CommandError as error:
        return error.message


def _private_words(bus: Bus) -> dict[str, str]:
    """Return what to replace and by what: names of sources, user and machine."""
    words = {os.environ.get("USER", ""): "USER", platform.node(): "MACHINE"}
    words[str(Path.home())] = "~"
    for what in ("sources", "libraries"):
        rows = _rows(bus, what)
        for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
            words[str(row.get("name", ""))] = f"{what[:-1].upper()}-{number}"
            for key in ("server_id", "remote_id", "account_id"):
                words[str(row.get(key) or "")] = f"{key.upper()}-{number}"
    return {word: by for word, by in words.items() if len(word) > 1}


def redacted(text: str, words: dict[str, str]) -> str:
    """Return text without secrets, addresses and the given words.

    What looks like a token is replaced even where msd would never write one.
    """
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, words[word])
        escaped = json.dumps(word)[1:-1]
        text = text.replace(escaped, words[word])
    text = _SECRETS.sub(r"\1REDACTED", text)
    text = _ADDRESS.sub("ADDRESS", text)
    return _LONG_WORD.sub("REDACTED", text)
