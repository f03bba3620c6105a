"""`add`: a server or a folder becomes a source; kinds that msdctl does not know work as well."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, cast

from msd.cli.daemon.lookup import list_sources
from msd.cli.daemon.names import PEER
from msd.cli.errors import CommandError, ExitCode, usage_error
from msd.cli.hints import hint_for_adding
from msd.cli.terminal.prompt import ask, can_ask
from msd.cli.terminal.secret import as_descriptor, read_secret
from msd.cli.terminal.text import cell
from msd.dbus.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from msd.cli.session import Commands, Session

_NOTES = """\
KIND is a word of the daemon's Capabilities (`msdctl status`). Three have a short form:

  jellyfin URL [USERNAME]   the user name, when missing, and the password are prompted for;
                            with --api-key an API key instead of the password
  plex                      every server of an account, by a token, which is prompted for
  local PATH                a folder

or all of it as key=value: `msdctl add jellyfin url=nas.lan username=ada --api-key`.

`msdctl login` signs in with a code instead.

Further options are given as key=value: text, or with key:=value a number, true or false.
Passwords are never arguments: they are prompted for, or read from stdin with
--password-stdin, and reach the daemon through a pipe that nobody else can read."""
_EXAMPLES = """\
msdctl add local ~/Videos --name Films
msdctl add jellyfin http://nas.lan:8096 --username ada
secret-tool lookup server nas | msdctl add jellyfin https://nas.lan --username ada --password-stdin
msdctl add somekind host=nas.lan port:=8080 --secret token"""


class KindForm(NamedTuple):
    """What msdctl knows of a kind beyond what AddSource asks for."""

    arguments: tuple[str, ...]  # the options that plain arguments stand for; all must be given
    is_path: bool = False
    secrets: tuple[str, ...] = ()


# Options that a person is asked for when they are missing.
_PROMPTS = {"username": "User name"}
MAX_UINT32 = 2**32 - 1
FORMS = {
    "jellyfin": KindForm(arguments=("url", "username"), secrets=("password",)),
    "plex": KindForm(arguments=(), secrets=("token",)),
    "local": KindForm(arguments=("path",), is_path=True),
}


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    add = commands.add("add", _add, notes=_NOTES, examples=_EXAMPLES)
    add.add_argument("kind", metavar="KIND", help="jellyfin, plex, local, or another kind")
    add.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="URL, PATH, or KEY=VALUE")
    add.add_argument("--username", help="who signs in")
    add.add_argument("--name", help="what to call the source")
    add.add_argument(
        "--allow-insecure",
        action="store_true",
        help="allow plain http to a public address",
    )
    add.add_argument(
        "--api-key", action="store_true", help="prompt for an API key instead of the password"
    )
    add.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="KEY",
        help="prompt for this option too (for kinds that msdctl does not know)",
    )
    add.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from stdin, one line for each secret",
    )


def _add(session: Session, options: Namespace) -> ExitCode:
    form = FORMS.get(options.kind)
    given = given_options(options)
    missing = _missing(form, given, options) if form else ()
    # Starts the daemon when it can be started: nobody should type a password for nothing.
    session.client.call("Ping", interface=PEER)
    for name in missing:
        given[name] = _asked(options.kind, name)
    with ExitStack() as stack:
        descriptors: list[int] = []
        for name in _secrets(form, options, given):
            secret = read_secret(name, from_stdin=options.password_stdin)
            given[f"{name}-fd"] = Variant("h", len(descriptors))
            descriptors.append(stack.enter_context(as_descriptor(secret)))
        added = _add_source(session, options, given, descriptors)
    if session.out.as_json:
        session.out.document({"added": added})
    else:
        report_sources(session, "added", added)
    return ExitCode.OK


def report_sources(session: Session, done: str, ids: Sequence[str]) -> None:
    """Say by name what was added or signed in to, and what comes next."""
    rows = list_sources(session.client)
    names = {str(row["id"]): cell(row.get("name")) for row in rows}
    session.out.say(*(f"{done} {names.get(name) or cell(name)}" for name in ids))
    if ids:
        session.out.note("its first sync has begun; `msdctl status` shows how far it is")


def _add_source(
    session: Session, options: Namespace, given: Mapping[str, Variant], descriptors: list[int]
) -> list[str]:
    try:
        (ids,) = session.client.call(
            "AddSource", "sa{sv}", options.kind, given, descriptors=descriptors
        )
    except CommandError as error:
        form = FORMS.get(options.kind)
        named = form.arguments[0] if form and form.arguments else ""
        address = str(given[named].value) if named else ""
        error.hint = hint_for_adding(error.code, error.message, address) or error.hint
        raise
    return cast("list[str]", ids)


def _secrets(form: KindForm | None, options: Namespace, given: Mapping[str, Variant]) -> list[str]:
    """Return the options that are asked for without an echo."""
    usual = form.secrets if form else ()
    if options.api_key or "api_key" in (*options.secret, *given):
        usual = () if "api_key" in given else ("api_key",)
    return [name for name in dict.fromkeys((*usual, *options.secret)) if name not in given]


def _missing(form: KindForm, given: Mapping[str, Variant], options: Namespace) -> list[str]:
    """Return what has to be asked for.

    Raises:
        CommandError: something is missing that nobody can be asked for.
    """
    missing = [name for name in form.arguments if name not in given]
    may_ask = can_ask() and not options.password_stdin
    for name in missing:
        if not may_ask or name not in _PROMPTS:
            raise _needs(options.kind, name)
    return missing


def _needs(kind: str, name: str) -> CommandError:
    words = " ".join(argument.upper() for argument in FORMS[kind].arguments)
    return usage_error(
        f"adding a {kind} source needs the argument {name.upper()}",
        hint=f"`msdctl add {kind} {words}`; `msdctl add --help` shows examples",
    )


def _asked(kind: str, name: str) -> Variant:
    answer = ask(_PROMPTS[name])
    if not answer:
        raise _needs(kind, name)
    return Variant("s", answer)


def given_options(options: Namespace) -> dict[str, Variant]:
    """Return the options of AddSource that stand on the command line.

    Raises:
        CommandError: an argument can't be meant.
    """
    form = FORMS.get(options.kind)
    if form is None:
        given = key_values(options.arguments)
    else:
        given = _by_place(form, options.kind, list(options.arguments))
    if options.username is not None:
        given["username"] = Variant("s", options.username)
    if options.name is not None:
        given["name"] = Variant("s", options.name)
    if options.allow_insecure:
        given["allow_insecure"] = Variant("b", options.allow_insecure)
    return given


def _by_place(form: KindForm, kind: str, arguments: list[str]) -> dict[str, Variant]:
    if not form.arguments:
        return key_values(arguments)
    if not arguments:
        raise _needs(kind, form.arguments[0])
    if _is_key_value(arguments[0], form):
        return key_values(arguments)
    address = arguments.pop(0)  # may well hold an equals sign
    given = {form.arguments[0]: Variant("s", _absolute(address) if form.is_path else address)}
    for name in form.arguments[1:]:
        if arguments and "=" not in arguments[0]:
            given[name] = Variant("s", arguments.pop(0))
    return given | key_values(arguments)


def _is_key_value(argument: str, form: KindForm) -> bool:
    """Whether `url=http://nas` is meant, and not an address or a folder with an equals sign."""
    key, equals, _ = argument.partition("=")
    known = {*form.arguments, "name"}
    return bool(equals) and (key in known if form.is_path else key.rstrip(":").isidentifier())


def _absolute(path: str) -> str:
    from pathlib import Path  # noqa: PLC0415 - 10 ms that only this kind needs

    return str(Path(path).expanduser().absolute())


def key_values(arguments: Sequence[str]) -> dict[str, Variant]:
    """Return `key=value` as text and `key:=value` as a number or a truth value."""
    return dict(_key_value(argument) for argument in arguments)


def _key_value(argument: str) -> tuple[str, Variant]:
    key, equals, value = argument.partition("=")
    if not equals or not key.strip(":"):
        raise usage_error(
            f"'{argument}' is not key=value", hint="`msdctl add --help` shows examples"
        )
    if not key.endswith(":"):
        return key, Variant("s", value)
    key = key.removesuffix(":")
    if value in ("true", "false"):
        return key, Variant("b", value == "true")
    if value.isascii() and value.isdigit() and int(value) <= MAX_UINT32:
        return key, Variant("u", int(value))
    raise usage_error(f"'{value}' is neither a number nor true or false")
