"""CacheManager: cheap and dear reads apart, superseded and abandoned ones interrupted."""

import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from msd.errors import SupersededError
from msd.managers.cache import SEARCHERS, CacheManager
from msd.models import ItemQuery, SearchQuery
from msd.store.cache.database import ReadHandle
from tests.store.made import Paths, Stores, movie

pytestmark = pytest.mark.anyio
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = Stores(Paths(tmp_path / "msd"))
    opened.write(opened.library(), movie("1", "Heat"))
    yield opened
    opened.close()


def endless(connection) -> object:
    return connection.execute(ENDLESS).fetchone()


async def test_a_read_that_would_never_end_is_interrupted(stores: Stores) -> None:
    """A read that would never end is interrupted (K6).

    A superseded read ends, and its connection does no harm to the next one.
    """
    handle = ReadHandle()
    ended = threading.Event()

    def read() -> None:
        with pytest.raises(SupersededError):
            stores.cache.read_for(handle, endless)
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    with anyio.fail_after(20):
        while not ended.is_set():
            handle.interrupt()
            await anyio.lowlevel.checkpoint()
    thread.join()

    assert stores.titles() == ["Heat"]


async def test_a_read_that_is_interrupted_before_it_begins_never_begins(stores: Stores) -> None:
    """A read that is interrupted before it begins never begins (K6).

    It was still waiting for its turn.
    """
    handle = ReadHandle()
    handle.interrupt()

    with pytest.raises(SupersededError):
        stores.cache.read_for(handle, endless)


async def test_a_newer_search_of_a_caller_replaces_the_older_one(stores: Stores) -> None:
    """A search that waits behind others is superseded by the caller's next one."""
    manager = await CacheManager.open(stores.cache)
    outcomes: dict[str, object] = {}

    async def search(text: str, caller: tuple[str, str]) -> None:
        try:
            page = await manager.search(SearchQuery(text=text), hidden=(), caller=caller)
            outcomes[text] = len(page.hits)
        except SupersededError:
            outcomes[text] = "superseded"

    for place in range(SEARCHERS):
        await manager._searchers.acquire_on_behalf_of(place)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(search, "h", (":1.1", "bar"))
            tasks.start_soon(search, "other", (":1.2", "bar"))
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(search, "heat", (":1.1", "bar"))
            await anyio.wait_all_tasks_blocked()
            for place in range(SEARCHERS):
                manager._searchers.release_on_behalf_of(place)

    assert outcomes == {"h": "superseded", "other": 0, "heat": 1}
    assert manager._searches == {}


async def test_pages_never_wait_for_a_search(stores: Stores) -> None:
    """Cheap and dear reads have limiters of their own."""
    manager = await CacheManager.open(stores.cache)
    for place in range(SEARCHERS):
        await manager._searchers.acquire_on_behalf_of(place)

    with anyio.fail_after(20):
        page = await manager.query(ItemQuery(), hidden=())

    assert len(page.items) == 1


async def test_a_search_whose_caller_left_is_over(stores: Stores) -> None:
    """A search whose caller left is over (K6).

    Nothing is left behind by a caller that left the bus.
    """
    manager = await CacheManager.open(stores.cache)
    for place in range(SEARCHERS):
        await manager._searchers.acquire_on_behalf_of(place)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:

            async def search() -> None:
                await manager.search(SearchQuery(text="heat"), hidden=(), caller=(":1.1", ""))

            tasks.start_soon(search)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()

    assert manager._searches == {}
