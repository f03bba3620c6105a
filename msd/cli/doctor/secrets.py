"""Where tokens rest: is the keyring there, unlocked, and the file private?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.connection import Call
from msd.cli.daemon.lookup import list_sources
from msd.cli.doctor.finding import Finding, Machine, error, fine, warning
from msd.cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msd.cli.doctor.bus import Bus

_SERVICE = "org.freedesktop.secrets"
_COLLECTION = "/org/freedesktop/secrets/aliases/default"
_OTHERS = 0o077


def secret_findings(machine: Machine, bus: Bus, store: str) -> Iterator[Finding]:
    """Yield what keeps tokens from being read.

    Args:
        machine: where to look.
        bus: what the session bus says.
        store: `[secrets] store` of the settings.
    """
    if store == "file":
        yield from _file_findings(machine)
    elif store == "pass":
        yield from _pass_findings(machine)
    elif store == "secret-service" and bus.client is not None:
        yield _keyring_finding(bus)


def _keyring_finding(bus: Bus) -> Finding:
    try:
        is_locked = _is_locked(bus)
    except CommandError:
        remedy = (
            "install gnome-keyring, KWallet or KeePassXC; on a machine without a desktop put"
            ' `[secrets]` and `store = "file"` into ~/.config/msd/msd.toml'
        )
        if _has_only_folders(bus):
            return warning(
                "keyring-absent", "no keyring answers; folders need none, servers do", remedy
            )
        return error("keyring-absent", "no keyring answers, so msd can't keep sign-ins", remedy)
    if is_locked:
        return error(
            "keyring-locked", "the keyring is locked, so nothing can sign in", "msdctl unlock"
        )
    return fine("keyring", "the keyring is unlocked")


def _has_only_folders(bus: Bus) -> bool:
    """Return whether there are sources, and nobody signs in to any of them."""
    if bus.client is None or not bus.is_running:
        return False
    try:
        sources = list_sources(bus.client)
    except CommandError:
        return False
    return bool(sources) and not any(source.get("account_id") for source in sources)


def _is_locked(bus: Bus) -> bool:
    """Ask the Secret Service whether its default collection is locked; no prompt is raised."""
    if bus.client is None:
        return False
    call = Call(
        _SERVICE,
        _COLLECTION,
        "org.freedesktop.DBus.Properties",
        "Get",
        "ss",
        ("org.freedesktop.Secret.Collection", "Locked"),
    )
    return bool(*bus.client.exchange(call))


def _file_findings(machine: Machine) -> Iterator[Finding]:
    path = machine.folders.data / "msd/secrets.json"
    if path.exists() and path.stat().st_mode & _OTHERS:
        yield error(
            "secrets-exposed",
            f"others can read {path}, so msd refuses it",
            f"chmod 600 '{path}'",
        )
    else:
        yield warning("secrets-plain", f"sign-ins are kept in plain text in {path}")


def _pass_findings(machine: Machine) -> Iterator[Finding]:
    if machine.run("pass", "ls").returncode:
        yield error(
            "pass-unusable",
            "`pass` is chosen for sign-ins and does not work",
            "pass init YOUR-KEY",
        )
