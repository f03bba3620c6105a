"""Logging to standard error; in the journal each line has its priority."""

import logging
import os
import sys

from msd.backend_api.redaction import redact

_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
# Libraries whose debug lines show requests, headers or messages in full.
_TALKATIVE = ("httpx", "httpcore", "keyring", "dbus_next", "dbus_fast", "asyncio")


class RedactingFormatter(logging.Formatter):
    """Takes secrets out of the whole text, tracebacks included (K1)."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text without the values of tokens, keys and passwords."""
        return redact(super().format(record))


class JournalFormatter(RedactingFormatter):
    """Prefixes every line with `<priority>`, which journald reads and takes off."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines, each with the priority."""
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


def set_up(level: str) -> None:
    """Send msd's log to standard error, from `level` (debug, info, warning, error) upwards."""
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("JOURNAL_STREAM"):
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
