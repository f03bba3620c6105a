"""`trust`: which certificate or which authority a source's server is believed by."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.commands.source import agree
from msd.cli.daemon.lookup import list_sources, match
from msd.cli.errors import ExitCode, usage_error
from msd.cli.terminal.text import cell, moment
from msd.contract import SOURCE, source_path
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session
    from msd.models import SourceId

MAX_CERTIFICATE_BYTES = 64 * 1024
_NOTES = """\
Shows the certificate that the server presents now and asks whether to trust it, and only it, for
this source. Compare the fingerprint with the server's own before you say yes. --ca-file trusts a
private authority instead; --none goes back to the authorities of this machine. SOURCE is an id, a
name, or the unique start of either."""


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    trust = commands.add(
        "trust",
        _trust,
        notes=_NOTES,
        examples="msdctl trust NAS\nmsdctl trust NAS --ca-file ~/home-ca.pem\n"
        "msdctl trust NAS --none",
    )
    trust.add_argument("source", metavar="SOURCE")
    how = trust.add_mutually_exclusive_group()
    how.add_argument("--ca-file", metavar="FILE", help="trust this authority, a PEM file")
    how.add_argument("--fingerprint", metavar="SHA256", help="trust this certificate, unseen")
    how.add_argument("--none", action="store_true", help="trust only what this machine trusts")
    trust.add_argument("-y", "--yes", action="store_true", help="don't ask")


def _trust(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    identifier = match("Source", rows, options.source)
    (row,) = (row for row in rows if row["id"] == identifier)
    given = _given(session, options, row)
    path = source_path(cast("SourceId", identifier))
    session.client.call("TrustCertificate", "a{sv}", given, path=path, interface=SOURCE)
    if session.out.as_json:
        session.out.document({"trusted": identifier} | {key: given[key].value for key in given})
    else:
        session.out.say(f"{cell(row.get('name'))} connects again with what it trusts now")
    return ExitCode.OK


def _given(session: Session, options: Namespace, row: Fields) -> dict[str, Variant]:
    if options.none:
        return {}
    if options.ca_file:
        return {"ca_certificate": Variant("s", certificate_text(options.ca_file))}
    if options.fingerprint:
        return {"fingerprint": Variant("s", options.fingerprint)}
    (answer,) = session.client.call("GetCertificate", "s", str(row.get("address", "")))
    shown = cast("Fields", answer)
    if not session.out.as_json:
        session.out.pairs(
            (name.replace("_", " "), moment(value) if name == "expires_at" else cell(value))
            for name, value in shown.items()
        )
    if not options.yes:
        agree(f"Trust this certificate for {row.get('name')}?", "nothing was changed")
    return {"fingerprint": Variant("s", str(shown["fingerprint"]))}


def certificate_text(path: str) -> str:
    """Return the text of a PEM file.

    Raises:
        CommandError: it can't be read, or it is no certificate.
    """
    from pathlib import Path  # noqa: PLC0415 - 10 ms that only this option needs

    try:
        with Path(path).expanduser().open(encoding="ascii") as file:
            text = file.read(MAX_CERTIFICATE_BYTES + 1)
    except (OSError, UnicodeDecodeError) as exc:
        raise usage_error(f"{path} can't be read as a certificate: {exc}") from exc
    if "-----BEGIN CERTIFICATE-----" not in text or len(text) > MAX_CERTIFICATE_BYTES:
        raise usage_error(f"{path} holds no certificate in PEM form")
    return text
