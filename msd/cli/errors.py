"""What can go wrong for the person at the keyboard: one sentence, a hint, an exit code."""

from enum import IntEnum

from msd.cli.hints import hint_for, with_flags
from msd.contract import ERROR_PREFIX

START_HINT = "`msdctl start` starts it; `msdctl doctor` tells what keeps it from starting"


# What a job answers that is over for more than a minute, or that a restart has forgotten.
GONE_CODES = frozenset({"UnknownJob", "UnknownObject"})


class ExitCode(IntEnum):
    """The exit codes of msdctl; the epilog of `msdctl --help` documents them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_REACHABLE = 3
    UNKNOWN = 4
    SIGN_IN = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class CommandError(Exception):
    """A command could not do what was asked.

    `code` is the word that `--json` shows: a D-Bus error of msd without its prefix, or one of
    `Usage`, `NotReachable`, `TimedOut` and `Interrupted`.
    """

    def __init__(
        self, message: str, *, code: str = "Failed", hint: str = "", exit_code: ExitCode
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.exit_code = exit_code


def usage_error(message: str, *, hint: str = "") -> CommandError:
    """Return the error of a command line that can't be meant."""
    return CommandError(message, code="Usage", hint=hint, exit_code=ExitCode.USAGE)


def unknown_error(what: str, name: str, *, hint: str = "") -> CommandError:
    """Return the error of a source, library, item or job that msd does not have."""
    return CommandError(
        f"there is no {what.lower()} '{name}'",
        code=f"Unknown{what}",
        hint=hint,
        exit_code=ExitCode.UNKNOWN,
    )


def not_reachable(message: str, *, hint: str = START_HINT) -> CommandError:
    """Return the error of a daemon or a bus that does not answer."""
    return CommandError(message, code="NotReachable", hint=hint, exit_code=ExitCode.NOT_REACHABLE)


def signals_ended() -> CommandError:
    """Return the error of a stream of signals that ended before it was to."""
    return not_reachable("the session bus went away, or msdctl could not keep up", hint="")


_ABSENT = frozenset(
    f"org.freedesktop.DBus.Error.{word}"
    for word in ("ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected", "NoServer")
)
_STARTING_FAILED = "org.freedesktop.DBus.Error.Spawn."
_SYSTEMD_FAILED = "org.freedesktop.systemd1."
_TOO_OLD = frozenset(
    f"org.freedesktop.DBus.Error.{word}"
    for word in ("UnknownMethod", "UnknownInterface", "UnknownProperty", "InvalidArgs")
)
_STOPPING = "msd is stopping"
_GONE = "org.freedesktop.DBus.Error.UnknownObject"

_EXIT_CODES = {
    "InvalidArgument": ExitCode.USAGE,
    "UnknownSource": ExitCode.UNKNOWN,
    "UnknownAccount": ExitCode.UNKNOWN,
    "UnknownLibrary": ExitCode.UNKNOWN,
    "UnknownItem": ExitCode.UNKNOWN,
    "UnknownJob": ExitCode.UNKNOWN,
    "UnknownLogin": ExitCode.UNKNOWN,
    "AuthRequired": ExitCode.SIGN_IN,
    "AuthRefused": ExitCode.SIGN_IN,
    "LoginExpired": ExitCode.SIGN_IN,
    "KeyringLocked": ExitCode.SIGN_IN,
    "KeyringUnavailable": ExitCode.SIGN_IN,
}


def from_code(code: str, text: str) -> CommandError:
    """Return the error of a code of the daemon, such as a login or a call may end with."""
    return CommandError(
        with_flags(text) or code,
        code=code,
        hint=hint_for(code, text),
        exit_code=_EXIT_CODES.get(code, ExitCode.FAILED),
    )


def from_bus(name: str, text: str) -> CommandError:
    """Translate a D-Bus error reply into an error for a person."""
    if name.startswith(ERROR_PREFIX):
        return from_code(name.removeprefix(ERROR_PREFIX), text)
    if name in _ABSENT or name.startswith((_STARTING_FAILED, _SYSTEMD_FAILED)):
        return not_reachable("the msd daemon is not running")
    if text == _STOPPING:
        return not_reachable("the daemon is stopping", hint="`msdctl start` starts it again")
    if name == _GONE:
        return CommandError(
            "the object is gone from the bus", code="UnknownObject", exit_code=ExitCode.UNKNOWN
        )
    if name in _TOO_OLD:
        return CommandError(
            f"the daemon does not understand this request: {text}",
            code="NotSupported",
            hint="msd and msdctl are of different versions; restart the daemon",
            exit_code=ExitCode.FAILED,
        )
    return CommandError(text or name, code=name, exit_code=ExitCode.FAILED)
