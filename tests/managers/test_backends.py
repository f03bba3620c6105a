"""BackendManager: at most one backend of a source, and none that outlives its source."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import anyio
import anyio.lowlevel
import pytest

from msd.backend_api import (
    AddContext,
    BackendContext,
    LoginDialogue,
    NewSources,
)
from msd.errors import UnreachableError
from msd.managers.backends import BackendManager
from msd.models import Source, SourceId
from msd.redaction import Outlet, Redactor
from tests.support.fake_backend import KIND, FakeBackend, FakeServer, fake_spec

pytestmark = pytest.mark.anyio

SOURCE = Source(
    id=SourceId("fake_000000000000"), kind=KIND, name="x", account_id=None, server_id="s"
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
        spec = replace(fake_spec(self.server), open=self.open)
        return BackendManager(
            lambda: {KIND: spec},
            installation_id="i",
            client_version="0",
            device_name="test",
            cache_dir=folder,
        )


async def test_a_backend_that_is_opened_while_its_source_is_removed_is_closed(
    tmp_path: Path,
) -> None:
    """A4: or the same source, added again, would go on with the old credentials."""
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
        backends.live(SOURCE.id)


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
    assert backends.live(SOURCE.id) is slow.opened[0]


async def test_what_a_sign_in_is_given_is_hidden_and_what_it_brings_is_known(
    tmp_path: Path,
) -> None:
    """K1: options, and the token before anything of it is stored."""
    redactor = Redactor()
    seen: list[str] = []

    async def login(
        options: Mapping[str, object], context: AddContext, _: LoginDialogue
    ) -> NewSources:
        seen.append(redactor.text(f"with {options['password']}", Outlet.LOG))
        return await fake_spec(FakeServer()).add({"user": "alice"}, context)

    spec = fake_spec(FakeServer(users={"alice": "typed-canary"}))
    spec = replace(spec, login=login, login_options=spec.options)
    backends = BackendManager(
        lambda: {KIND: spec},
        installation_id="i",
        client_version="0",
        device_name="test",
        cache_dir=tmp_path,
        redactor=redactor,
    )
    options = {"user": "alice", "password": "typed-canary"}

    await backends.add(KIND, options, device_id="d")
    await backends.login(KIND, options, cast("LoginDialogue", None), device_id="d")

    assert seen == ["with ***"]
    assert "***" == redactor.text("token-of-alice", Outlet.LOG)
