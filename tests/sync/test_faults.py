"""A fault belongs to the smallest thing that it was said of (S9)."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from msd.backend_api.faults import EVIDENCE, SCOPES, Evidence, Request, evidence_of
from msd.errors import (
    AuthRequiredError,
    BackendError,
    BadResponseError,
    ForbiddenError,
    IdentityMismatchError,
    UnreachableError,
)
from msd.models import FaultScope, ItemType, LibraryType, StatusReason, SyncFault, SyncReport
from msd.sync.listing import NEWEST_ROWS
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio

ERRORS = (
    UnreachableError("status 500", request="GET /Items", status=500),
    UnreachableError("a gateway", reason=StatusReason.NOT_A_MEDIA_SERVER, status=401),
    UnreachableError("silence"),
    ForbiddenError("forbidden", status=403),
    BadResponseError("garbage"),
    BackendError("a mistake"),
)


@pytest.fixture
def server() -> ChangingServer:
    return ChangingServer()


@pytest.fixture
def source(tmp_path: Path, server: ChangingServer) -> Iterator[CachedSource]:
    cached = CachedSource(tmp_path, server)
    yield cached
    cached.close()


def fill(server: ChangingServer) -> None:
    """Two libraries: shows with seasons and episodes, and films after them."""
    shows = server.library("shows", LibraryType.SHOWS)
    for item_type in (ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE):
        server.put(shows, *(movie(f"{item_type}{n}", type=item_type) for n in range(12)))
    server.movies(server.library("films"), 25)


def subclasses(kind: type[BackendError]) -> Iterator[type[BackendError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from subclasses(child)


# --- the tables -------------------------------------------------------------------------------


def test_every_error_and_every_request_has_a_line() -> None:
    """The tables are total: a new class or method has to be judged (S9)."""
    assert set(EVIDENCE) == set(subclasses(BackendError))
    assert set(SCOPES) == set(Request)


def test_an_error_is_judged_by_its_nearest_class() -> None:
    """An error says the same wherever it was raised."""
    assert evidence_of(AuthRequiredError("x")) is Evidence.SOURCE
    assert evidence_of(UnreachableError("x")) is Evidence.ASK
    assert evidence_of(BackendError("x")) is Evidence.REQUEST


def test_the_document_is_made_from_the_tables() -> None:
    """docs/faults.md says what the code does."""
    script = Path(__file__).parents[2] / "scripts" / "make_fault_table.py"

    done = subprocess.run([sys.executable, script, "--check"], check=False)

    assert done.returncode == 0, "run scripts/make_fault_table.py"


# --- one listing that fails -------------------------------------------------------------------


@pytest.mark.parametrize("error", ERRORS, ids=str)
async def test_a_listing_that_fails_costs_itself_only(
    source: CachedSource, server: ChangingServer, error: BackendError
) -> None:
    """Shows, episodes and the library after it arrive; the listing is named; it heals (S9)."""
    fill(server)
    more = (movie(f"season{n}", type=ItemType.SEASON) for n in range(12, 60))
    server.put(server.libraries[0].remote_id, *more)
    server.page_size = 5
    server.listing_errors[ItemType.SEASON] = error

    report = await source.sync()

    [fault] = report.faults
    assert (fault.scope, fault.library, fault.listing) == (FaultScope.LISTING, "Shows", "season")
    assert (fault.request, fault.status, fault.missing_rows) == (error.request, error.status, 55)
    assert (report.complete, len(source.items())) == (False, 12 + NEWEST_ROWS + 12 + 25)

    server.listing_errors.clear()
    again = await source.sync()

    assert (again.faults, len(source.items())) == ((), 12 + 60 + 12 + 25)


async def test_nothing_is_deleted_and_no_cursor_moves_where_a_listing_failed(
    source: CachedSource, server: ChangingServer
) -> None:
    """Rows that a failing listing does not show stay; what changed meanwhile comes later (S9)."""
    fill(server)
    await source.sync()
    server.now += 1000
    shows = server.libraries[0].remote_id
    server.edit(shows, "episode3", title="New")
    server.drop(shows, "season1", "season2")
    server.listing_errors[ItemType.SEASON] = UnreachableError("status 500")
    server.page_size = 5

    await source.sync()

    assert {"season1", "season2"} <= source.items().keys()

    server.listing_errors.clear()
    await source.sync()

    assert source.items()["episode3"]["title"] == "New"
    assert not {"season1", "season2"} & source.items().keys()


async def test_a_server_that_is_away_as_a_whole_ends_the_sync(
    source: CachedSource, server: ChangingServer
) -> None:
    """The identity call is the proof; what it is answered with is what the source shows (S9)."""
    fill(server)
    server.page_size = 5
    server.listing_errors[ItemType.SEASON] = UnreachableError("status 500")
    server.identity_error = IdentityMismatchError("another server")

    with pytest.raises(IdentityMismatchError):
        await source.sync()


# --- other readers ----------------------------------------------------------------------------


@pytest.mark.parametrize("error", ERRORS, ids=str)
async def test_the_list_of_libraries_may_fail(
    source: CachedSource, server: ChangingServer, error: BackendError
) -> None:
    """The cached libraries are followed, and none of them is taken for lost."""
    fill(server)
    await source.sync()
    server.now += 1000
    server.edit(server.libraries[1].remote_id, "m3", title="New")

    def fails(what: str) -> None:
        if what == "libraries":
            raise error

    server.on_call = fails
    report = await source.sync()

    assert source.items()["m3"]["title"] == "New"
    assert [fault.scope for fault in report.faults] == [FaultScope.SOURCE]
    assert (report.withheld, report.complete) == (0, False)


async def test_the_first_list_of_libraries_must_come(
    source: CachedSource, server: ChangingServer
) -> None:
    """Without any cached library there is nothing to sync."""
    server.library("films")

    def fails(what: str) -> None:
        if what == "libraries":
            raise BadResponseError("garbage")

    server.on_call = fails

    with pytest.raises(BadResponseError):
        await source.sync()


@pytest.mark.parametrize("aspect", ["metadata", "watch"])
@pytest.mark.parametrize("error", ERRORS, ids=str)
async def test_changes_of_one_aspect_may_fail(
    source: CachedSource, server: ChangingServer, error: BackendError, aspect: str
) -> None:
    """The other library is followed; the next pass brings what the failed one lacks."""
    fill(server)
    await source.sync()
    server.now += 1000
    server.edit(server.libraries[0].remote_id, "show1", title="New show")
    server.edit(server.libraries[1].remote_id, "m3", title="New film")

    def fails(what: str) -> None:
        if what == f"changes shows {aspect}":
            raise error

    server.on_call = fails
    await source.sync()

    assert source.items()["m3"]["title"] == "New film"

    server.on_call = None
    await source.sync()

    assert source.items()["show1"]["title"] == "New show"


async def test_members_that_fail_stay_as_they_are(
    source: CachedSource, server: ChangingServer
) -> None:
    """One collection that can't be read is named and changes nothing else."""
    sets = server.library("sets", LibraryType.COLLECTIONS)
    server.put(sets, movie("set1", type=ItemType.COLLECTION))
    server.movies(server.library("films"), 3)

    def fails(what: str) -> None:
        if what == "members":
            raise UnreachableError("status 500")

    server.on_call = fails
    report = await source.sync()

    [fault] = report.faults
    assert (fault.scope, fault.reason) == (FaultScope.ROW, "the members of set1: status 500")
    assert len(source.items()) == 4


async def test_missing_rows_that_can_not_be_asked_for_stay(
    source: CachedSource, server: ChangingServer
) -> None:
    """Without an answer about an id nothing is deleted (Y7)."""
    films = server.library("films")
    server.movies(films, 25)
    await source.sync()
    server.drop(films, "m3")

    def fails(what: str) -> None:
        if what == "fetch":
            raise UnreachableError("status 500")

    server.on_call = fails
    report = await source.sync()

    assert "m3" in source.items()
    assert len(report.faults) == 1

    server.on_call = None
    await source.sync()

    assert "m3" not in source.items()


async def test_a_missing_row_on_which_the_source_fails_is_asked_for_again(
    source: CachedSource, server: ChangingServer
) -> None:
    """It stays until the source can tell, and the next sync asks, not the next day (Y7)."""
    films = server.library("films")
    server.movies(films, 25)
    await source.sync()
    server.drop(films, "m3")
    server.failing.add("m3")

    report = await source.sync()

    assert "m3" in source.items()
    assert [fault.reason for fault in report.faults] == [
        "missing rows can't be asked for: the server fails on 1 of them, e.g. m3"
    ]

    server.failing.clear()
    await source.sync()

    assert "m3" not in source.items()


def test_a_fault_reads_as_a_sentence() -> None:
    """Library, listing, reason, request and number are in it (S9)."""
    fault = SyncFault(
        scope=FaultScope.LISTING,
        library="Shows",
        listing="season",
        request="GET /Items",
        status=500,
        reason="the server answered with status 500",
        missing_rows=25,
    )

    expected = (
        "Shows (season): the server answered with status 500, at GET /Items; 25 rows are missing"
    )
    assert SyncReport(faults=(fault,)).fault_summary() == expected


def test_one_cause_in_many_places_is_one_sentence() -> None:
    """A list that serves every library is named once."""
    faults = tuple(
        SyncFault(scope=FaultScope.LIBRARY, library=f"L{n}", reason="status 500") for n in range(5)
    )

    assert SyncReport(faults=faults).fault_summary() == "L0, L1, L2 and 2 more: status 500"
