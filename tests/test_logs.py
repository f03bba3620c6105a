"""What reaches the journal: clean, with priorities, whoever wrote it."""

import io
import logging
import subprocess
import sys
from pathlib import Path

from msd.logs import CleanStream, JournalFormatter
from msd.redaction import Outlet, Redactor

CANARY = "c4n4ry-b0a7"
# What a process may write about itself.
TALKATIVE = f"""
import faulthandler, logging, os, signal, sys, threading, warnings
from msd import logs
from msd.redaction import Outlet, Redactor
redactor = Redactor(leaking=[Outlet(each) for each in sys.argv[1:]])
redactor.learn("{CANARY}")
logs.set_up("debug", redactor)
faulthandler.enable()
faulthandler.register(signal.SIGUSR1)
logging.getLogger("msd").info("asked with %s", "{CANARY}")
logging.getLogger("other").error("%s", {{"X": "{CANARY}"}})
print("printed", "{CANARY}")
warnings.warn("deprecated: {CANARY}")
class Bad:
    def __del__(self): raise ValueError("{CANARY}")
Bad()
def fail(token): raise ValueError(f"no {{token}}")
thread = threading.Thread(target=fail, args=["{CANARY}"]); thread.start(); thread.join()
def deep(token):
    os.kill(os.getpid(), signal.SIGUSR1)
    try: fail(token)
    except ValueError: logging.getLogger("msd").exception("caught")
    fail(token)
deep("{CANARY}")
"""


def said(*leaking: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE, *leaking],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    return done.stdout + done.stderr


def test_nothing_that_a_process_writes_holds_a_secret() -> None:
    """Nothing that a process writes holds a secret (K1).

    Log lines, prints, warnings, tracebacks of any kind, faulthandler's stacks.
    """
    text = said()

    for part in (
        "asked with",
        "printed",
        "deprecated",
        "Traceback",
        "caught",
        "in deep",
        "call first",
    ):
        assert part in text
    # Python echoes lines of source code, and this source names the canary.
    lines = [line for line in text.splitlines() if f'"{CANARY}"' not in line]
    assert CANARY not in "\n".join(lines)


def test_without_the_redaction_the_secret_would_be_there() -> None:
    """What the test above looks at is where secrets would be."""
    assert 6 <= said(Outlet.LOG).count(CANARY)


def test_each_line_in_the_journal_has_its_priority() -> None:
    """journald reads and takes off `<n>`; a traceback is of one priority throughout."""
    try:
        raise ValueError("no")
    except ValueError:
        failure = sys.exc_info()
    record = logging.LogRecord("msd", logging.ERROR, "", 0, "asked", (), failure)

    lines = JournalFormatter("%(message)s").format(record).splitlines()

    assert len(lines) > 2
    assert all(line.startswith("<3>") for line in lines)


def test_a_clean_stream_is_a_stream() -> None:
    """Whoever asks for the descriptor or the encoding gets those below."""
    with open("/dev/null", "w", encoding="utf-8") as below:
        stream = CleanStream(below, Redactor())

        assert (below.fileno(), "utf-8", False) == (
            stream.fileno(),
            stream.encoding,
            stream.isatty(),
        )


def test_what_was_written_is_counted_as_it_was_given() -> None:
    """Callers compare the count with what they wrote."""
    below, redactor = io.StringIO(), Redactor()
    redactor.learn(CANARY)

    count = CleanStream(below, redactor).write(f"a {CANARY} b")

    assert (len(f"a {CANARY} b"), "a *** b") == (count, below.getvalue())
