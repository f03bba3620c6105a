"""Syncs as a script follows them, and as a person interrupts them."""

import signal

import pytest

from msd.models import (
    JobId,
    JobState,
    PublicStatus,
    SourceStatus,
    StatusReason,
    SyncMode,
    UnixSeconds,
)
from tests.cli.screen import CTRL_C, msdctl_on_terminal
from tests.cli.stage import Stage, running_msdctl
from tests.support.fakes.fake_coordinator import source_view

pytestmark = pytest.mark.anyio

FILMS = "local_aaaaaaaaaaaa"
NAS = "jellyfin_3f2a9c41d07e"
BOTH = pytest.mark.parametrize("library", ["dbus_next", "dbus_fast"], indirect=True)
LOCKED = SourceStatus(
    status=PublicStatus.NEEDS_AUTH,
    reason=StatusReason.KEYRING_LOCKED,
    detail="the keyring is locked; unlock it to sign in",
    since=UnixSeconds(5),
)
DISABLED = SourceStatus(
    status=PublicStatus.OFFLINE,
    reason=StatusReason.DISABLED,
    detail="the source is disabled",
    since=UnixSeconds(5),
)


@pytest.fixture
def sources(stage: Stage) -> Stage:
    """Two sources."""
    stage.coordinator.put_source(FILMS)
    stage.coordinator.put_source(NAS)
    return stage


async def began(stage, syncs=1):
    await stage.coordinator.until(lambda: len(stage.coordinator.job_entries) >= syncs)


async def output_of(process):
    data = b""
    async for chunk in process.stdout:
        data += chunk
    return data.decode()


@BOTH
async def test_a_sync_is_followed_to_its_end(sources):
    """A sync is followed to its end: follows the Job by signals."""
    async with running_msdctl("sync", "local", env=sources.env) as msdctl:
        await began(sources)
        sources.coordinator.move_job(1, "movie", 5, 10)
        sources.coordinator.end_job(1, JobState.DONE, seen=10, added=3, duration_ms=2100)
        shown = await output_of(msdctl)
        code = await msdctl.wait()

    assert code == 0
    assert shown.splitlines()[-1] == (f"Folder {FILMS}: 3 added in 2.1 s")


async def test_a_running_sync_is_joined_and_told_from_where_it_is(sources):
    """A running sync is joined and told from where it is (Y1).

    Asking again joins the running job.
    """
    await sources.coordinator.sync_source(FILMS)
    sources.coordinator.move_job(1, "show", 7, 20)

    async with running_msdctl("--json", "sync", FILMS, env=sources.env) as msdctl:
        first = await msdctl.stdout.receive()
        sources.coordinator.end_job(1, JobState.FAILED, error="no route to host", seen=7)
        rest = await output_of(msdctl)

        assert b'"phase": "show", "done": 7, "total": 20' in first
        assert '"event": "finished"' in rest
        assert '"error": "no route to host"' in rest
        assert await msdctl.wait() == 1


async def test_all_enabled_sources_are_synced_at_once(sources):
    """All enabled sources are synced at once: sync [SOURCE…]."""
    async with running_msdctl("--json", "sync", env=sources.env) as msdctl:
        await began(sources, 2)
        sources.coordinator.end_job(2, JobState.DONE)
        sources.coordinator.end_job(1, JobState.DONE)
        shown = await output_of(msdctl)

        assert await msdctl.wait() == 0
    assert shown.count('"finished"') == 2


async def test_a_full_sync_reads_every_row_of_enabled_sources(sources):
    """Source.Sync mode full."""
    view = source_view(NAS)
    disabled = type(view.source)(**{**_fields(view.source), "enabled": False})
    sources.coordinator.put_source(NAS, source=disabled, status=DISABLED)

    done = await sources.run("sync", "--full", "--detach")

    assert sources.coordinator.calls == [("sync_source", FILMS, SyncMode.FULL, ())]
    left_out = f"Folder {NAS}: not synced: the source is disabled\n"
    assert (done.code, done.stdout) == (0, left_out + "begun: job 1\n")


def _fields(value):
    return {name: getattr(value, name) for name in value.__slots__}


async def test_without_sources_there_is_nothing_to_sync(stage):
    """Without sources there is nothing to sync (a first run)."""
    done = await stage.run("sync")

    assert (done.code, done.stdout) == (0, "nothing to sync: there are no sources yet\n")


async def test_held_deletions_are_confirmed_and_followed(sources):
    """Held deletions are confirmed and followed (Y7)."""
    done = await sources.run("--json", "confirm-deletes", "--detach", FILMS)

    assert sources.coordinator.calls == [("confirm_deletes", FILMS)]
    assert done.document == {"jobs": ["/org/msd/Msd1/job/1"]}


async def test_jobs_are_listed_and_cancelled(sources):
    """Jobs are listed and cancelled."""
    await sources.coordinator.sync_source(FILMS)

    listed = await sources.run("--json", "jobs")
    cancelled = await sources.run("cancel", "1")
    after = await sources.run("jobs")

    assert listed.document[0]["job"] == "/org/msd/Msd1/job/1"
    assert listed.document[0]["source_id"] == FILMS
    assert (cancelled.code, cancelled.stdout) == (0, "cancelled job 1\n")
    assert f"1    sync  Folder {FILMS}  cancelled" in after.stdout


async def test_unlocking_is_followed_and_fails_when_dismissed(sources):
    """Failed when the user dismissed the prompt."""
    async with running_msdctl("unlock", env=sources.env) as msdctl:
        await began(sources)
        sources.coordinator.end_job(1, JobState.FAILED, error="the prompt was dismissed")

        assert await output_of(msdctl) == "the prompt was dismissed\n"
        assert await msdctl.wait() == 5


async def test_an_unlocked_keyring_is_told(sources):
    """What `done` is about."""
    async with running_msdctl("unlock", env=sources.env) as msdctl:
        await began(sources)
        sources.coordinator.end_job(1, JobState.DONE)

        assert await output_of(msdctl) == "the keyring is unlocked\n"
        assert await msdctl.wait() == 0


# --- sources that are left out --------------------------------------------------------------


def leave_out(stage, **statuses):
    for source_id, status in statuses.items():
        stage.coordinator.put_status(source_id, status)
        stage.coordinator.left_out.add(source_id)


async def test_a_source_that_is_left_out_is_told_with_the_reason(sources):
    """A person must not believe that all is up to date."""
    leave_out(sources, **{NAS: LOCKED})
    async with running_msdctl("sync", env=sources.env) as msdctl:
        await began(sources)
        sources.coordinator.end_job(1, JobState.DONE)
        shown = await output_of(msdctl)

        assert await msdctl.wait() == 0
    assert shown.splitlines()[0] == f"Folder {NAS}: not synced: {LOCKED.detail}"


@pytest.mark.parametrize(("films", "code"), [(LOCKED, 5), (DISABLED, 1)])
@pytest.mark.parametrize("more", [(), ("--full",), ("--detach",)])
async def test_a_sync_of_nothing_fails(sources, films, code, more):
    """Exit code 5: a sign-in is needed everywhere."""
    leave_out(sources, **{FILMS: films, NAS: LOCKED})

    done = await sources.run("sync", *more)

    assert done.code == code
    assert [line.partition(": not synced: ")[2] for line in done.stdout.splitlines()] == [
        films.detail,
        LOCKED.detail,
    ]


async def test_a_script_reads_what_is_left_out_as_objects(sources):
    """A script reads what is left out as objects: --json on all."""
    leave_out(sources, **{FILMS: DISABLED, NAS: LOCKED})

    done = await sources.run("--json", "sync")

    assert done.records[1] == {
        "source_id": NAS,
        "left_out": True,
        "reason": "keyring-locked",
        "detail": LOCKED.detail,
    }
    assert (done.code, len(done.records)) == (1, 2)


# --- Ctrl-C ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "is_cancelled"), [("cancel", True), ("detach", False)])
async def test_a_script_chooses_beforehand_what_an_interrupt_does(sources, choice, is_cancelled):
    """A script chooses beforehand what an interrupt does: --on-interrupt cancel|detach."""
    arguments = ("--json", "sync", FILMS, "--on-interrupt", choice)
    async with running_msdctl(*arguments, env=sources.env) as msdctl:
        await msdctl.stdout.receive()
        msdctl.send_signal(signal.SIGINT)
        code = await msdctl.wait()

    assert code == 130
    assert (("cancel_job", JobId(1)) in sources.coordinator.calls) is is_cancelled


async def test_where_nobody_can_be_asked_an_interrupt_cancels(sources):
    """Where nobody can be asked an interrupt cancels."""
    async with running_msdctl("sync", FILMS, env=sources.env) as msdctl:
        await began(sources)
        sources.coordinator.move_job(1, "movie", 1, 2)
        await msdctl.stdout.receive()
        msdctl.send_signal(signal.SIGINT)

        assert "cancelled" in await output_of(msdctl)
        assert await msdctl.wait() == 130


async def test_on_a_terminal_bars_show_the_progress(sources):
    """On a terminal bars show the progress: progress bars with rich."""
    async with msdctl_on_terminal("sync", FILMS, env=sources.env) as terminal:
        await began(sources)
        sources.coordinator.move_job(1, "movie", 250, 1000)
        await terminal.expect(rf"Folder {FILMS} +movies 250/1000 ")
        sources.coordinator.move_job(1, "deletions", 0, None)
        await terminal.expect(rf"Folder {FILMS} +checking for deleted items ━")
        sources.coordinator.end_job(1, JobState.DONE, seen=1000, unchanged=1000)
        code = await terminal.exit_code()

        assert code == 0
        assert f"Folder {FILMS}: nothing changed\n" in terminal.text


@pytest.mark.parametrize(
    ("answer", "is_cancelled"), [(b"d\n", False), (b"c\n", True), (CTRL_C, True)]
)
async def test_on_a_terminal_an_interrupt_asks(sources, answer, is_cancelled):
    """On a terminal an interrupt asks: Ctrl-C asks cancel or detach; second Ctrl-C cancels."""
    async with msdctl_on_terminal("sync", FILMS, env=sources.env) as terminal:
        await began(sources)
        sources.coordinator.move_job(1, "movie", 250, 1000)
        await terminal.expect("250/1000")
        await terminal.type(CTRL_C)
        await terminal.expect(r"Cancel the job \[c\]")
        await terminal.type(answer)
        code = await terminal.exit_code()

    assert code == 130
    assert (("cancel_job", JobId(1)) in sources.coordinator.calls) is is_cancelled


async def test_an_interrupt_may_be_taken_back(sources):
    """Enter goes on watching."""
    async with msdctl_on_terminal("sync", FILMS, env=sources.env) as terminal:
        await began(sources)
        sources.coordinator.move_job(1, "movie", 250, 1000)
        await terminal.expect("250/1000")
        await terminal.type(CTRL_C)
        await terminal.expect("go on watching")
        await terminal.type(b"\n")
        sources.coordinator.move_job(1, "movie", 260, 1000)
        await terminal.expect("260/1000")
        sources.coordinator.end_job(1, JobState.DONE)

        assert await terminal.exit_code() == 0


async def test_a_third_interrupt_leaves_a_daemon_that_does_not_obey(sources):
    """A person is never held."""
    sources.coordinator.obeys = False
    async with msdctl_on_terminal("sync", FILMS, env=sources.env) as terminal:
        await began(sources)
        sources.coordinator.move_job(1, "movie", 250, 1000)
        await terminal.expect("250/1000")
        await terminal.type(CTRL_C)
        await terminal.expect("go on watching")
        await terminal.type(CTRL_C)
        cancel = ("cancel_job", JobId(1))
        await sources.coordinator.until(lambda: cancel in sources.coordinator.calls)
        await terminal.type(CTRL_C)

        assert await terminal.exit_code() == 130
        assert "msdctl jobs" in terminal.text


# --- prompts --------------------------------------------------------------------------------


async def test_a_typed_password_is_not_shown(sources):
    """A typed password is not shown (K1)."""
    arguments = ("add", "jellyfin", "http://nas.lan", "ada")
    async with msdctl_on_terminal(*arguments, env=sources.env) as terminal:
        await terminal.expect("Password: ")
        await terminal.type(b"geheim\n")
        code = await terminal.exit_code()

        assert code == 0
        assert "geheim" not in terminal.text
    assert sources.coordinator.calls[0][2]["password"] == "geheim"


async def test_a_missing_user_name_is_asked_for_before_the_password(sources):
    """A password for nobody is typed in vain."""
    arguments = ("add", "jellyfin", "http://nas.lan")
    async with msdctl_on_terminal(*arguments, env=sources.env) as terminal:
        await terminal.expect("^User name: ")
        await terminal.type(b"ada\n")
        await terminal.expect("Password: ")
        await terminal.type(b"geheim\n")

        assert await terminal.exit_code() == 0
    assert sources.coordinator.calls[0][2]["username"] == "ada"


async def test_no_user_name_is_no_password_prompt(sources):
    """No user name is no password prompt (enter at the prompt)."""
    arguments = ("add", "jellyfin", "http://nas.lan")
    async with msdctl_on_terminal(*arguments, env=sources.env) as terminal:
        await terminal.expect("^User name: ")
        await terminal.type(b"\n")

        assert await terminal.exit_code() == 2
        assert "needs the argument USERNAME" in terminal.text
        assert "Password" not in terminal.text


async def test_the_end_of_input_at_the_password_is_one_sentence(sources):
    """The end of input at the password is one sentence (ctrl-D)."""
    arguments = ("add", "jellyfin", "http://nas.lan", "ada")
    async with msdctl_on_terminal(*arguments, env=sources.env) as terminal:
        await terminal.expect("Password: ")
        await terminal.type(b"\x04")

        assert await terminal.exit_code() == 2
        assert "no password was given" in terminal.text


@pytest.mark.parametrize(
    ("arguments", "prompt"),
    [(("add", "jellyfin", "x", "ada"), "Password: "), (("remove", FILMS), r"\[y/N\]")],
)
async def test_an_interrupt_at_a_prompt_ends_it(sources, arguments, prompt):
    """An interrupt at a prompt ends it (exit code 130)."""
    async with msdctl_on_terminal(*arguments, env=sources.env) as terminal:
        await terminal.expect(prompt)
        await terminal.type(CTRL_C)

        assert await terminal.exit_code() == 130
    assert sources.coordinator.calls == []


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"\n", 1)])
async def test_a_person_is_asked_before_a_source_is_removed(sources, answer, code):
    """A4 purges history: a slip of the keyboard should not."""
    async with msdctl_on_terminal("remove", FILMS, env=sources.env) as terminal:
        await terminal.expect(rf"Remove Folder {FILMS} \({FILMS}\) .* of it\? \[y/N\]")
        await terminal.type(answer)

        assert await terminal.exit_code() == code
    assert (("remove_source", FILMS) in sources.coordinator.calls) is (code == 0)
