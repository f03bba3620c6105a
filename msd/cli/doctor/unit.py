"""Is msd installed, and will it start? The unit, the activation file, the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from msd import __version__
from msd.cli.doctor.finding import Finding, Machine, error, fine, warning
from msd.cli.setup.places import ACTIVATION, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROPERTIES = (
    *("LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "Result"),
    *("FragmentPath", "ExecMainStatus"),
)
_USABLE = frozenset({"running", "degraded", "starting", "initializing", "maintenance"})
_CONFIG_ERROR = "78"
_EXECUTABLE = re.compile(r"(?m)^Exec(?:Start)?=(.*)$")


def unit_findings(machine: Machine) -> Iterator[Finding]:
    """Yield what keeps msd from being started."""
    yield from _activation_findings(machine)
    state = machine.run("systemctl", "--user", "is-system-running").stdout.strip()
    if state not in _USABLE:
        yield warning(
            "no-systemd",
            "there is no systemd for this user; msd starts by a D-Bus call and is not watched over",
        )
        return
    unit = _properties(machine)
    yield from _load_findings(unit)
    if unit.get("LoadState") == "loaded":
        yield from _unit_file_findings(unit, machine)
        yield from _run_findings(unit)
        yield from _lingering_findings(machine)


def _properties(machine: Machine) -> dict[str, str]:
    names = ",".join(_PROPERTIES)
    shown = machine.run("systemctl", "--user", "show", UNIT, f"--property={names}").stdout
    pairs = (line.partition("=")[::2] for line in shown.splitlines())
    return dict(pairs)


def _load_findings(unit: dict[str, str]) -> Iterator[Finding]:
    if unit.get("LoadState") == "masked" or unit.get("UnitFileState") == "masked":
        yield error(
            "unit-masked",
            f"{UNIT} is masked, so nothing can start msd",
            f"systemctl --user unmask {UNIT}",
        )
    elif unit.get("LoadState") == "not-found":
        yield error("unit-missing", f"systemd knows no {UNIT}", "msdctl setup")
    elif unit.get("LoadState") not in ("loaded", None):
        yield error("unit-broken", f"systemd can't read {UNIT}", "msdctl setup")


def _unit_file_findings(unit: dict[str, str], machine: Machine) -> Iterator[Finding]:
    if unit.get("NeedDaemonReload") == "yes":
        yield warning(
            "unit-stale",
            f"{UNIT} was changed and systemd still uses the old one",
            "systemctl --user daemon-reload",
        )
    path = Path(unit.get("FragmentPath", ""))
    program = _program_in(path, machine)
    if program and not _is_executable(program):
        yield error(
            "unit-program-missing",
            f"{UNIT} starts {program}, which is not there",
            "msdctl setup",
        )
    if path == machine.folders.overriding_unit:
        yield warning(
            "unit-overridden",
            f"{path} was copied by hand and stays as it is when msd is upgraded",
            "msdctl setup",
        )


def _run_findings(unit: dict[str, str]) -> Iterator[Finding]:
    if unit.get("Result") == "start-limit-hit":
        yield error(
            "start-limit",
            "msd ended so often that systemd no longer starts it",
            "msdctl logs; then `msdctl start`",
        )
    elif unit.get("ActiveState") == "failed" and unit.get("ExecMainStatus") == _CONFIG_ERROR:
        yield error(
            "start-refused",
            "msd refused to start: its settings can't be used, or its bus name is taken",
            "msdctl config check",
        )
    elif unit.get("ActiveState") == "failed":
        sentence = f"msd ended with a failure ({unit.get('Result')}) and is not started again"
        yield error("unit-failed", sentence, "msdctl logs; then `msdctl start`")
    if unit.get("UnitFileState") not in ("enabled", "masked"):
        yield warning(
            "not-enabled",
            "msd does not start at login, only by the first call",
            f"systemctl --user enable {UNIT}",
        )
    else:
        yield fine("enabled", "msd starts at login")


def _lingering_findings(machine: Machine) -> Iterator[Finding]:
    """On a machine without a desktop, msd ends when the last session does."""
    if machine.environment.get("DISPLAY") or machine.environment.get("WAYLAND_DISPLAY"):
        return
    told = machine.run("loginctl", "show-user", "--property=Linger", "--value").stdout.strip()
    if told == "no":
        yield warning(
            "no-linger",
            "msd stops when you log out, and this machine has no desktop",
            "loginctl enable-linger",
        )


def _activation_findings(machine: Machine) -> Iterator[Finding]:
    for folder in (machine.folders.data, Path("/usr/local/share"), Path("/usr/share")):
        path = folder / "dbus-1/services" / ACTIVATION
        if path.exists():
            program = _program_in(path, machine)
            if program and not _is_executable(program):
                yield error(
                    "activation-program-missing",
                    f"{path} starts {program}, which is not there",
                    "msdctl setup",
                )
            elif program:
                yield from _program_findings(program, machine)
            return


def _program_findings(program: str, machine: Machine) -> Iterator[Finding]:
    done = machine.run(program, "--version")
    version = done.stdout.strip().rpartition(" ")[2]
    if done.returncode:
        yield error(
            "program-broken",
            f"{program} does not run: {(done.stderr.strip().splitlines() or ['?'])[-1]}",
            "reinstall msd, e.g. `pipx reinstall msd`; an upgrade of Python breaks environments",
        )
    elif version != __version__:
        yield warning(
            "two-installations",
            f"{program} is msd {version}, and this msdctl is {__version__}",
            "remove one of the two, then run `msdctl setup`",
        )


def _program_in(path: Path, machine: Machine) -> str:
    """Return the program that a unit or an activation file starts; empty when nobody can tell."""
    try:
        line = _EXECUTABLE.search(path.read_text())
        words = shlex.split(line[1]) if line else []
    except (OSError, ValueError):
        return ""
    if words[:1] == ["/usr/bin/env"]:
        words = words[1:]
    home = machine.environment.get("HOME", "")
    return words[0].replace("%h", home).replace("%%", "%") if words else ""


def _is_executable(program: str) -> bool:
    return which(program) is not None
