"""What reaches the journal: redacted, with priorities."""

import logging
import sys

from msd.logs import JournalFormatter, RedactingFormatter

CANARY = "c4n4ry"


def record(level: int = logging.INFO, *, failing: bool = False) -> logging.LogRecord:
    info = None
    if failing:
        try:
            raise ValueError(f"GET /Items?ApiKey={CANARY}")
        except ValueError:
            info = sys.exc_info()
    return logging.LogRecord("msd", level, "", 0, "asked with Token=%s", (CANARY,), info)


def test_messages_and_tracebacks_are_redacted() -> None:
    """K1: the whole text, not only the message."""
    text = RedactingFormatter("%(message)s").format(record(failing=True))

    assert "ValueError" in text
    assert CANARY not in text


def test_each_line_in_the_journal_has_its_priority() -> None:
    """journald reads and takes off `<n>`; a traceback is of one priority throughout."""
    lines = JournalFormatter("%(message)s").format(record(logging.ERROR, failing=True)).splitlines()

    assert len(lines) > 2
    assert all(line.startswith("<3>") for line in lines)
    assert CANARY not in "".join(lines)
