"""BackendManager: at most one backend of a source, and none that outlives its source."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import anyio
import anyio.lowlevel
import pytest
from msgspec import structs
from msgspec.structs import replace

from msd.backend_api import (
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    LoginDialogue,
    NewSources,
)
from msd.errors import NotSupportedError, UnreachableError
from msd.managers.backends import BackendManager
from msd.models import Account, AccountId, Source, SourceId
from msd.redaction import Outlet, Redactor
from tests.support.fakes.fake_backend import KIND, FakeBackend, FakeServer, fake_spec
from tests.support.fakes.fake_service import CLUB, ClubBackend, FakeService, club_spec

pytestmark = pytest.mark.anyio

SOURCE = Source(
    id=SourceId("fake_000000000000"), kind=KIND, name="x", account_id=None, server_id="s"
)


ACCOUNT = Account(
    id=AccountId("club_a"), kind=CLUB, display_name="Ann", remote_user_id="ann", device_id="d"
)


def manager(folder: Path, *specs: BackendSpec, redactor: Redactor | None = None) -> BackendManager:
    """Return a manager of these backends."""
    return BackendManager(
        lambda: {spec.kind: spec for spec in specs},
        installation_id="i",
        client_version="0",
        device_name="test",
        cache_dir=folder,
        redactor=redactor,
    )


class SlowlyOpened:
    """Opens backends as slowly as a first import of an HTTP library."""

    def __init__(self) -> None:
        self.server = FakeServer()
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.opened: list[FakeBackend] = []

    def open(self, context: BackendContext) -> FakeBackend:
        self.begun.set()
        assert self.gate.wait(10)
        self.opened.append(FakeBackend(self.server, context))
        return self.opened[-1]

    def manager(self, folder: Path) -> BackendManager:
        return manager(folder, replace(fake_spec(self.server), open=self.open))


async def test_a_backend_that_is_opened_while_its_source_is_removed_is_closed(
    tmp_path: Path,
) -> None:
    """A backend that is opened while its source is removed is closed (A4).

    Or the same source, added again, would go on with the old credentials.
    """
    slow = SlowlyOpened()
    backends = slow.manager(tmp_path)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(backends.connect, SOURCE, None, None, {})
            with anyio.fail_after(5):
                while not slow.begun.is_set():
                    await anyio.lowlevel.checkpoint()
            tasks.start_soon(backends.close, SOURCE.id)
            await anyio.wait_all_tasks_blocked()
            slow.gate.set()
    finally:
        slow.gate.set()

    assert [True] == [backend.is_closed for backend in slow.opened]
    with pytest.raises(UnreachableError):
        backends.opened(SOURCE.id)


async def test_two_who_connect_at_once_share_one_backend(tmp_path: Path) -> None:
    """One per source at most."""
    slow = SlowlyOpened()
    backends = slow.manager(tmp_path)
    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(backends.connect, SOURCE, None, None, {})
            await anyio.wait_all_tasks_blocked()
            slow.gate.set()
    finally:
        slow.gate.set()

    assert len(slow.opened) == 1
    assert backends.opened(SOURCE.id) is slow.opened[0]


async def test_what_a_sign_in_is_given_is_hidden_and_what_it_brings_is_known(
    tmp_path: Path,
) -> None:
    """What a sign in is given is hidden and what it brings is known (K1).

    Options, and the token before anything of it is stored.
    """
    redactor = Redactor()
    seen: list[str] = []

    async def login(
        options: Mapping[str, object], context: AddContext, _: LoginDialogue
    ) -> NewSources:
        seen.append(redactor.text(f"with {options['password']}", Outlet.LOG))
        return await fake_spec(FakeServer()).add({"user": "alice"}, context)

    spec = fake_spec(FakeServer(users={"alice": "typed-canary"}))
    spec = replace(spec, login=login, login_options=spec.options)
    backends = manager(tmp_path, spec, redactor=redactor)
    options = {"user": "alice", "password": "typed-canary"}

    await backends.add(KIND, options, device_id="d")
    await backends.login(KIND, options, cast("LoginDialogue", None), device_id="d")

    assert seen == ["with ***"]
    assert "***" == redactor.text("token-of-alice", Outlet.LOG)


def manager_of(service: FakeService, folder: Path) -> BackendManager:
    """Return a manager of a service with several servers and of a kind without one."""
    return manager(folder, club_spec(service), fake_spec(FakeServer()))


async def test_a_backend_is_opened_anew_with_other_credentials_or_another_place(
    tmp_path: Path,
) -> None:
    """A backend is opened anew with other credentials or another place (A3).

    And stays open as long as they are the same.
    """
    service = FakeService()
    backends = manager_of(service, tmp_path)
    source = structs.replace(SOURCE, kind=CLUB, server_id="near", config={"addresses": "a b"})
    first = Credentials(user_id="ann", token="near-1")
    opened: list[object] = []
    for attempt, credentials in (
        (source, first),
        (source, first),
        (structs.replace(source, config={"addresses": "a c"}), first),
        (
            structs.replace(source, config={"addresses": "a c"}),
            replace(first, token="near-2"),
        ),
    ):
        service.server_tokens["near"] = credentials.token
        await backends.connect(attempt, ACCOUNT, credentials, {})
        opened.append(backends.opened(source.id))

    assert opened[0] is opened[1]
    assert len({id(one) for one in opened}) == 3
    closed = [one.is_closed for one in opened if isinstance(one, FakeBackend)]
    assert closed == [True, True, True, False]


async def test_addresses_are_known_of_a_closed_backend_that_is_lent_without_a_token(
    tmp_path: Path,
) -> None:
    """ListConnections: it is closed again afterwards."""
    backends = manager_of(FakeService(), tmp_path)
    source = structs.replace(SOURCE, kind=CLUB, server_id="near", config={"addresses": "a b"})
    async with backends.with_connections(source) as lent:
        addresses = [connection.address for connection in lent.connections()]

    assert isinstance(lent, ClubBackend)
    assert lent.context is not None
    assert (["a", "b"], None, True) == (addresses, lent.context.credentials, lent.is_closed)


async def test_the_service_signs_an_account_out_where_there_is_one(tmp_path: Path) -> None:
    """The service signs an account out where there is one (A4).

    With the account's own token, and not with that of a server.
    """
    service = FakeService()
    backends = manager_of(service, tmp_path)
    source = structs.replace(SOURCE, kind=CLUB, server_id="near")
    credentials = Credentials(user_id="ann", token="own", server_tokens={"near": "near-1"})
    await backends.sign_out(source, ACCOUNT, credentials)

    assert ["own"] == service.signed_out
    assert not service.used


async def test_what_a_kind_can_not_do_is_a_typed_error(tmp_path: Path) -> None:
    """NotSupported, before anything is asked."""
    backends = manager_of(FakeService(), tmp_path)
    dialogue = cast("LoginDialogue", None)

    with pytest.raises(NotSupportedError):
        backends.check_login(KIND, {})
    with pytest.raises(NotSupportedError):
        await backends.login(KIND, {}, dialogue, device_id="d")
    with pytest.raises(NotSupportedError):
        await backends.servers(
            structs.replace(ACCOUNT, kind=KIND), Credentials(user_id="", token="")
        )
    with pytest.raises(NotSupportedError):
        backends.discover(KIND)
    assert (CLUB,) == backends.discovering
