"""`doctor`: look at everything that msd needs, and say what is wrong and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.doctor.bus import Bus, bus_findings, look_at_bus
from msd.cli.doctor.finding import Finding, Machine, Severity, error
from msd.cli.doctor.secrets import secret_findings
from msd.cli.doctor.sources import source_findings
from msd.cli.doctor.storage import storage_findings
from msd.cli.doctor.system import secret_store_of, system_findings
from msd.cli.doctor.unit import unit_findings
from msd.cli.errors import ExitCode
from msd.cli.terminal.text import count

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping

    from msd.cli.session import Commands, Session

_NOTES = """\
Looks at the session bus, msd's name, the unit, the program, settings, keyring, disk, databases,
clock and every source; starts nothing and changes nothing. Exit code 1 when something is wrong.

With --json: a list of objects; keys: code, severity (ok, warning, error), sentence, remedy."""
_MARKS = {
    Severity.OK: ("\x1b[32m", "ok     "),
    Severity.WARNING: ("\x1b[33m", "warning"),
    Severity.ERROR: ("\x1b[31m", "error  "),
}


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    doctor = commands.add("doctor", _doctor, notes=_NOTES, examples="msdctl doctor")
    doctor.add_argument("--all", action="store_true", help="show also what is in order")


def findings(machine: Machine, bus: Bus) -> Iterator[Finding]:
    """Yield everything that was looked at, what is in order included."""
    yield from bus_findings(bus)
    yield from unit_findings(machine)
    known = machine.selfcheck()
    if not known:
        yield error("broken", "this installation of msd can't be run", "reinstall msd")
    config = cast("Mapping[str, object]", known.get("config") or {})
    databases = cast("list[dict[str, object]]", known.get("databases") or [])
    yield from system_findings(machine, config)
    yield from storage_findings(machine, databases)
    store = str((bus.daemon or {}).get("SecretStore") or secret_store_of(config))
    yield from secret_findings(machine, bus, store)
    if bus.client is not None and bus.is_running:
        yield from source_findings(bus.client)


def _doctor(session: Session, options: Namespace) -> ExitCode:
    bus = look_at_bus()
    try:
        found = list(findings(Machine(), bus))
    finally:
        if bus.client is not None:
            bus.client.close()
    bad = [finding for finding in found if finding.severity is Severity.ERROR]
    if session.out.as_json:
        session.out.document([finding._asdict() for finding in found])
    else:
        _show(session, found, show_all=options.all)
    return ExitCode.FAILED if bad else ExitCode.OK


def _show(session: Session, found: list[Finding], *, show_all: bool) -> None:
    out = session.out
    shown = [finding for finding in found if show_all or finding.severity is not Severity.OK]
    for finding in sorted(shown, key=lambda finding: list(_MARKS)[::-1].index(finding.severity)):
        style, mark = _MARKS[finding.severity]
        head = f"{style}{mark}\x1b[0m" if out.is_styled else mark
        _write(session, head, finding)
    fine = count(sum(finding.severity is Severity.OK for finding in found), "check")
    if not any(finding.severity is not Severity.OK for finding in found):
        out.say(f"nothing is wrong: {fine} in order")
    elif not show_all:
        out.say(f"{fine} in order; `msdctl doctor --all` shows them")


def _write(session: Session, head: str, finding: Finding) -> None:
    from msd.cli.terminal.table import wrapped  # noqa: PLC0415 - after the checks

    width = session.out.width - 9 if session.out.is_rich else 10_000
    lines = wrapped(finding.sentence, width)
    lines += wrapped(f"→ {finding.remedy}", width) if finding.remedy else []
    session.out.say(f"{head}  {lines[0]}", *(f"{'':9}{line}" for line in lines[1:]))
