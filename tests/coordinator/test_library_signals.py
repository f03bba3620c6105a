"""Clients learn when the libraries of a source changed, and only then."""

import pytest
from msgspec.structs import replace

from msd.events import LibrariesChanged
from msd.models import SourceId
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio


def changes_of(run: Run) -> list[SourceId]:
    """Return the sources of each LibrariesChanged from now on."""
    sources: list[SourceId] = []
    run.coordinator.events.listen(LibrariesChanged, lambda event: sources.append(event.source_id))
    return sources


async def test_the_libraries_of_a_new_source_are_told(rig: Rig) -> None:
    """A frontend that is open lists them without asking again and again."""
    async with rig.running() as run:
        changes = changes_of(run)

        source_id = await run.add()
        await run.until_synced(source_id)
        await run.until(lambda: bool(changes))

        assert {source_id} == set(changes)


async def test_a_new_name_or_policy_is_told_and_a_sync_without_news_is_not(rig: Rig) -> None:
    """Items that change are told by ItemsChanged alone."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        changes = changes_of(run)
        await run.until_ended(await run.coordinator.sync_source(source_id))
        library = (await run.coordinator.library.libraries(source_id))[0]
        await run.coordinator.syncs.set_policy(library.id, {"sync": "manual"})
        await run.until(lambda: len(changes) == 1)

        rig.server.libraries[0] = replace(rig.server.libraries[0], name="Other films")
        await run.until_ended(await run.coordinator.sync_source(source_id))
        await run.until(lambda: len(changes) == 2)

        assert [source_id] * 2 == changes
