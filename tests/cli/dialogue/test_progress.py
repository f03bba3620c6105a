"""Progress that is true and harmless, on every kind of output."""

import io
import json

import pytest

from msd.cli.daemon.jobs import JobView
from msd.cli.dialogue.progress import (
    _PHASE_WORDS,
    JsonLines,
    PlainLines,
    ProgressBars,
    _bars,
    phase_with_count,
    summary,
    title,
)
from msd.cli.terminal.output import Output
from msd.models import ItemType


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


NAMES = {"local_1": "[b]Films[/b]\x1b[31m"}
WAITING = "; `msdctl confirm-deletes Films` removes them here too"
RESULT = {"seen": 12, "added": 3, "held": 4, "duration_ms": 2100, "complete": True}


def job(path="/job/1", **fields):
    return JobView(path, {"Kind": "sync", "SourceId": "local_1"} | fields)


def running(done, total, phase="movie"):
    return job(State="running", Phase=phase, Done=done, Total=total)


@pytest.fixture
def written():
    return io.StringIO()


def test_plain_output_has_a_line_for_each_phase_and_one_for_the_end(written):
    """On the terminal: plain output when not a terminal."""
    lines = PlainLines(Output(written, written, as_json=False), {"local_1": "Films"})

    for step in (
        job(State="queued", Phase="", Done=0, Total=-1),
        running(1, -1),
        running(5, 10),
        running(9, 10, "show"),
        job(State="done", Result=RESULT),
    ):
        lines.show(step)

    assert written.getvalue().splitlines() == [
        "Films: movies 1",
        "Films: shows 9/10",
        "Films: 3 added, 4 missing items kept in 2.1 s" + WAITING,
    ]


def test_json_output_has_an_object_for_each_change(written):
    """On the terminal: --json on all."""
    lines = JsonLines(Output(written, written, as_json=True))

    lines.show(running(1, -1))
    lines.show(job(State="failed", Error="no", Result={}))

    first, last = map(json.loads, written.getvalue().splitlines())
    assert (first["event"], first["done"], first["total"]) == ("progress", 1, None)
    assert (last["event"], last["state"], last["error"]) == ("finished", "failed", "no")


def test_bars_come_with_a_job_and_go_with_it():
    """On the terminal: progress bars with rich."""
    screen = Screen()
    out = Output(screen, screen, as_json=False)

    with _bars(out) as bars:
        shown = ProgressBars(bars, out, NAMES)
        shown.show(running(5, 10))
        (task,) = bars.tasks
        shown.show(job(State="done", Result=RESULT))

        assert (task.completed, task.total) == (5, 10)
        assert bars.tasks == []
    assert "[b]Films[/b]\\x1b[31m: 3 added" in screen.getvalue()


def test_a_phase_without_a_total_forgets_that_of_the_last():
    """A phase without a total forgets that of the last (Y11).

    Total is the server's number or unknown; never a guess.
    """
    screen = Screen()
    out = Output(screen, screen, as_json=False)

    with _bars(out) as bars:
        shown = ProgressBars(bars, out, NAMES)
        shown.show(running(2075, 2075))
        shown.show(running(0, -1, "deletions"))
        (task,) = bars.tasks

        assert (task.completed, task.total) == (0, None)
        assert task.fields["phase"] == "checking for deleted items"


@pytest.mark.parametrize(
    ("done", "total", "name", "words"),
    [
        (500, 2075, "movie", "movies 500/2075"),
        (7, -1, "music-video", "music videos 7"),
        (0, -1, "libraries", "looking for libraries"),
        (0, -1, "new-thing\x1b", "new thing\\x1b"),
        (0, -1, "", "running"),
    ],
)
def test_a_phase_is_told_in_plain_words(done, total, name, words):
    """Y11, for people."""
    assert phase_with_count(running(done, total, name)) == words


def test_every_type_that_is_synced_has_words():
    """A phase is mostly the type that is listed."""
    assert [kind for kind in ItemType if kind.value not in _PHASE_WORDS] == []


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"seen": 9, "unchanged": 9}, "nothing changed"),
        ({"added": 1, "updated": 2, "removed": 3, "unchanged": 4}, "1 added, 2 updated, 3 removed"),
        ({"added": 1, "unchanged": 4}, "1 added, 4 unchanged"),
        ({"skipped": 2, "unchanged": 4}, "nothing changed, 2 skipped"),
        ({"held": 1}, "nothing changed, 1 missing item kept; `msdctl confirm-deletes local_1`"),
        ({"complete": False}, "nothing changed; some of it could not be read to the end"),
    ],
)
def test_the_summary_says_in_words_what_was_done(result, words):
    """One line at the end."""
    assert summary(job(State="done", Result=result), {}).startswith(f"local_1: {words}")


def test_a_name_from_a_server_is_shown_and_not_obeyed():
    """A name from a server is shown and not obeyed (K5)."""
    assert title(job(), NAMES) == "[b]Films[/b]\\x1b[31m"


def test_a_failed_job_says_why_on_one_line():
    """A failed job says why on one line (Y11).

    A failed sync is reported as failed, with what was kept.
    """
    failed = job(State="failed", Error="no route\nto host", Result={"added": 7})

    assert summary(failed, {}) == "local_1: failed (no route\\x0ato host): 7 added"


@pytest.mark.parametrize("total", [-1, None, "many"])
def test_an_unknown_total_is_no_number(total):
    """An unknown total is no number (Y11).

    Total is the server's number or unknown; never a guess.
    """
    assert job(Total=total).total is None
