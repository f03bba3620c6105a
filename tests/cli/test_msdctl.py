"""msdctl as a process: reachability, start-up, pipes, help."""

import os
import re
import sys

import anyio
import pytest

from msd import __version__
from msd.models import JobState
from tests.cli.stage import DEADLINE_S, MSDCTL, environment, run_msdctl, running_msdctl, staged

pytestmark = pytest.mark.anyio

FILMS = "local_aaaaaaaaaaaa"
BOTH = pytest.mark.parametrize("library", ["dbus_next", "dbus_fast"], indirect=True)
HEAVY = (
    *("rich", "httpx", "sqlalchemy", "keyring", "msgspec", "msd.store", "msd.coordinator"),
    *("asyncio", "anyio", "dbus_next", "dbus_fast", "dataclasses", "msd.models"),
)


@BOTH
async def test_without_the_daemon_a_person_is_told_how_to_start_it(bus, library):
    """Without the daemon a person is told how to start it (exit code 3)."""
    done = await run_msdctl("sources", env=environment(bus, library))

    assert done.code == 3
    assert done.stdout == ""
    assert done.stderr.startswith("msdctl: the msd daemon is not running\nhint: `msdctl start`")


async def test_without_the_daemon_a_script_reads_an_error_object(bus, library):
    """Without the daemon a script reads an error object: errors as JSON too."""
    done = await run_msdctl("--json", "watch", env=environment(bus, library))

    assert done.document == {
        "error": {"code": "NotReachable", "message": "the msd daemon is not running"}
    }
    assert (done.code, done.stderr) == (3, "")


@pytest.mark.parametrize(
    ("library", "address"),
    [
        ("dbus_next", ""),
        ("dbus_next", "nonsense"),
        ("dbus_next", "unix:path=/nowhere"),
        ("dbus_fast", "nonsense"),
        ("dbus_fast", "unix:path=/nowhere"),
    ],
)
async def test_without_a_bus_the_error_says_so(library, address):
    """Without a bus the error says so (exit code 3)."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env |= {"DBUS_SESSION_BUS_ADDRESS": address, "MSD_DBUS_LIB": library}

    done = await run_msdctl("sources", env=env)

    assert done.code == 3
    assert re.match(r"msdctl: .*session bus.*\nhint: run msdctl inside", done.stderr)


async def test_a_password_is_not_asked_for_when_nobody_would_take_it(bus, library):
    """Nobody should type a password for nothing."""
    done = await run_msdctl("add", "jellyfin", "x", "ada", env=environment(bus, library))

    assert done.code == 3


async def test_a_daemon_that_leaves_ends_the_wait_for_its_job(bus, library):
    """A sync is never waited for in vain."""
    async with staged(bus, library) as stage:
        stage.coordinator.put_source(FILMS)
        follower = running_msdctl("sync", env=stage.env)
        msdctl = await follower.__aenter__()
        await stage.coordinator.until(lambda: stage.coordinator.job_entries)
        stage.coordinator.move_job(1, "movie", 1, 2)
        await msdctl.stdout.receive()
    with anyio.fail_after(DEADLINE_S):
        code = await msdctl.wait()
    await follower.__aexit__(None, None, None)

    assert code == 3


@BOTH
async def test_a_password_does_not_show_on_the_bus(stage):
    """A password does not show on the bus (K1).

    Nothing shows in a bus monitor.
    """
    monitor = ["dbus-monitor", "--address", stage.bus.address]
    async with await anyio.open_process(monitor) as process:
        seen = await process.stdout.receive()
        done = await stage.run(
            "add", "jellyfin", "x", "ada", "--password-stdin", stdin=b"geheim99\n"
        )
        with anyio.fail_after(DEADLINE_S):
            while b"jellyfin_0001" not in seen:
                seen += await process.stdout.receive()
        process.terminate()

    assert done.code == 0
    assert b"password-fd" in seen
    assert b"geheim99" not in seen


@pytest.mark.parametrize("arguments", [("items", "--all"), ("sync", "--detach")])
async def test_a_pipe_never_pays_for_drawing_or_for_the_daemon(stage, arguments):
    """A pipe never pays for drawing or for the daemon."""
    stage.coordinator.put_source(FILMS)
    command = [sys.executable, "-X", "importtime", "-m", "msd.cli", *arguments]

    done = await anyio.run_process(command, env=stage.env)

    imported = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert "jeepney" in imported
    assert [name for name in imported if name.startswith(HEAVY)] == []


async def test_help_needs_no_event_loop(stage):
    """Help needs no event loop (start-up time)."""
    command = [sys.executable, "-X", "importtime", "-m", "msd.cli", "--help"]

    done = await anyio.run_process(command)

    assert b"asyncio" not in done.stderr


async def test_the_version_is_that_of_the_package():
    """The version is that of the package (--version)."""
    done = await run_msdctl("--version", env=os.environ)

    assert (done.code, done.stdout) == (0, f"msdctl {__version__}\n")


async def test_a_reader_that_leaves_is_no_error_message(stage):
    """`msdctl items --all` | head -1."""
    for number in range(2000):
        stage.coordinator.items[f"it{number}"] = {"id": f"it{number}", "title": "x" * 100}
    reader, writer = os.pipe()
    async with await anyio.open_process(
        [*MSDCTL, "items", "--all"], env=stage.env, stdout=writer
    ) as process:
        os.close(writer)
        await anyio.wait_readable(reader)
        os.close(reader)
        said = b"".join([chunk async for chunk in process.stderr])
        code = await process.wait()

    assert (code, said) == (141, b"")


async def test_a_terminal_of_few_characters_shows_escapes(stage):
    """A machine without UTF-8."""
    stage.coordinator.put_source("local_é")
    env = {**stage.env, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    done = await run_msdctl("sources", env=env)

    assert "Folder local_\\xe9" in done.stdout


async def test_a_job_that_ended_between_is_still_told(stage):
    """A job ends faster than msdctl can look."""
    stage.coordinator.put_source(FILMS)
    job_id = await stage.coordinator.sync_source(FILMS)
    stage.coordinator.end_job(job_id, JobState.DONE, seen=4)

    done = await stage.run("sync")

    assert (done.code, done.stdout) == (0, f"Folder {FILMS}: nothing changed\n")
