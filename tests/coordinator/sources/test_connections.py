"""The addresses of a server: listed, tried, pinned, explained."""

import pytest

from msd import errors
from msd.models import PublicStatus
from tests.coordinator.accounts.person import Person
from tests.support.fakes.fake_service import ADDRESSES, UNREACHABLE
from tests.support.rig import Rig

pytestmark = pytest.mark.anyio


async def test_addresses_are_listed_also_before_the_source_is_connected(rig: Rig) -> None:
    """ListConnections: no I/O, nobody signs in for it."""
    async with rig.running() as run:
        source_id = (await Person(run).sign_in())[0]
        await run.coordinator.sources.set_enabled(source_id, enabled=False)

        listed = await run.coordinator.connections.list(source_id)

        assert list(ADDRESSES) == [connection.address for connection in listed]


async def test_a_pinned_address_is_used_and_kept_over_a_restart(rig: Rig) -> None:
    """PinConnection: "" lets msd choose again."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id = (await Person(run).sign_in())[0]
        await run.until_status(source_id, PublicStatus.CONNECTED)
        await run.coordinator.connections.pin(source_id, ADDRESSES[1])

        def address() -> str:
            facts = run.coordinator.sources.get(source_id).facts
            return facts.address if facts else ""

        await run.until(lambda: address() == ADDRESSES[1])
    async with rig.running() as run:
        listed = await run.coordinator.connections.list(source_id)
        assert [False, True] == [connection.pinned for connection in listed]

        await run.coordinator.connections.pin(source_id, "")
        listed = await run.coordinator.connections.list(source_id)
        assert [False, False] == [connection.pinned for connection in listed]


async def test_only_an_address_of_the_server_can_be_pinned(rig: Rig) -> None:
    """Only an address of the server can be pinned (K4).

    Or a caller could lead a token anywhere.
    """
    async with rig.running() as run:
        source_id = (await Person(run).sign_in())[0]

        with pytest.raises(errors.InvalidArgumentError, match="no such address"):
            await run.coordinator.connections.pin(source_id, "https://evil.example")


async def test_addresses_are_tried(rig: Rig) -> None:
    """TestConnections: a failure is the server's own typed error."""
    async with rig.running() as run:
        source_id = (await Person(run).sign_in())[0]
        tested = await run.coordinator.connections.test(source_id)
        assert {"ok"} == {connection.outcome for connection in tested}

        server_id = run.coordinator.sources.get(source_id).source.server_id
        rig.service.server(server_id).error = UNREACHABLE
        with pytest.raises(errors.UnreachableError):
            await run.coordinator.connections.test(source_id)


async def test_explain_tells_every_address_that_was_tried(rig: Rig) -> None:
    """Explain tells every address that was tried (S8)."""
    async with rig.running() as run:
        run.coordinator.start()
        source_id = (await Person(run).sign_in())[0]
        await run.until_status(source_id, PublicStatus.CONNECTED)

        steps = [attempt.step for attempt in run.coordinator.sources.explain(source_id)]
        assert [f"try {ADDRESSES[0]}", f"connect {ADDRESSES[0]}", "next"] == steps


async def test_a_source_of_one_address_has_none_to_choose_from(rig: Rig) -> None:
    """NotSupported, connected or not."""
    async with rig.running() as run:
        source_id = await run.add()
        connections = run.coordinator.connections

        for call in (connections.list(source_id), connections.pin(source_id, "x")):
            with pytest.raises(errors.NotSupportedError):
                await call
        run.coordinator.start()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        with pytest.raises(errors.NotSupportedError):
            await connections.test(source_id)
