"""ItemsChanged: batched per library, never back in revision (Y10)."""

import anyio
import pytest

from msd.bus.signals.throttle import INTERVAL_S
from msd.contract import LIBRARY, ROOT_PATH
from msd.events import ItemsChanged, LibrariesChanged
from msd.models import (
    ItemId,
    LibraryId,
    SourceId,
)
from tests.dbus.client import Client
from tests.support.fakes.fake_coordinator import FakeCoordinator

pytestmark = pytest.mark.anyio

JOB_1 = f"{ROOT_PATH}/job/1"


def changed(
    library_id: str, revision: int, *ids: str, removed: tuple[str, ...] = ()
) -> ItemsChanged:
    return ItemsChanged(
        SourceId("s1"),
        LibraryId(library_id),
        tuple(ItemId(item_id) for item_id in ids),
        tuple(ItemId(item_id) for item_id in removed),
        revision,
    )


async def test_a_single_item_is_told_at_once(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """A single item is told at once (Y10).

    Within a second.
    """
    coordinator.publish(changed("l1", 5, "i1", removed=("i2",)))

    (signal,) = await client.wait_for(1, "ItemsChanged")
    assert ["s1", "l1", ["i1"], ["i2"], 5] == signal.body
    assert (ROOT_PATH, LIBRARY) == (signal.path, signal.interface)


async def test_bulk_changes_are_batched_and_the_revision_never_goes_back(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """Bulk changes are batched and the revision never goes back (Y10).

    At most four signals a second per library, at most 500 ids, else reload.
    """
    start = anyio.current_time()
    for number in range(1, 401):
        coordinator.publish(changed("l1" if number % 2 else "l2", number, f"i{number}"))
        await anyio.lowlevel.checkpoint()
    coordinator.publish(changed("l3", 401, *(f"x{n}" for n in range(300))))
    coordinator.publish(changed("l3", 402, *(f"y{n}" for n in range(201))))
    with anyio.fail_after(5):
        while not [s for s in client.named("ItemsChanged") if s.body[4] == 402]:
            await client.wait_for(len(client.named("ItemsChanged")) + 1, "ItemsChanged")

    signals = [signal.body for signal in client.named("ItemsChanged")]
    revisions = [body[4] for body in signals]
    assert sorted(revisions) == revisions
    assert len(signals) <= 3 * (2 + (anyio.current_time() - start) / INTERVAL_S)
    assert ["s1", "l3", [], [], 402] == signals[-1]
    ids = {item_id for body in signals for item_id in body[2]}
    assert {f"i{number}" for number in range(1, 401)} == ids


async def test_changed_libraries_are_told_at_most_four_times_a_second(
    emitter: None, coordinator: FakeCoordinator, client: Client
) -> None:
    """LibrariesChanged: of each source at once, then in one piece."""
    for _ in range(50):
        coordinator.publish(LibrariesChanged(SourceId("s1")))
    coordinator.publish(LibrariesChanged(SourceId("s2")))

    signals = await client.wait_for(3, "LibrariesChanged")

    assert [["s1"], ["s2"], ["s1"]] == [signal.body for signal in signals]
