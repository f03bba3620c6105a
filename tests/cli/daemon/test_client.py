"""The client's own guards, over a bus that a test plays."""

from contextlib import nullcontext
from types import SimpleNamespace

import anyio
import pytest

from msd.cli.daemon.client import BUFFERED_SIGNALS, Client
from msd.cli.daemon.jobs import follow_jobs
from msd.cli.dialogue.follow import cancel_all
from msd.cli.errors import CommandError, ExitCode
from msd.contract import BUS_NAME, ERROR_PREFIX, JOB
from msd.dbus.binding import MessageKind
from msd.dbus.names import FREEDESKTOP

pytestmark = pytest.mark.anyio

DAEMON = ":1.7"


class PlayedBus:
    """A connection whose answers and signals a test makes up."""

    def __init__(self, answers):
        self.answers = answers
        self.handler = None

    async def call(self, call):
        answer = self.answers[call.member]
        if answer is None:
            await anyio.sleep_forever()
        if isinstance(answer, str):
            return SimpleNamespace(message_type=MessageKind.ERROR, error_name=answer, body=[])
        return SimpleNamespace(message_type=MessageKind.RETURN, body=answer)

    def plain(self, body):
        return list(body)

    def on_signal(self, handler):
        self.handler = handler

    async def lost(self):
        await anyio.sleep_forever()

    def send(self, member="Finished", sender=DAEMON, interface=JOB, body=()):
        self.handler(
            SimpleNamespace(
                sender=sender, path="/job", interface=interface, member=member, body=body
            )
        )


@pytest.fixture
def bus():
    return PlayedBus({"AddMatch": [], "NameHasOwner": [True], "GetNameOwner": [DAEMON]})


async def test_a_daemon_that_never_answers_is_not_waited_for_for_ever(bus):
    """exit code 3"""
    bus.answers["ListSources"] = None

    with pytest.raises(CommandError) as caught:
        await Client(bus, call_timeout_s=0.01).call("ListSources")

    assert caught.value.code == "TimedOut"
    assert caught.value.exit_code is ExitCode.NOT_REACHABLE


async def test_signals_that_nobody_reads_do_not_grow_without_bound(bus):
    """a watcher in a stopped pipe; ending is honest, dropping is not"""
    client = Client(bus)

    async with client.signals() as signals:
        for _ in range(BUFFERED_SIGNALS + 10):
            bus.send()
        received = [signal async for signal in signals]

    assert len(received) == BUFFERED_SIGNALS


async def test_signals_of_others_are_not_heard(bus):
    """any program of the user can send msdctl a signal"""
    async with Client(bus).signals() as signals:
        bus.send(sender=":1.66")
        bus.send("NameOwnerChanged", FREEDESKTOP, FREEDESKTOP, ("org.example", "", ":1.9"))
        bus.send("NameAcquired", FREEDESKTOP, FREEDESKTOP, (BUS_NAME,))

        assert signals.statistics().current_buffer_used == 0


async def test_a_new_daemon_is_heard_and_the_old_one_is_not(bus):
    """a restarted daemon has another unique name"""
    async with Client(bus).signals() as signals:
        bus.send("NameOwnerChanged", FREEDESKTOP, FREEDESKTOP, (BUS_NAME, DAEMON, ":1.8"))
        bus.send(sender=":1.8")
        bus.send(sender=DAEMON)

        assert signals.statistics().current_buffer_used == 2


async def test_an_end_is_looked_up_when_its_signal_comes(bus):
    """Result and Error are read with the final state"""
    bus.answers["GetAll"] = [{"State": "running"}]
    shown = []
    client = Client(bus)

    async with client.signals() as signals:
        bus.send(body=("done", "", {}))

        def show(job):
            shown.append(job)
            bus.answers["GetAll"] = [{"State": "done", "Result": {"seen": 3}}]

        (job,) = await follow_jobs(client, signals, ["/job"], show)

    assert [step.state for step in shown] == ["running", "done"]
    assert job.result == {"seen": 3}


async def test_a_job_that_the_daemon_forgot_counts_as_failed(bus):
    """a job object stays for a minute after its end"""
    bus.answers["GetAll"] = [{"State": "running"}]
    client = Client(bus)

    async with client.signals() as signals:
        bus.send()

        def show(_job):
            bus.answers["GetAll"] = f"{ERROR_PREFIX}UnknownJob"

        (job,) = await follow_jobs(client, signals, ["/job"], show)

    assert (job.state, job.error != "") == ("failed", True)


async def test_a_job_is_not_waited_for_when_its_daemon_leaves(bus):
    """exit code 3"""
    bus.answers["GetAll"] = [{"State": "running"}]
    client = Client(bus)

    async with client.signals() as signals:
        bus.send("NameOwnerChanged", FREEDESKTOP, FREEDESKTOP, (BUS_NAME, DAEMON, ""))
        with pytest.raises(CommandError) as caught, anyio.fail_after(5):
            await follow_jobs(client, signals, ["/job"], lambda _job: None)

    assert caught.value.exit_code is ExitCode.NOT_REACHABLE


@pytest.mark.parametrize("code", ["UnknownJob", "Internal"])
async def test_a_job_that_is_over_need_not_be_cancelled(bus, code):
    """one of several jobs may have ended more than a minute ago"""
    bus.answers["Cancel"] = f"{ERROR_PREFIX}{code}"
    expected = nullcontext() if code == "UnknownJob" else pytest.raises(CommandError)

    with expected:
        await cancel_all(Client(bus), ["/job"])
