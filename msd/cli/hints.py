"""What a person can do about an error or a status, in terms of msdctl's own commands."""

import os
from collections.abc import Mapping

UNLOCK = "unlock it with `msdctl unlock`, then try again"
_LISTED = "`msdctl {}` lists what there is"
_SIGN_IN_AGAIN = "`msdctl reauth {}` signs in again"
_PLAIN_TO_TLS = ("wrong version", "unknown protocol", "http request", "record layer")

# What the daemon calls an option, and what msdctl calls it.
_FLAGS = {"allow_insecure": "--allow-insecure", "give a username": "give --username NAME"}

_BY_CODE = {
    "UnknownSource": _LISTED.format("sources"),
    "UnknownLibrary": _LISTED.format("libraries"),
    "UnknownJob": _LISTED.format("jobs") + "; a job stays for a minute after its end",
    "SourceExists": _LISTED.format("sources"),
    "KeyringLocked": UNLOCK,
    "AuthRequired": _SIGN_IN_AGAIN.format("SOURCE"),
    "LoginExpired": "begin again; codes are good for some minutes only",
    "UnknownAccount": _LISTED.format("accounts"),
    "Internal": "`msdctl logs` has the details",
}
_BY_REASON = {
    "keyring-locked": UNLOCK,
    "keyring-unavailable": "{keyring}",
    "share-withdrawn": "ask the owner of the server to share it again, or `msdctl remove {name}`",
    "account-gone": "it comes back with the account's server; else `msdctl remove {name}`",
    "disabled": "`msdctl enable {name}` lets it connect again",
    "deletes-held": "`msdctl confirm-deletes {name}` removes them here too",
}


def with_flags(text: str) -> str:
    """Return the daemon's sentence with options called as on the command line."""
    for option, flag in _FLAGS.items():
        text = text.replace(f"set {option}", f"give {flag}").replace(option, flag)
    return text


def hint_for(code: str, text: str) -> str:
    """Return what to do about an error of the daemon; nothing when its text says all."""
    if code == "AuthRefused":
        return _hint_for_refusal(text)
    if code == "AuthRequired" and "keyring" in text:
        return UNLOCK if "locked" in text else start_keyring()
    if code == "NotSupported" and "disabled" in text:
        return "`msdctl enable SOURCE` enables it"
    if code == "KeyringUnavailable":
        return start_keyring()
    return _BY_CODE.get(code, "")


def start_keyring() -> str:
    """Return what to do where no keyring answers; it names the settings file that is read."""
    from msd.cli.private_bus import settings_file  # noqa: PLC0415 - seldom needed

    trial = settings_file()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    again = "start scripts/run again" if trial else "`msdctl restart`"
    return (
        "start a keyring such as gnome-keyring; or keep sign-ins in a file: put `[secrets]` and "
        f'`store = "file"` into {trial or f"{base}/msd/msd.toml"}, then {again}'
    )


def _hint_for_refusal(text: str) -> str:
    # A user who is shut out gains nothing from typing the password again.
    if "password" in text:
        return "check the user name and the password"
    return "check the user name" if "user name" in text else ""


def hint_for_adding(code: str, text: str, address: str) -> str:
    """Return what to do when a source at an address can't be added; maybe nothing."""
    scheme, separator, rest = address.partition("://")
    if code == "Unreachable":
        is_named = (rest or scheme).partition("/")[0] in text
        return "" if is_named else f"the address that was tried is {address}"
    if code != "TlsError":
        return ""
    if any(flag in text for flag in _FLAGS.values()):
        return "try https://, or add it with --allow-insecure"
    if scheme.lower() == "https" and separator and _is_plain(text):
        return f"the server may not use encryption there: try http://{rest}"
    return ""


def _is_plain(text: str) -> bool:
    return any(sign in text.lower() for sign in _PLAIN_TO_TLS)


def hint_for_status(row: Mapping[str, object], name: str = "") -> str:
    """Return what to do about a source's status; nothing when it heals by itself.

    Args:
        row: the source as ListSources has it.
        name: what to call it in a command; its id when nothing is given.
    """
    name = name or str(row.get("id", ""))
    hint = _BY_REASON.get(str(row.get("status_reason")))
    if hint is not None:
        return start_keyring() if hint == "{keyring}" else hint.format(name=name)
    if row.get("status") != "needs-auth":
        return ""
    return _SIGN_IN_AGAIN.format(name)
