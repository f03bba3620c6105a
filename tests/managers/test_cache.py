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
from msd.managers.cache import COUNTERS, FILTERS, READERS, SEARCHERS, CacheManager
from msd.models import ItemQuery, SearchQuery, SortKey, SourceId
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


async def test_a_read_is_interrupted_between_two_statements(stores: Stores) -> None:
    """Counting a facet is several statements; the next one never ends."""
    handle, first, go_on, ended = ReadHandle(), threading.Event(), threading.Event(), []

    def two_statements(connection) -> object:
        connection.execute("SELECT 1").fetchone()
        first.set()
        go_on.wait(20)
        return endless(connection)

    def read() -> None:
        with pytest.raises(SupersededError):
            stores.cache.read_for(handle, two_statements)
        ended.append(True)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    first.wait(20)
    handle.interrupt()
    go_on.set()
    thread.join(20)

    assert [True] == ended


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


@pytest.mark.parametrize("is_facet", [False, True])
async def test_a_page_or_facet_whose_caller_left_is_interrupted(
    stores: Stores, is_facet: bool
) -> None:
    """As a search is (K6)."""
    stores.write(stores.library("more"), movie("2", "Heat"))
    manager, gate, ended = await CacheManager.open(stores.cache), Gate(), threading.Event()
    read = partial(manager.facets, ItemQuery(), ["genres"]) if is_facet else manager.query
    arguments = () if is_facet else (ItemQuery(),)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(read, *arguments, hidden=gate))
            while not gate.asked:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        asked, is_open = gate.asked, gate.is_open
        weakref.finalize(gate, ended.set)
        del gate, tasks
        is_open.set()
        while not ended.is_set():
            gc.collect()
            await anyio.lowlevel.checkpoint()

    assert asked == [SOURCE]  # once of two listings


DEAR = (
    ItemQuery(watched=False),
    ItemQuery(sort=SortKey.RANDOM, with_total=False),
    ItemQuery(text="heat", with_total=False),
    ItemQuery(offset=10_001, with_total=False),
)


async def test_neither_pages_nor_searches_wait_for_what_counts(stores: Stores) -> None:
    """Facets, totals, random orders, words and far offsets wait for one another alone."""
    manager, gate = await CacheManager.open(stores.cache), Gate()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for query in DEAR * COUNTERS:
                tasks.start_soon(partial(manager.query, query, hidden=gate))
                tasks.start_soon(partial(manager.facets, query, ["years"], hidden=gate))
            while len(gate.asked) < COUNTERS:
                await anyio.lowlevel.checkpoint()
            pages = [
                await manager.query(query, hidden=())
                for query in (ItemQuery(), ItemQuery(watched=False, with_total=False))
            ]
            found = await manager.search(SearchQuery(text="heat"), hidden=())
            gate.is_open.set()

    assert [1, 1, 1] == [len(pages[0].items), len(pages[1].items), len(found.hits)]


FAR = (
    ItemQuery(watched=False, genres=("War",), with_total=False),
    ItemQuery(sort=SortKey.YEAR, years=(1950, 2010), with_total=False),
)


async def test_pages_never_wait_for_those_that_may_read_far(stores: Stores) -> None:
    """Conditions that are each common and never meet are looked for in every row."""
    manager, gate = await CacheManager.open(stores.cache), Gate()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for query in FAR * READERS:
                tasks.start_soon(partial(manager.query, query, hidden=gate))
            while len(gate.asked) < FILTERS:
                await anyio.lowlevel.checkpoint()
            page = await manager.query(ItemQuery(watched=False, with_total=False), hidden=())
            gate.is_open.set()

    assert len(page.items) == 1


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
