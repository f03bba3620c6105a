"""The client's own guards, over a bus that a test plays."""

from collections import deque
from contextlib import nullcontext

import pytest

from msd.cli.daemon.client import Client
from msd.cli.daemon.connection import FREEDESKTOP, Reply, SignalMessage
from msd.cli.daemon.jobs import follow_jobs
from msd.cli.dialogue.follow import cancel_all
from msd.cli.errors import CommandError, ExitCode
from msd.contract import BUS_NAME, ERROR_PREFIX, JOB

DAEMON = ":1.7"


class PlayedBus:
    """A connection whose answers and signals a test makes up."""

    def __init__(self, answers):
        self.answers = answers
        self.overflowed = False
        self.signals = deque()

    def call(self, call, *, timeout_s):
        answer = self.answers[call.member]
        if answer is None:
            raise TimeoutError
        return Reply([], answer) if isinstance(answer, str) else Reply(list(answer))

    def next_signal(self, timeout_s=None, *, wake=None):
        return self.signals.popleft() if self.signals else None

    def close(self):
        self.signals.clear()

    def send(self, member="Finished", sender=DAEMON, interface=JOB, args=()):
        self.signals.append(SignalMessage(sender, "/job", interface, member, tuple(args)))


@pytest.fixture
def bus():
    return PlayedBus(
        {"AddMatch": [], "RemoveMatch": [], "NameHasOwner": [True], "GetNameOwner": [DAEMON]}
    )


def test_a_daemon_that_never_answers_is_not_waited_for_for_ever(bus):
    """The wait for an answer ends with exit code 3 and says how long it was."""
    bus.answers["ListSources"] = None

    with pytest.raises(CommandError) as caught:
        Client(bus, call_timeout_s=0.01).call("ListSources")

    assert caught.value.code == "TimedOut"
    assert caught.value.exit_code is ExitCode.NOT_REACHABLE


def test_a_stream_of_signals_with_a_gap_ends(bus):
    """Signals that came faster than they were read end the stream; none is left out silently."""
    with Client(bus).signals() as signals:
        bus.overflowed = True

        with pytest.raises(CommandError) as caught:
            signals.next()

    assert caught.value.exit_code is ExitCode.NOT_REACHABLE


def test_signals_of_other_programs_are_ignored(bus):
    """Any program of the user can send msdctl a signal; only those of the daemon count."""
    with Client(bus).signals() as signals:
        bus.send(sender=":1.66")
        bus.send("NameOwnerChanged", FREEDESKTOP, FREEDESKTOP, ("org.example", "", ":1.9"))
        bus.send("NameAcquired", FREEDESKTOP, FREEDESKTOP, (BUS_NAME,))

        assert signals.next(0) is None


def test_a_new_daemon_is_heard_and_the_old_one_is_not(bus):
    """A restarted daemon has another unique name."""
    with Client(bus).signals() as signals:
        bus.send("NameOwnerChanged", FREEDESKTOP, FREEDESKTOP, (BUS_NAME, DAEMON, ":1.8"))
        bus.send(sender=DAEMON)
        bus.send(sender=":1.8")

        assert [signals.next(0).member for _ in range(2)] == ["NameOwnerChanged", "Finished"]
        assert signals.next(0) is None


def test_an_end_is_looked_up_when_its_signal_comes(bus):
    """Result and Error are read together with the final state."""
    bus.answers["GetAll"] = [{"State": "running"}]
    shown = []
    client = Client(bus)

    with client.signals() as signals:
        bus.send(args=("done", "", {}))

        def show(job):
            shown.append(job)
            bus.answers["GetAll"] = [{"State": "done", "Result": {"seen": 3}}]

        (job,) = follow_jobs(client, signals, ["/job"], show)

    assert [step.state for step in shown] == ["running", "done"]
    assert job.result == {"seen": 3}


def test_a_job_that_the_daemon_forgot_counts_as_failed(bus):
    """A job object stays for a minute after its end; after that nobody knows how it went."""
    bus.answers["GetAll"] = [{"State": "running"}]
    client = Client(bus)

    with client.signals() as signals:
        bus.send()

        def show(_job):
            bus.answers["GetAll"] = f"{ERROR_PREFIX}UnknownJob"

        (job,) = follow_jobs(client, signals, ["/job"], show)

    assert (job.state, job.error != "") == ("failed", True)


def test_a_job_is_not_waited_for_when_its_daemon_leaves(bus):
    """The daemon's departure ends the wait with exit code 3."""
    bus.answers["GetAll"] = [{"State": "running"}]
    client = Client(bus)

    with client.signals() as signals:
        bus.send("NameOwnerChanged", FREEDESKTOP, FREEDESKTOP, (BUS_NAME, DAEMON, ""))
        with pytest.raises(CommandError) as caught:
            follow_jobs(client, signals, ["/job"], lambda _job: None)

    assert caught.value.exit_code is ExitCode.NOT_REACHABLE


@pytest.mark.parametrize("code", ["UnknownJob", "Internal"])
def test_a_job_that_is_over_need_not_be_cancelled(bus, code):
    """One of several jobs may have ended more than a minute ago; other errors are raised."""
    bus.answers["Cancel"] = f"{ERROR_PREFIX}{code}"
    expected = nullcontext() if code == "UnknownJob" else pytest.raises(CommandError)

    with expected:
        cancel_all(Client(bus), ["/job"])
