"""Details that are fetched because somebody looks at items."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from msd import errors
from msd.events import ItemsChanged
from msd.models import ItemId, ItemQuery, SourceId, StatusReason
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio


class Looking:
    """A client with a synced source, and what is asked of its server from now on."""

    def __init__(self, rig: Rig, run: Run, source_id: SourceId, ids: dict[str, ItemId]) -> None:
        self.rig, self.run, self.source_id, self.ids = rig, run, source_id, ids

    async def refresh(self, *names: str) -> list[str]:
        """Look at films; return what the server was asked, once nothing is pending any more."""
        self.rig.server.calls.clear()
        library = self.run.coordinator.library
        await library.items([self.ids[name] for name in names], refresh=True)
        await self.run.eventually(lambda: not library._details._pending)
        return [call for call in self.rig.server.calls if call.startswith(("item", "details"))]

    def changes(self) -> list[frozenset[str]]:
        """Return which films changed since the last question, by signal."""
        names = {item_id: name for name, item_id in self.ids.items()}
        seen = [event for event in self.run.of(ItemsChanged) if event.changed]
        self.run.seen.clear()
        return [frozenset(names[item_id] for item_id in event.changed) for event in seen]


@asynccontextmanager
async def looking(rig: Rig) -> AsyncIterator[Looking]:
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        page = await run.coordinator.library.query(ItemQuery(fields=("remote_id",)))
        ids = {str(item["remote_id"]): ItemId(str(item["id"])) for item in page.items}
        client = Looking(rig, run, source_id, ids)
        client.changes()
        yield client


async def people(client: Looking, name: str) -> list[str]:
    (item,) = await client.run.coordinator.library.items([client.ids[name]], fields=("people",))
    return [person["name"] for person in item.get("people", ())]  # type: ignore[attr-defined]


async def test_one_film_is_asked_for_by_itself_and_only_once(rig: Rig) -> None:
    """What is fresh costs nothing, and nothing is told about it."""
    async with looking(rig) as client:
        assert await client.refresh("m1") == ["item"]
        assert client.changes() == [frozenset({"m1"})]
        assert await people(client, "m1") == ["Player of m1"]

        assert await client.refresh("m1") == []
        assert client.changes() == []


async def test_several_films_are_one_request_where_the_server_has_them_in_lists(rig: Rig) -> None:
    """Only those that are stale are asked for, and one signal tells of all."""
    async with looking(rig) as client:
        await client.refresh("m2")
        client.changes()

        assert await client.refresh("m1", "m2", "m3") == ["details m1 m3"]
        assert client.changes() == [frozenset({"m1", "m3"})]
        assert await client.refresh("m1", "m2", "m3") == []


async def test_what_a_page_leaves_out_is_asked_for_film_by_film(rig: Rig) -> None:
    """The page is shown before; a film is told of again only when it differs."""
    rig.server.lists_whole_details = False
    async with looking(rig) as client:
        assert await client.refresh("m1", "m2") == ["details m1 m2", "item", "item"]
        assert client.changes() == [frozenset({"m1", "m2"})]
        assert await client.refresh("m1", "m2") == []


async def test_a_server_that_leaves_details_out_of_its_lists_is_asked_film_by_film(
    rig: Rig,
) -> None:
    """None of a page says so."""
    rig.server.lists_details = False
    async with looking(rig) as client:
        assert await client.refresh("m1", "m2") == ["details m1 m2", "item", "item"]
        assert await people(client, "m2") == ["Player of m2"]


async def test_a_failing_film_costs_itself(rig: Rig) -> None:
    """The page fails because of it; the others come by themselves."""
    rig.server.odd_details = {"m2"}
    rig.server.on_call = None
    async with looking(rig) as client:
        asked = await client.refresh("m1", "m2", "m3")

        assert asked == ["details m1 m2 m3", "item", "item", "item"]
        assert await people(client, "m3") == ["Player of m3"]


async def test_details_of_a_film_that_is_gone_answer_nothing(rig: Rig) -> None:
    """What is cached stays until the next sync finds out."""
    async with looking(rig) as client:
        await client.refresh("m1")
        client.changes()
        rig.server.drop(rig.server.libraries[0].remote_id, "m1", "m2")

        assert await client.refresh("m2") == ["item"]
        assert client.changes() == []
        assert await people(client, "m1") == ["Player of m1"]
        assert await people(client, "m2") == []


async def test_a_server_that_is_away_is_not_asked_for_each_film(rig: Rig) -> None:
    """What is cached stays; one failure tells that the server is at fault."""
    async with looking(rig) as client:
        await client.refresh("m1")
        client.changes()
        away = errors.UnreachableError("no route", reason=StatusReason.REFUSED)
        rig.server.error = rig.server.identity_error = away

        asked = await client.refresh("m1", "m2", "m3", "m4")

        assert asked == ["details m2 m3 m4"]
        assert client.changes() == []
        assert await people(client, "m1") == ["Player of m1"]


async def test_a_changed_row_makes_its_details_stale(rig: Rig) -> None:
    """The sync that finds the change does not fetch them; the next look does."""
    async with looking(rig) as client:
        await client.refresh("m1", "m2")
        rig.server.edit(rig.server.libraries[0].remote_id, "m1", title="Edited")
        job = await client.run.coordinator.sync_source(client.source_id)
        await client.run.until_ended(job)

        assert await client.refresh("m1", "m2") == ["item"]
