"""`add`: a server or a folder becomes a source; what a kind needs, the daemon says."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from msd.cli.commands.trust import certificate_text
from msd.cli.daemon.backends import Backend, find_backend, list_backends
from msd.cli.daemon.lookup import list_sources
from msd.cli.errors import CommandError, ExitCode, usage_error
from msd.cli.hints import hint_for_adding
from msd.cli.terminal.prompt import ask, can_ask
from msd.cli.terminal.secret import as_descriptor, read_secret
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence

    from msd.cli.session import Commands, Session

_NOTES = """\
Without KIND, the kinds and their options are listed. What a kind needs is given in its order or as
key=value: `msdctl add jellyfin nas.lan ada` and `msdctl add jellyfin url=nas.lan username=ada` are
the same. What is missing is asked for. `msdctl login` signs in with the browser or a code instead.

Passwords, tokens and API keys are never arguments: they are prompted for, or read from stdin with
--password-stdin, and reach the daemon through a pipe that nobody else can read."""
_EXAMPLES = """\
msdctl add
msdctl add local ~/Videos --name Films
msdctl add jellyfin http://nas.lan:8096 ada
msdctl add jellyfin nas.lan ada --api-key
secret-tool lookup server nas | msdctl add jellyfin nas.lan ada --password-stdin"""

# Options that a person is asked for when they are missing.
_PROMPTS = {"username": "User name"}
MAX_UINT32 = 2**32 - 1


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    add = commands.add("add", _add, notes=_NOTES, examples=_EXAMPLES)
    add.add_argument("kind", nargs="?", metavar="KIND", help="jellyfin, plex, local, or another")
    add.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="URL, PATH, or KEY=VALUE")
    add.add_argument("--username", help="who signs in")
    add.add_argument("--name", help="what to call the source")
    add.add_argument(
        "--allow-insecure",
        action="store_true",
        help="allow plain http to a public address",
    )
    add.add_argument(
        "--api-key", action="store_true", help="ask for an API key instead of the password"
    )
    add_trust_options(add)
    add.add_argument(
        "--secret", action="append", default=[], metavar="KEY", help="ask for this option too"
    )
    add.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from stdin, one line for each secret",
    )


def add_trust_options(parser: ArgumentParser) -> None:
    """Let a private authority or one certificate be trusted from the first connection on."""
    parser.add_argument("--ca-file", metavar="FILE", help="trust this authority, a PEM file")
    parser.add_argument("--fingerprint", metavar="SHA256", help="trust this certificate")


def trust_options(options: Namespace) -> dict[str, Variant]:
    """Return the options of AddSource and BeginLogin that say which certificate is trusted."""
    given: dict[str, Variant] = {}
    if options.ca_file:
        given["ca_certificate"] = Variant("s", certificate_text(options.ca_file))
    if options.fingerprint:
        given["certificate_fingerprint"] = Variant("s", options.fingerprint)
    return given


def _add(session: Session, options: Namespace) -> ExitCode:
    if options.kind is None:
        return _list_kinds(session)
    # Starts the daemon when it can be started: nobody should type a password for nothing.
    backend = find_backend(session.client, options.kind)
    given = given_options(options, backend)
    for name in _missing(backend, given, options) if backend else ():
        given[name] = _asked(options.kind, name, backend)
    with ExitStack() as stack:
        descriptors: list[int] = []
        for name in _secrets(backend, options, given):
            secret = read_secret(name.replace("_", " "), from_stdin=options.password_stdin)
            given[f"{name}-fd"] = Variant("h", len(descriptors))
            descriptors.append(stack.enter_context(as_descriptor(secret)))
        added = _add_source(session, options, given, descriptors)
    if session.out.as_json:
        session.out.document({"added": added})
    else:
        report_sources(session, "added", added)
    return ExitCode.OK


def _list_kinds(session: Session) -> ExitCode:
    backends = list_backends(session.client)
    if session.out.as_json:
        session.out.document([backend._asdict() for backend in backends])
        return ExitCode.OK
    columns = (
        Column("kind"),
        Column("option"),
        Column("", rank=1),
        Column("what it is", least=20),
    )
    rows = [
        (
            cell(backend.name),
            cell(option.name),
            "required" if option.is_required else "secret" if option.is_secret else "",
            cell(option.help),
        )
        for backend in backends
        for option in backend.options
    ]
    session.out.table(Table(columns, rows))
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
        address = str(given["url"].value) if "url" in given else ""
        error.hint = hint_for_adding(error.code, error.message, address) or error.hint
        raise
    return cast("list[str]", ids)


def _secrets(
    backend: Backend | None, options: Namespace, given: Mapping[str, Variant]
) -> list[str]:
    """Return the options that are asked for without an echo."""
    chosen = ["api_key", *options.secret] if options.api_key else list(options.secret)
    if backend is None:
        return list(dict.fromkeys(chosen))
    secrets = {option.name for option in backend.options if option.is_secret}
    if not secrets & {*chosen, *given}:
        chosen += backend.secrets
    return [name for name in dict.fromkeys(chosen) if name not in given]


def _missing(backend: Backend, given: Mapping[str, Variant], options: Namespace) -> list[str]:
    """Return what has to be asked for.

    Raises:
        CommandError: something is missing that nobody can be asked for.
    """
    missing = [option.name for option in backend.places if option.name not in given]
    may_ask = can_ask() and not options.password_stdin
    for name in missing:
        if not may_ask or name not in _PROMPTS:
            raise _needs(options.kind, name, backend)
    return missing


def _needs(kind: str, name: str, backend: Backend | None) -> CommandError:
    words = " ".join(option.name.upper() for option in backend.places) if backend else ""
    return usage_error(
        f"adding a {kind} source needs the argument {name.upper()}",
        hint=f"`msdctl add {kind} {words}`; `msdctl add --help` shows examples",
    )


def _asked(kind: str, name: str, backend: Backend | None) -> Variant:
    answer = ask(_PROMPTS[name])
    if not answer:
        raise _needs(kind, name, backend)
    return Variant("s", answer)


def given_options(options: Namespace, backend: Backend | None) -> dict[str, Variant]:
    """Return the options of AddSource that stand on the command line.

    Raises:
        CommandError: an argument can't be meant.
    """
    if backend is None:
        given = key_values(options.arguments)
    else:
        given = _by_place(backend, list(options.arguments))
    if options.username is not None:
        given["username"] = Variant("s", options.username)
    if options.name is not None:
        given["name"] = Variant("s", options.name)
    if options.allow_insecure:
        given["allow_insecure"] = Variant("b", options.allow_insecure)
    return given | trust_options(options)


def _by_place(backend: Backend, arguments: list[str]) -> dict[str, Variant]:
    given: dict[str, Variant] = {}
    for option in backend.places:
        if not arguments or _is_key_value(arguments[0], backend):
            break
        text = arguments.pop(0)  # may well hold an equals sign
        given[option.name] = Variant("s", _absolute(text) if option.is_path else text)
    pairs = key_values(arguments)
    for name, value in pairs.items():
        known = backend.option(name)
        if known is not None and known.is_path:
            pairs[name] = Variant("s", _absolute(str(value.value)))
    return given | pairs


def _is_key_value(argument: str, backend: Backend) -> bool:
    """Whether `url=http://nas` is meant, and not an address or a folder with an equals sign."""
    key, equals, _ = argument.partition("=")
    return bool(equals) and backend.option(key.removesuffix(":")) is not None


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
