"""Progress that is true and harmless, on every kind of output."""

import io
import json

import pytest

from msd.cli.jobs import JobView
from msd.cli.output import Output
from msd.cli.progress import JsonLines, PlainLines, ProgressBars, _bars, summary, title


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


NAMES = {"local_1": "[b]Films[/b]\x1b[31m"}
WAITING = "; deletions wait for `msdctl confirm-deletes`"
RESULT = {"seen": 12, "added": 3, "held": 4, "duration_ms": 2100, "complete": True}


def job(path="/job/1", **fields):
    return JobView(path, {"Kind": "sync", "SourceId": "local_1"} | fields)


def running(done, total, phase="movie"):
    return job(State="running", Phase=phase, Done=done, Total=total)


@pytest.fixture
def written():
    return io.StringIO()


def test_plain_output_has_a_line_for_each_phase_and_one_for_the_end(written):
    """msdctl: plain output when not a terminal"""
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
        "Films: movie",
        "Films: show 9/10",
        "Films: done: 12 seen, 3 added, 4 held in 2.1 s" + WAITING,
    ]


def test_json_output_has_an_object_for_each_change(written):
    """msdctl: --json on all"""
    lines = JsonLines(Output(written, written, as_json=True))

    lines.show(running(1, -1))
    lines.show(job(State="failed", Error="no", Result={}))

    first, last = map(json.loads, written.getvalue().splitlines())
    assert (first["event"], first["done"], first["total"]) == ("progress", 1, None)
    assert (last["event"], last["state"], last["error"]) == ("finished", "failed", "no")


def test_bars_come_with_a_job_and_go_with_it():
    """msdctl: progress bars with rich"""
    screen = Screen()
    out = Output(screen, screen, as_json=False)

    with _bars(out) as bars:
        shown = ProgressBars(bars, out, NAMES)
        shown.show(running(5, 10))
        (task,) = bars.tasks
        shown.show(job(State="done", Result=RESULT))

        assert (task.completed, task.total) == (5, 10)
        assert bars.tasks == []
    assert "[b]Films[/b]\\x1b[31m: done: 12 seen" in screen.getvalue()


def test_a_name_from_a_server_is_shown_and_not_obeyed():
    """K5"""
    assert title(job(), NAMES) == "[b]Films[/b]\\x1b[31m"


def test_a_failed_job_says_why_on_one_line():
    """Y11: a failed sync is reported as failed, with what was kept"""
    failed = job(State="failed", Error="no route\nto host", Result={"seen": 7})

    assert summary(failed, {}) == "local_1: failed (no route\\x0ato host): 7 seen"


@pytest.mark.parametrize("total", [-1, None, "many"])
def test_an_unknown_total_is_no_number(total):
    """Y11: total is the server's number or unknown; never a guess"""
    assert job(Total=total).total is None
