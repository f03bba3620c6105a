"""The clock, the limit of watches, and the settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from msd.cli.doctor.finding import Finding, Machine, error, fine, warning
from msd.cli.terminal.text import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEAST_WATCHES = 65_536
_RELEASED = 1_761_955_200  # 2025-11-01: no machine that runs this msd has an earlier date
_TOLERANCE_S = 300


def system_findings(machine: Machine, config: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what is wrong with the machine and the settings.

    Args:
        machine: where to look.
        config: as `msd.selfcheck` describes it.
    """
    yield from _clock_findings(machine)
    yield from _watch_findings(machine)
    yield from _config_findings(config)


def _clock_findings(machine: Machine) -> Iterator[Finding]:
    now = int(machine.now())
    newest = max(
        (int(path.stat().st_mtime) for path in (machine.folders.data / "msd").glob("*.db")),
        default=0,
    )
    if now < _RELEASED or newest > now + _TOLERANCE_S:
        yield error(
            "clock-wrong",
            f"the clock of this machine says {moment(now)}, which is in the past",
            "timedatectl set-ntp true",
        )
        return
    shown = machine.run("timedatectl", "show").stdout
    if "NTP=no" in shown and "NTPSynchronized=no" in shown:
        yield warning(
            "clock-not-kept",
            "nothing keeps the clock of this machine right; servers refuse a wrong one",
            "timedatectl set-ntp true",
        )


def _watch_findings(machine: Machine) -> Iterator[Finding]:
    try:
        limit = int(machine.watch_limit.read_text())
    except (OSError, ValueError):
        return
    if limit < LEAST_WATCHES:
        yield warning(
            "few-watches",
            f"this machine allows {limit} watched folders; larger libraries are scanned instead",
            "echo fs.inotify.max_user_watches=524288 | sudo tee /etc/sysctl.d/50-msd.conf"
            " && sudo sysctl --system",
        )


def _config_findings(config: Mapping[str, object]) -> Iterator[Finding]:
    path = config.get("path")
    problems = cast("list[dict[str, object]]", config.get("problems") or [])
    for problem in problems:
        where = f"{path}, line {problem['line']}" if problem.get("line") else str(path)
        yield error(
            "config-wrong", f"{where}: {problem['message']}", f"edit {path}, then `msdctl restart`"
        )
    if config.get("exists") and not problems:
        yield fine("config", f"{path} is right")


def secret_store_of(config: Mapping[str, object]) -> str:
    """Return where tokens rest by the settings, e.g. `secret-service`."""
    values = cast("dict[str, dict[str, object]]", config.get("values") or {})
    return str(values.get("secrets", {}).get("store", "secret-service"))


def as_json(machine: Machine) -> str:
    """Return what `msd.selfcheck` says, for the bundle."""
    return json.dumps(machine.selfcheck(), indent=2)
