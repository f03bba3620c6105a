"""Logging to standard error; in the journal each line has its priority."""

import io
import logging
import os
import sys
import threading
from types import TracebackType
from typing import TextIO

from msd.redaction import Outlet, Redactor

_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
# Libraries whose debug lines show requests, headers or messages in full.
_TALKATIVE = ("httpx", "httpcore", "keyring", "dbus_next", "dbus_fast", "asyncio")

log = logging.getLogger("msd")


class JournalFormatter(logging.Formatter):
    """Prefixes every line with `<priority>`, which journald reads and takes off."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines, each with the priority."""
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


class CleanStream(io.TextIOBase):
    """A text stream that lets no secret through: log lines, tracebacks, warnings, stray prints."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor

    def write(self, text: str) -> int:
        """Write the text without its secrets."""
        self._stream.write(self._redactor.text(text, Outlet.LOG))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._stream.flush()

    def fileno(self) -> int:
        """Return the descriptor, which `faulthandler` writes frames to, never values."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether somebody looks at it."""
        return self._stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding below."""
        return self._stream.encoding


def set_up(level: str, redactor: Redactor) -> None:
    """Send msd's log to standard error, from `level` (debug, info, warning, error) upwards.

    Whatever else this process writes to its standard streams is cleaned as well; what Python
    itself would write about a crash becomes a log record.
    """
    sys.stdout = CleanStream(sys.stdout, redactor)
    sys.stderr = CleanStream(sys.stderr, redactor)
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("JOURNAL_STREAM"):
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash
    threading.excepthook = _log_crash_of_thread
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _log_crash(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("ends after an unexpected error", exc_info=(kind, error, traceback))


def _log_crash_of_thread(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value is not None and not isinstance(crash.exc_value, SystemExit):
        info = (crash.exc_type, crash.exc_value, crash.exc_traceback)
        log.error("a thread ended after an unexpected error", exc_info=info)
