"""CacheManager: cheap and dear reads apart, superseded and abandoned ones interrupted."""

import gc
import threading
import weakref
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskGroup

from msd.errors import SupersededError
from msd.managers.cache import SEARCHERS, CacheManager
from msd.models import ItemQuery, SearchQuery, SourceId
from msd.store.cache.database import ReadHandle
from tests.store.made import SOURCE, Paths, Stores, movie

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


class Gate(Collection[SourceId]):
    """Hidden sources that hold a search in the middle of its work until the gate is opened."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.is_open = threading.Event()

    def __contains__(self, source: object) -> bool:
        self.asked.append(source)
        return not self.is_open.wait(20)

    def __iter__(self) -> Iterator[SourceId]:
        return iter(())

    def __len__(self) -> int:
        return 0


async def held_searches(manager: CacheManager, gate: Gate, tasks: TaskGroup, count: int) -> None:
    """Start searches, and wait until as many as run at once are in the middle of their work."""
    for number in range(count):
        query = SearchQuery(text=f"heat {number}")
        tasks.start_soon(partial(manager.search, query, hidden=gate))
    while len(gate.asked) < min(count, SEARCHERS):
        await anyio.lowlevel.checkpoint()


async def test_pages_never_wait_for_searches(stores: Stores) -> None:
    """Cheap and dear reads have limiters of their own."""
    manager, gate = await CacheManager.open(stores.cache), Gate()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            await held_searches(manager, gate, tasks, 4 * SEARCHERS)
            page = await manager.query(ItemQuery(), hidden=())
            gate.is_open.set()

    assert len(page.items) == 1


async def test_a_search_whose_caller_left_is_interrupted(stores: Stores) -> None:
    """A search whose caller left is interrupted (K6).

    It ends in the middle of its work: only its thread knows, and lets go of what it was given.
    """
    stores.write(stores.library("more"), movie("2", "Heat"))
    manager, gate, ended = await CacheManager.open(stores.cache), Gate(), threading.Event()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            await held_searches(manager, gate, tasks, 1)
            tasks.cancel_scope.cancel()
        asked, is_open = gate.asked, gate.is_open
        weakref.finalize(gate, ended.set)
        del gate
        is_open.set()
        while not ended.is_set():
            gc.collect()  # an exception and its traceback hold one another
            await anyio.lowlevel.checkpoint()

    assert asked == [SOURCE]  # once of two listings


async def test_a_search_that_waits_and_whose_caller_left_never_begins(stores: Stores) -> None:
    """Its place in the queue is given up."""
    manager, gate = await CacheManager.open(stores.cache), Gate()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            await held_searches(manager, gate, tasks, SEARCHERS)
            async with anyio.create_task_group() as waiting:
                await held_searches(manager, gate, waiting, SEARCHERS)
                waiting.cancel_scope.cancel()
            gate.is_open.set()

    assert len(gate.asked) == SEARCHERS
