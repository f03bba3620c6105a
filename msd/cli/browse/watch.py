"""`watch`: the signals of the daemon as they come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from msd.cli.browse.news import News
from msd.cli.errors import ExitCode, signals_ended
from msd.cli.terminal.text import cell, moment, safe
from msd.contract import ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Signal
    from msd.cli.session import Commands, Session

# Argument names of the signals, as dbus/*.xml has them; one that is not here is numbered.
ARGUMENTS = {
    "SourceAdded": ("source_id",),
    "SourceRemoved": ("source_id",),
    "SourceStatusChanged": ("source_id", "status", "reason", "detail", "since"),
    "SyncProgress": ("source_id", "job", "phase", "done", "total"),
    "SyncFinished": ("source_id", "job", "report"),
    "ItemsChanged": ("source_id", "library_id", "changed", "removed", "revision"),
    "Finished": ("state", "error", "result"),
    "PropertiesChanged": ("interface", "changed", "invalidated"),
    "InterfacesAdded": ("object", "interfaces"),
    "InterfacesRemoved": ("object", "interfaces"),
}
_NOTES = """\
Each thing that happens is a sentence. With SIGNAL or --every, signals are shown as they are; with
--json too, and every one. It goes on until Ctrl-C, also while the daemon restarts: "DaemonLeft" and
"DaemonJoined" tell.

With --json each signal is one line: "time", "signal", "path", "interface", "args". No
signal is missed once "watching" stands on standard error."""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    watch = commands.add(
        "watch",
        _watch,
        notes=_NOTES,
        examples=("msdctl watch\nmsdctl --json watch SourceStatusChanged | jq -r .args.status"),
    )
    watch.add_argument("signals", nargs="*", metavar="SIGNAL", help="only these")
    watch.add_argument("--every", action="store_true", help="standard signals too")


def _watch(session: Session, options: Namespace) -> ExitCode:
    with session.client.signals() as signals:
        # Starts a daemon that can be started, and says so when there is none.
        session.client.properties(ROOT_PATH, SOURCE_COORDINATOR)
        news = None if session.out.as_json else News(session.client)
        session.out.note("watching; Ctrl-C ends it")  # scripts can wait for this line
        while (signal := signals.next()) is not None:
            name = _name(signal)
            if options.signals and name not in options.signals:
                continue
            if session.out.as_json:
                session.out.record(_record(signal, name))
            elif options.every or options.signals:
                session.out.say(_line(signal, name))
            elif news and (sentence := news.sentence(signal)):
                session.out.say(f"{time.strftime('%H:%M:%S')}  {sentence}")
    raise signals_ended()


def _name(signal: Signal) -> str:
    if not signal.is_owner_change:
        return signal.member
    return "DaemonLeft" if signal.is_departure else "DaemonJoined"


def _arguments(signal: Signal) -> dict[str, object]:
    if signal.is_owner_change:
        return {}
    names = ARGUMENTS.get(signal.member, ())
    numbers = (str(number) for number in range(len(names), len(signal.args)))
    return dict(zip((*names, *numbers), signal.args, strict=False))


def _record(signal: Signal, name: str) -> dict[str, object]:
    return {
        "time": round(time.time(), 3),
        "signal": name,
        "path": signal.path,
        "interface": signal.interface,
        "args": _arguments(signal),
    }


def _line(signal: Signal, name: str) -> str:
    words = [moment(int(time.time())), safe(name)]
    if signal.path != ROOT_PATH and not signal.is_owner_change:
        words.append(safe(signal.path.removeprefix(f"{ROOT_PATH}/")))
    words += [_word(key, value) for key, value in _arguments(signal).items()]
    return "  ".join(word for word in words if word)


def _word(key: str, value: object) -> str:
    if key == "since":
        return ""
    if key in ("changed", "removed") and isinstance(value, list):
        return f"{len(value)} {key}"
    if isinstance(value, dict):
        return cell(cast("dict[str, object]", value))
    text = cell(value)
    return f"{key}={text}" if isinstance(value, int) else text
