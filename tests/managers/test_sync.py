"""SyncManager: real worker processes, well behaved and not."""

import fcntl
import os
import sys
import time
from pathlib import Path

import anyio
import anyio.lowlevel
import msgspec
import pytest
from msgspec.structs import replace

from msd.errors import MsdError, NotSupportedError, UnreachableError
from msd.managers.sync import STOP_S, SyncManager
from msd.models import BackendKind, LibraryId, Source, SourceId, StatusReason, SyncReport
from msd.sync import messages

pytestmark = pytest.mark.anyio

TOKEN = "canary-token-5f2c"


def request(folder: Path, kind: str = "local") -> messages.SyncRequest:
    return messages.SyncRequest(
        source=Source(
            id=SourceId(f"{kind}_000000000000"),
            kind=BackendKind(kind),
            name="x",
            account_id=None,
            server_id=str(folder),
        ),
        user_id="u",
        token=TOKEN,
        device_id="d",
        device_name="h",
        cache_db=str(folder / "cache.db"),
        state_db=str(folder / "state.db"),
        cache_dir=str(folder),
    )


async def run(program: str, folder: Path, *, parallel: int = 2) -> SyncReport:
    """Run a worker that is a line of Python."""
    syncs = SyncManager(parallel=parallel, command=(sys.executable, "-c", program))
    return await syncs.run(
        request(folder),
        started=lambda: None,
        progress=lambda _progress: None,
        changed=lambda _changed: None,
    )


def saying(*said: messages.Message) -> str:
    lines = b"".join(messages.encode(message) for message in said)
    return f"import sys; sys.stdin.readline(); sys.stdout.buffer.write({lines!r})"


async def test_the_report_of_a_worker_is_the_result(tmp_path: Path) -> None:
    """The last message ends the conversation."""
    report = SyncReport(seen=3, added=2)

    assert report == await run(saying(messages.Finished(report=report)), tmp_path)


async def test_progress_and_changes_are_passed_on_in_order(tmp_path: Path) -> None:
    """Progress and changes are passed on in order (Y10, Y11)."""
    seen: list[object] = []
    progress = messages.Progress(phase="movie", done=1, total=2)
    changed = messages.Changed(library_id=LibraryId("l"), revision=7)
    program = saying(progress, changed, messages.Finished(report=SyncReport()))
    syncs = SyncManager(parallel=1, command=(sys.executable, "-c", program))

    await syncs.run(
        request(tmp_path),
        started=lambda: seen.append("started"),
        progress=seen.append,
        changed=seen.append,
    )

    assert ["started", progress, changed] == seen


async def test_an_error_keeps_its_class_and_reason(tmp_path: Path) -> None:
    """An error keeps its class and reason.

    Different types lead to different statuses.
    """
    error = UnreachableError("gone", reason=StatusReason.DNS, retry_after_s=5.0)

    with pytest.raises(UnreachableError, match="gone") as raised:
        await run(saying(messages.failed(error)), tmp_path)

    assert (raised.value.reason, raised.value.retry_after_s) == (StatusReason.DNS, 5.0)


@pytest.mark.parametrize(
    "program",
    [
        "",
        "import sys; sys.exit(3)",
        "import os; os.kill(os.getpid(), 9)",
        "import sys; sys.stdin.readline(); sys.stdout.write('x' * 3_000_000)",
    ],
    ids=["says nothing", "fails", "is killed", "says too much"],
)
async def test_a_worker_that_breaks_the_conversation_is_an_error(
    tmp_path: Path, program: str
) -> None:
    """A worker that breaks the conversation is an error (Y11).

    Never a success.
    """
    with pytest.raises(MsdError, match="worker"):
        await run(program, tmp_path)


async def test_garbage_is_an_error_and_not_a_crash_of_the_manager(tmp_path: Path) -> None:
    """Whatever a worker says."""
    with pytest.raises(MsdError, match="worker"):
        await run("import sys; sys.stdin.readline(); print('{}')", tmp_path)


async def test_a_worker_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """A worker that does not stop is killed (Y12, O4)."""
    program = (
        "import sys, time, os\n"
        "sys.stdin.readline()\n"
        f"os.symlink(str(os.getpid()), {str(tmp_path / 'pid')!r})\n"
        "time.sleep(60)\n"
    )
    began = time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, program, tmp_path)
        with anyio.fail_after(10):
            while not os.path.lexists(tmp_path / "pid"):
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()

    assert STOP_S <= time.monotonic() - began < STOP_S + 10
    assert not os.path.lexists(f"/proc/{os.readlink(tmp_path / 'pid')}")


async def test_the_secrets_of_a_request_are_in_no_process_list_nor_repr(tmp_path: Path) -> None:
    """The secrets of a request are in no process list nor repr (K1)."""
    program = (
        "import sys, os\n"
        "sys.stdin.readline()\n"
        f"open({str(tmp_path / 'seen')!r}, 'wb').write("
        "open('/proc/self/cmdline', 'rb').read() + open('/proc/self/environ', 'rb').read())\n"
    )

    with pytest.raises(MsdError):
        await run(program, tmp_path)

    assert TOKEN.encode() not in (tmp_path / "seen").read_bytes()
    assert TOKEN not in repr(request(tmp_path))


async def test_the_real_worker_refuses_a_kind_that_is_not_installed(tmp_path: Path) -> None:
    """A source of a removed third-party backend fails with one clear error."""
    with pytest.raises(NotSupportedError, match="no backend of kind nothing"):
        await SyncManager(parallel=1).run(
            request(tmp_path, kind="nothing"),
            started=lambda: None,
            progress=lambda _progress: None,
            changed=lambda _changed: None,
        )


async def test_only_so_many_workers_run_at_once(tmp_path: Path) -> None:
    """Only so many workers run at once (Y1).

    Sources sync in parallel, bounded.
    """
    slot = tmp_path / "slot"
    program = (
        "import os, sys, time\n"
        "sys.stdin.readline()\n"
        f"os.mkdir({str(slot)!r})\n"
        "time.sleep(0.2)\n"
        f"os.rmdir({str(slot)!r})\n"
        f"sys.stdout.buffer.write({messages.encode(messages.Finished(report=SyncReport()))!r})\n"
    )
    syncs = SyncManager(parallel=1, command=(sys.executable, "-c", program))

    async def one() -> None:
        await syncs.run(request(tmp_path), started=lambda: None, progress=print, changed=print)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(one)


async def test_a_worker_that_waits_for_its_server_holds_no_place(tmp_path: Path) -> None:
    """A slow server keeps no other source from being synced (Y18)."""
    gate = (tmp_path / "gate").open("w")
    fcntl.flock(gate, fcntl.LOCK_EX)
    waits = (
        f"import fcntl, sys; sys.stdin.readline(); out = sys.stdout.buffer;"
        f" out.write({messages.encode(messages.Waiting())!r}); out.flush();"
        f" fcntl.flock(open({gate.name!r}), fcntl.LOCK_SH);"
        f" out.write({messages.encode(messages.Working())!r});"
        f" out.write({messages.encode(messages.Finished(report=SyncReport(seen=1)))!r})"
    )
    quick = saying(messages.Finished(report=SyncReport(seen=2)))
    syncs = SyncManager(parallel=1, command=(sys.executable, "-c", waits))
    others = SyncManager(parallel=1, command=(sys.executable, "-c", quick))
    others._places = syncs._places
    finished: list[int] = []
    started = anyio.Event()

    async def sync_with(manager: SyncManager) -> None:
        report = await manager.run(
            request(tmp_path), started=started.set, progress=print, changed=print
        )
        finished.append(report.seen)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sync_with, syncs)
            await started.wait()
            await sync_with(others)
            before = list(finished)
            gate.close()

    assert (before, finished) == ([2], [2, 1])


async def test_a_worker_that_works_again_waits_for_a_place(tmp_path: Path) -> None:
    """Only so many decode and write at a time, also after they have waited (Y1, Y18)."""
    gates = [(tmp_path / name).open("w") for name in ("first", "second")]
    for gate in gates:
        fcntl.flock(gate, fcntl.LOCK_EX)
    said = tmp_path / "said"
    waits = (
        f"import fcntl, sys; sys.stdin.readline(); out = sys.stdout.buffer;"
        f" out.write({messages.encode(messages.Waiting())!r}); out.flush();"
        f" fcntl.flock(open({gates[0].name!r}), fcntl.LOCK_SH);"
        f" out.write({messages.encode(messages.Working())!r});"
        f" out.write({messages.encode(messages.Finished(report=SyncReport(seen=1)))!r});"
        f" out.flush(); open({str(said)!r}, 'w')"
    )
    works = (
        f"import fcntl, sys; sys.stdin.readline();"
        f" fcntl.flock(open({gates[1].name!r}), fcntl.LOCK_SH);"
        f" sys.stdout.buffer.write("
        f"{messages.encode(messages.Finished(report=SyncReport(seen=2)))!r})"
    )
    waiting = SyncManager(parallel=1, command=(sys.executable, "-c", waits))
    working = SyncManager(parallel=1, command=(sys.executable, "-c", works))
    working._places = waiting._places
    finished: list[int] = []
    has_begun = {1: anyio.Event(), 2: anyio.Event()}

    async def sync_with(manager: SyncManager, number: int) -> None:
        report = await manager.run(
            request(tmp_path), started=has_begun[number].set, progress=print, changed=print
        )
        finished.append(report.seen)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sync_with, waiting, 1)
            await has_begun[1].wait()
            tasks.start_soon(sync_with, working, 2)
            await has_begun[2].wait()
            gates[0].close()
            while not said.exists():
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            before = list(finished)
            gates[1].close()

    assert (before, finished) == ([], [2, 1])


async def test_a_worker_does_not_speak_to_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readiness and the watchdog are the daemon's own affair; the rest of the environment stays."""
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "MSD_TEST_CANARY"):
        monkeypatch.setenv(name, "1")
    seen = tmp_path / "seen"
    program = (
        "import os, sys\n"
        "sys.stdin.readline()\n"
        f"open({str(seen)!r}, 'w').write(' '.join(os.environ))\n"
    )

    with pytest.raises(MsdError):
        await run(program, tmp_path)

    names = set(seen.read_text().split())
    assert "MSD_TEST_CANARY" in names
    assert not names & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}


async def test_one_server_is_asked_by_two_at_a_time(tmp_path: Path) -> None:
    """One server is asked by two at a time (Y1).

    Users of the same server take turns; another server does not wait for them.
    """
    gate = (tmp_path / "gate").open("w")
    fcntl.flock(gate, fcntl.LOCK_EX)
    finished = messages.encode(messages.Finished(report=SyncReport()))
    program = (
        f"import fcntl, sys; sys.stdin.readline();"
        f" fcntl.flock(open({gate.name!r}), fcntl.LOCK_SH);"
        f" sys.stdout.buffer.write({finished!r})"
    )
    syncs = SyncManager(parallel=10, command=(sys.executable, "-c", program))
    started: list[str] = []

    async def one(server: str) -> None:
        await syncs.run(
            msgspec.structs.replace(
                request(tmp_path), source=replace(request(tmp_path).source, server_id=server)
            ),
            started=lambda: started.append(server),
            progress=lambda _progress: None,
            changed=lambda _changed: None,
        )

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for server in ("busy", "busy", "busy", "other"):
                tasks.start_soon(one, server)
            while len(started) < 3:
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            begun = sorted(started)
            gate.close()

    assert begun == ["busy", "busy", "other"]
    assert sorted(started) == ["busy", "busy", "busy", "other"]


async def test_an_idle_pass_takes_no_place_from_syncs(tmp_path: Path) -> None:
    """Y18: with one place for all, and two at its server, three passes and a sync get through."""
    begun: list[str] = []
    all_begun = anyio.Event()
    hangs = "import sys, time; sys.stdin.readline(); time.sleep(60)"
    passes = SyncManager(parallel=1, command=(sys.executable, "-c", hangs))
    finished = saying(messages.Finished(report=SyncReport()))

    def has_begun(name: str) -> None:
        begun.append(name)
        if len(begun) == 3:
            all_begun.set()

    async def idle(name: str) -> None:
        await passes.run(
            replace(request(tmp_path), task=messages.Task.DETAILS),
            started=lambda: has_begun(name),
            progress=lambda _progress: None,
            changed=lambda _changed: None,
        )

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for name in ("a", "b", "c"):
                tasks.start_soon(idle, name)
            await all_begun.wait()
            passes._command = (sys.executable, "-c", finished)
            await passes.run(
                request(tmp_path),
                started=lambda: begun.append("sync"),
                progress=lambda _progress: None,
                changed=lambda _changed: None,
            )
            tasks.cancel_scope.cancel()

    assert begun[-1] == "sync"
