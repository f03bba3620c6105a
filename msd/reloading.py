"""Settings that change while msd runs: it stops in order and starts again in the same process.

Every setting is read at one place, when msd starts; so a changed file means a new start, which
takes less than a second and keeps the process id. Syncs go on where they stopped. A file that can't
be used changes nothing: what is wrong is logged, and msd goes on as it is.
"""

import logging
import os
import signal
import sys
from pathlib import Path

import anyio

from msd.errors import InvalidArgumentError
from msd.settings import Settings, load

POLL_S = 10.0
START_AGAIN = -1  # what `app.main` returns in place of an exit code

log = logging.getLogger("msd")


async def until_settings_change(settings: Settings) -> None:
    """Wait until the settings file says something else that can be used.

    The file is looked at every ten seconds, and at once after SIGHUP.
    """
    stamp = _stamp(settings.config_file)
    with anyio.open_signal_receiver(signal.SIGHUP) as hangups:
        while True:
            with anyio.move_on_after(POLL_S):
                await anext(hangups)
            newest = _stamp(settings.config_file)
            if newest == stamp:
                continue
            stamp = newest
            if _is_changed(settings):
                log.info("the settings have changed; msd starts again with them")
                return


def _is_changed(settings: Settings) -> bool:
    try:
        return load(settings.config_file) != settings
    except InvalidArgumentError as error:
        log.error("the changed settings are not used: %s", error)  # noqa: TRY400 - one sentence
        return False


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what tells one version of a file from another; None when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def start_again() -> None:
    """Replace this process by a new msd with the same arguments; does not return."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # what is ignored would stay ignored
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very program
