"""`login` and `reauth`: sign in step by step, to something new or to a source again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.commands.add import (
    add_trust_options,
    key_values,
    report_sources,
    trust_options,
)
from msd.cli.daemon.backends import find_backend
from msd.cli.daemon.connection import PEER
from msd.cli.daemon.lookup import list_sources, match
from msd.cli.dialogue.login import Answers, LoginConversation, login_record
from msd.cli.errors import CommandError, ExitCode
from msd.cli.hints import hint_for_adding
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from msd.cli.session import Commands, Session

_NOTES = """\
The browser opens where there is a desktop; the link is shown, and a QR code where it fits. msdctl
waits until somebody has signed in there, or asks for a password, a user or a PIN. What the account
brings is added as sources.

  plex            a link for the browser, or with --link a short code for plex.tv/link
  jellyfin URL    a Quick Connect code; a password where that is off, or with --password

Further options of a kind are given as key=value, or key:=value for numbers, true and false.
Passwords and PINs are never arguments: they are prompted for, or read from stdin, one a line."""
_EXAMPLES = """\
msdctl login plex
msdctl login plex --link
msdctl login jellyfin http://nas.lan:8096
msdctl login jellyfin nas.lan --username ada --password"""


_DONE = {"BeginLogin": "added", "Reauthenticate": "signed in to"}


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    login = commands.add("login", _login, notes=_NOTES, examples=_EXAMPLES)
    login.add_argument("kind", metavar="KIND", help="plex, jellyfin, or another kind")
    login.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="URL, or KEY=VALUE")
    login.add_argument("--name", help="what to call the source")
    login.add_argument(
        "--allow-insecure", action="store_true", help="allow plain http to a public address"
    )
    add_trust_options(login)
    _add_answers(login)
    reauth = commands.add(
        "reauth",
        _reauth,
        notes="SOURCE is an id, a name, or the unique start of either.\n"
        "All sources of its account go on at once.",
        examples="msdctl reauth jellyfin_3f2a9c41d07e",
    )
    reauth.add_argument("source", metavar="SOURCE")
    reauth.add_argument("arguments", nargs="*", metavar="KEY=VALUE")
    _add_answers(reauth)


def _add_answers(parser: ArgumentParser) -> None:
    parser.add_argument("--username", help="who signs in when a password is asked for")
    parser.add_argument("--user", default="", help="which of an account's users, by name or id")
    parser.add_argument(
        "--password", action="store_true", help="use a password instead of Quick Connect"
    )
    parser.add_argument(
        "--link", action="store_true", help="a short code to type instead of a link to open"
    )
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password and PINs from stdin"
    )
    parser.add_argument("--no-qr", action="store_true", help="show no QR code")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")


def _login(session: Session, options: Namespace) -> ExitCode:
    given = _given(options) | _password_instead(session, options, options.kind)
    if options.name is not None:
        given["name"] = Variant("s", options.name)
    if options.allow_insecure:
        given["allow_insecure"] = Variant("b", options.allow_insecure)
    given |= trust_options(options)
    address = str(given["url"].value) if "url" in given else ""
    try:
        return _converse(session, options, "BeginLogin", options.kind, given)
    except CommandError as error:
        error.hint = hint_for_adding(error.code, error.message, address) or error.hint
        raise


def _reauth(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    identifier = match("Source", rows, options.source)
    (kind,) = (str(row.get("kind")) for row in rows if row["id"] == identifier)
    given = _given(options) | _password_instead(session, options, kind)
    return _converse(session, options, "Reauthenticate", identifier, given)


def _password_instead(session: Session, options: Namespace, kind: str) -> dict[str, Variant]:
    """Return what lets a password be asked for where stdin holds one, and not a code be shown."""
    if not options.password_stdin:
        return {}
    backend = find_backend(session.client, kind)
    if backend is None or not backend.has_login_option("quick_connect"):
        return {}
    return {"quick_connect": Variant("b", value=False)}


def _given(options: Namespace) -> dict[str, Variant]:
    arguments = list(options.arguments)
    given: dict[str, Variant] = {}
    if arguments and ("=" not in arguments[0] or "://" in arguments[0]):
        given["url"] = Variant("s", arguments.pop(0))  # it may well hold an equals sign
    given |= key_values(arguments)
    if options.username is not None:
        given["username"] = Variant("s", options.username)
    if options.password:
        given["quick_connect"] = Variant("b", value=False)
    if options.link:
        given["link"] = Variant("b", value=True)
    return given


def _converse(
    session: Session, options: Namespace, member: str, subject: str, given: dict[str, Variant]
) -> ExitCode:
    answers = Answers(
        from_stdin=options.password_stdin,
        user=options.user,
        with_qr=not options.no_qr,
        with_browser=not options.no_browser,
    )
    # Starts the daemon when it can be started; its signals count from then on.
    session.client.call("Ping", interface=PEER)
    with session.client.signals() as signals:
        # Tied: whoever leaves, by Ctrl-C or otherwise, leaves no login behind.
        tied = given | {"tied": Variant("b", value=True)}
        (path,) = session.client.call(member, "sa{sv}", subject, tied)
        conversation = LoginConversation(session, str(path), answers)
        ended = conversation.until_ended(signals)
    if session.out.as_json:
        session.out.record(login_record("finished", str(path), ended))
        return ExitCode.OK
    report_sources(session, _DONE[member], ended.source_ids)
    return ExitCode.OK
