"""msdctl signs in: what it shows, asks for and waits for, on a terminal and in a pipe."""

import json
import time
from collections.abc import Mapping

import pytest
from msgspec import structs
from msgspec.structs import replace

from msd.events import JobFinished, LoginFinished, ServerFound
from msd.models import (
    JobId,
    JobState,
    LoginId,
    LoginState,
    LoginStep,
    LoginUser,
    SourceId,
    UnixSeconds,
)
from tests.cli.conftest import both_libraries
from tests.cli.screen import CTRL_C, msdctl_on_terminal
from tests.cli.stage import Stage, running_msdctl

pytestmark = pytest.mark.anyio

LOGIN = "/org/msd/Msd1/login/1"
NAS = "jellyfin_3f2a9c41d07e"
GOOD_FOR_S = 895  # from the moment at which the code is shown
CODE = {
    "step": LoginStep.CODE,
    "code": "A1B2",
    "url": "https://plex.example/link",
    "message": "open the link",
}
PASSWORD = {"step": LoginStep.PASSWORD, "message": "the password of ada"}
USERS = {
    "step": LoginStep.USER,
    "users": (LoginUser(id="7", name="Ann"), LoginUser(id="8", name="Bob", needs_pin=True)),
    "message": "who signs in?",
}
DONE = {"state": LoginState.AUTHORISED, "source_ids": (SourceId("plex_0001"),), "message": ""}
REFUSED = {"state": LoginState.FAILED, "error": "AuthRefused", "message": "somebody else"}
EXPIRED = {"state": LoginState.EXPIRED, "error": "LoginExpired", "message": "nobody used it"}


async def becomes(stage: Stage, changes: Mapping[str, object]) -> None:
    """Bring the login that msdctl has begun further."""
    logins = stage.coordinator.logins
    await stage.coordinator.until(lambda: logins.logins)
    number = LoginId(1)
    blank = {
        "step": LoginStep.NONE,
        "code": "",
        "url": "",
        "users": (),
        "expires_at": UnixSeconds(int(time.time()) + GOOD_FOR_S),
    }
    logins.put(1, logins.owners[number], **(blank | dict(changes)))
    if logins.logins[number].state is not LoginState.WAITING:
        stage.coordinator.publish(LoginFinished(number))


async def answered(stage: Stage, *call: object) -> None:
    """Wait for a call of msdctl."""
    await stage.coordinator.until(lambda: call in stage.coordinator.calls)


@both_libraries
async def test_code_link_and_qr_code_are_shown_until_somebody_has_signed_in(stage: Stage) -> None:
    """A sign-in: a person at a terminal."""
    async with msdctl_on_terminal("login", "plex", "--link", env=stage.env) as terminal:
        await becomes(stage, CODE)
        await terminal.expect(r"code\s+A1B2")
        await terminal.expect(r"link\s+https://plex\.example/link\n")
        await terminal.expect("the code is good for 14 minutes")
        await becomes(stage, DONE)
        await terminal.expect("added plex_0001")
        assert await terminal.exit_code() == 0

    assert "▀" in terminal.text
    assert ("begin", "plex", {"link": True}, "", True) == stage.coordinator.calls[0]


async def test_a_wrong_password_is_asked_for_again(stage: Stage) -> None:
    """A sign-in: without an echo, through a descriptor."""
    arguments = ("login", "jellyfin", "http://nas?a=b", "--username", "ada", "--password")
    async with msdctl_on_terminal(*arguments, env=stage.env) as terminal:
        await becomes(stage, PASSWORD)
        await terminal.expect("the password of ada\nPassword: ")
        await terminal.type(b"wrong\n")
        await answered(stage, "submit_password", 1, "wrong")
        await becomes(stage, PASSWORD | {"message": "wrong; the password of ada, once more"})
        await terminal.expect("once more\nPassword: ")
        await terminal.type(b"secret\n")
        await answered(stage, "submit_password", 1, "secret")
        await becomes(stage, DONE)
        assert await terminal.exit_code() == 0

    assert "secret" not in terminal.text
    options = {"url": "http://nas?a=b", "username": "ada", "quick_connect": False}
    assert ("begin", "jellyfin", options, "", True) == stage.coordinator.calls[0]


async def test_a_user_is_chosen_by_number_and_asked_for_the_pin(stage: Stage) -> None:
    """`msdctl login`: Plex Home."""
    async with msdctl_on_terminal("login", "plex", env=stage.env) as terminal:
        await becomes(stage, USERS)
        await terminal.expect(r"2  Bob  \(PIN\)\nUser: ")
        await terminal.type(b"2\n")
        await terminal.expect("PIN: ")
        await terminal.type(b"1234\n")
        await answered(stage, "select_user", 1, "8", "1234")
        await becomes(stage, DONE)
        assert await terminal.exit_code() == 0


async def test_who_gives_up_leaves_no_login_behind(stage: Stage) -> None:
    """A sign-in: it is tied, so leaving the bus ends it."""
    async with msdctl_on_terminal("login", "plex", env=stage.env) as terminal:
        await becomes(stage, CODE)
        await terminal.expect("Ctrl-C gives up")
        await terminal.type(CTRL_C)
        assert await terminal.exit_code() == 130

    assert stage.coordinator.calls[0][-1] is True


async def test_a_script_reads_each_step_as_a_line(stage: Stage) -> None:
    """A script reads each step as a line (`msdctl` --json login)."""
    async with running_msdctl("--json", "login", "plex", env=stage.env) as process:
        await becomes(stage, CODE)
        assert process.stdout is not None
        seen = b""
        while b"A1B2" not in seen:
            seen += await process.stdout.receive()
        await becomes(stage, DONE)
        async for chunk in process.stdout:
            seen += chunk
        assert await process.wait() == 0

    records = [json.loads(line) for line in seen.splitlines()]
    assert {"event": "login", "login": LOGIN, "step": "code", "code": "A1B2"}.items() <= (
        records[-2].items()
    )
    assert {"event": "finished", "state": "authorised", "source_ids": ["plex_0001"]}.items() <= (
        records[-1].items()
    )


async def test_a_script_gives_passwords_on_stdin_and_each_is_tried_once(stage: Stage) -> None:
    """`msdctl login --password-stdin`: a wrong one is no reason to read on."""
    async with running_msdctl(
        "login", "jellyfin", "nas", "--password-stdin", env=stage.env
    ) as process:
        assert process.stdin is not None
        await process.stdin.send(b"wrong\nnever read\n")
        await becomes(stage, PASSWORD)
        await answered(stage, "submit_password", 1, "wrong")
        await becomes(stage, PASSWORD | {"message": "wrong; once more"})
        assert await process.wait() == 5

    assert 1 == sum(call[0] == "submit_password" for call in stage.coordinator.calls)


async def test_a_named_user_is_chosen_without_asking(stage: Stage) -> None:
    """A named user is chosen without asking (`msdctl login --user`)."""
    async with running_msdctl("login", "plex", "--user", "Ann", env=stage.env) as process:
        await becomes(stage, USERS)
        await answered(stage, "select_user", 1, "7", "")
        await becomes(stage, DONE)
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("end", "code", "hint"),
    [(REFUSED, "AuthRefused", ""), (EXPIRED, "LoginExpired", "begin again")],
)
async def test_how_a_login_failed_is_told(
    stage: Stage, end: Mapping[str, object], code: str, hint: str
) -> None:
    """Exit code 5, the sentence, the code for scripts."""
    async with running_msdctl("login", "plex", env=stage.env) as process:
        await becomes(stage, end)
        assert process.stderr is not None
        shown = b"".join([chunk async for chunk in process.stderr]).decode()
        assert await process.wait() == 5

    assert str(end["message"]) in shown
    assert hint in shown
    assert code in str(end["error"])


async def test_a_source_is_signed_in_to_anew(stage: Stage) -> None:
    """A source is signed in to again (`msdctl reauth`)."""
    stage.coordinator.put_source(NAS)
    async with msdctl_on_terminal("reauth", "jellyfin_3f", env=stage.env) as terminal:
        await becomes(stage, DONE)
        await terminal.expect("signed in to plex_0001")
        assert await terminal.exit_code() == 0

    assert ("reauthenticate", NAS, {}, "", True) == stage.coordinator.calls[0]


async def test_accounts_are_listed_and_refreshed(stage: Stage) -> None:
    """Accounts are listed and refreshed (`msdctl accounts`)."""
    stage.coordinator.put_account("jellyfin_a1", "s1", "s2")

    listed = await stage.run("accounts")
    as_json = await stage.run("--json", "accounts")
    refreshed = await stage.run("--json", "accounts", "--refresh", "Ann")
    unknown = await stage.run("accounts", "--refresh", "Bob")

    assert listed.stdout.splitlines()[1].split() == [
        "Ann",
        "jellyfin",
        "ok",
        "s1,",
        "s2",
        "jellyfin_a1",
    ]
    assert ["s1", "s2"] == as_json.document[0]["source_ids"]
    assert {"added": ["plex_0002"]} == refreshed.document
    assert ("refresh", "jellyfin_a1") in stage.coordinator.calls
    assert (4, "`msdctl accounts` lists" in unknown.stderr) == (unknown.code, True)


async def test_without_accounts_a_person_is_told_how_to_sign_in(stage: Stage) -> None:
    """`msdctl accounts`: a first run."""
    assert "msdctl login" in (await stage.run("accounts")).stdout


async def test_addresses_are_listed_tried_and_pinned(stage: Stage) -> None:
    """Addresses are listed tried and pinned (`msdctl connections`)."""
    stage.coordinator.put_source(NAS)

    listed = await stage.run("connections", NAS)
    tested = await stage.run("--json", "connections", NAS, "--test")
    await stage.run("connections", NAS, "--pin", "https://near:32400")
    await stage.run("connections", NAS, "--unpin")

    assert ["https://far:443", "relay", "yes", "yes"] == listed.stdout.splitlines()[2].split()
    assert "ok" == tested.document[0]["outcome"]
    assert [("test", NAS), ("pin", NAS, "https://near:32400"), ("pin", NAS, "")] == [
        call for call in stage.coordinator.calls if call[0] in ("test", "pin")
    ]


async def test_found_servers_are_told_as_they_come(stage: Stage) -> None:
    """Found servers are told as they come (`msdctl discover`)."""
    server = {"kind": "jellyfin", "name": "nas", "address": "http://nas", "is_known": False}
    async with running_msdctl("--json", "discover", env=stage.env) as process:
        await stage.coordinator.until(lambda: stage.coordinator.job_entries)
        stage.coordinator.publish(ServerFound(JobId(1), server))
        assert process.stdout is not None
        seen = await process.stdout.receive()
        finish(stage)
        assert await process.wait() == 0

    assert server == json.loads(seen)


async def test_found_servers_are_shown_with_what_to_do_next(stage: Stage) -> None:
    """`msdctl discover`: for a person; also what was found before it asked."""
    server = {"kind": "jellyfin", "name": "nas", "address": "http://nas", "is_known": True}
    async with msdctl_on_terminal("discover", env=stage.env) as terminal:
        await stage.coordinator.until(lambda: stage.coordinator.job_entries)
        finish(stage, server)
        await terminal.expect(r"nas\s+jellyfin\s+http://nas\s+yes")
        await terminal.expect("msdctl login")
        assert await terminal.exit_code() == 0


def finish(stage: Stage, *servers: Mapping[str, str | bool]) -> None:
    jobs = stage.coordinator.job_entries
    result = {"found": len(servers), "servers": servers}
    jobs[JobId(1)] = replace(jobs[JobId(1)], state=JobState.DONE, result=result)
    for server in servers:
        stage.coordinator.publish(ServerFound(JobId(1), server))
    stage.coordinator.publish(JobFinished(JobId(1)))


async def test_a_plex_account_is_added_by_a_token_that_is_no_argument(stage: Stage) -> None:
    """`msdctl add` plex: prompted for, or from stdin."""
    added = await stage.run("add", "plex", "--password-stdin", stdin=b"mytoken\n")
    refused = await stage.run("add", "plex", "mytoken", "--password-stdin", stdin=b"x\n")

    assert 0 == added.code
    assert [("add_source", "plex", {"token": "mytoken"})] == stage.coordinator.calls
    assert 2 == refused.code


async def test_an_api_key_works_in_the_general_form(stage: Stage) -> None:
    """`key=value` and --secret: the password is not asked for as well."""
    arguments = ("add", "jellyfin", "url=nas", "username=ada", "--secret", "api_key")
    done = await stage.run(*arguments, "--password-stdin", stdin=b"key\n")

    options = {"url": "nas", "username": "ada", "api_key": "key"}
    assert [("add_source", "jellyfin", options)] == stage.coordinator.calls, done


async def test_without_a_kind_add_lists_the_kinds_and_what_they_need(stage: Stage) -> None:
    """The daemon says which options there are."""
    listed = (await stage.run("add")).stdout

    assert "jellyfin  username" in listed
    assert "local     path" in listed


async def test_a_password_on_stdin_means_a_sign_in_with_a_password(stage: Stage) -> None:
    """Reauth --password-stdin shows no code where Quick Connect is on."""
    stage.coordinator.put_source(NAS)
    view = stage.coordinator.source_views[NAS]
    kind = structs.replace(view.source, kind="jellyfin")
    stage.coordinator.put_source(NAS, source=kind)
    async with running_msdctl("reauth", NAS, "--password-stdin", env=stage.env) as process:
        await becomes(stage, DONE)
        assert await process.wait() == 0

    assert ("reauthenticate", NAS, {"quick_connect": False}, "", True) == stage.coordinator.calls[0]


async def test_an_api_key_is_asked_for_instead_of_the_password(stage: Stage) -> None:
    """An api key is asked for instead of the password (`msdctl add` jellyfin --api-key)."""
    arguments = ("add", "jellyfin", "nas", "ada", "--api-key", "--password-stdin")
    await stage.run(*arguments, stdin=b"key\n")

    options = {"url": "nas", "username": "ada", "api_key": "key"}
    assert [("add_source", "jellyfin", options)] == stage.coordinator.calls


async def test_why_a_source_is_as_it_is_has_a_command_of_its_own(stage: Stage) -> None:
    """Why a source is as it is has a command of its own (`msdctl explain`)."""
    stage.coordinator.put_source(NAS)

    assert "refused" in (await stage.run("explain", NAS)).stdout
