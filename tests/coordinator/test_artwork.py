"""Artwork: files at once, the missing ones in the background, and each picture once."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import anyio
import pytest

from msd.coordinator.artwork import MAX_PICTURES
from msd.errors import LimitExceededError, UnknownItemError, UnreachableError
from msd.events import ArtworkReady
from msd.models import Image, ItemId, ItemQuery, ItemType, LibraryType, RemoteId
from msd.models.artwork import ArtworkKind
from tests.pictures.samples import SVG, bomb, picture
from tests.support.fakes.fake_backend import FakeServer, movie
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio

POSTER = ArtworkKind.POSTER


def images(*refs: str, kind: str = "poster") -> tuple[Image, ...]:
    return tuple(Image(kind=kind, ref=ref) for ref in refs)


@pytest.fixture
def server(rig: Rig) -> FakeServer:
    rig.server.pictures = {"good": picture(1000, 1500), "svg": SVG, "bomb": bomb()}
    return rig.server


@pytest.fixture
async def run(rig: Rig, server: FakeServer) -> AsyncIterator[Run]:
    films = server.library("posters")
    server.put(
        films,
        movie("good", images=images("good")),
        movie("twin", images=images("good")),
        movie("svg", images=images("svg")),
        movie("bomb", images=images("bomb")),
        movie("lost", images=images("lost")),
        movie("bare"),
    )
    async with rig.running() as running:
        await running.until_synced(await running.add())
        yield running


async def ids(run: Run) -> Mapping[str, ItemId]:
    page = await run.coordinator.library.query(ItemQuery(fields=("id", "remote_id"), limit=500))
    return {str(item["remote_id"]): ItemId(str(item["id"])) for item in page.items}


async def test_a_missing_picture_is_fetched_and_announced(run: Run) -> None:
    """The first call answers at once; the second one has the file."""
    item = (await ids(run))["good"]

    first = await run.coordinator.artwork.files([item], POSTER, 300)
    await run.until(lambda: bool(run.of(ArtworkReady)))
    second = await run.coordinator.artwork.files([item], POSTER, 300)

    assert first == {}
    assert run.of(ArtworkReady) == [ArtworkReady(ids=(item,), kind="poster", width=320)]
    assert Path(second[item]).is_file()


async def test_two_items_with_one_picture_cost_one_request(run: Run, server: FakeServer) -> None:
    """A season's poster is that of all of its episodes."""
    known = await ids(run)

    await run.coordinator.artwork.files([known["good"], known["twin"]], POSTER, 300)
    await run.coordinator.artwork.files([known["twin"]], POSTER, 300)
    await run.until(lambda: bool(run.of(ArtworkReady)))
    files = await run.coordinator.artwork.files([known["good"], known["twin"]], POSTER, 300)

    assert files[known["good"]] == files[known["twin"]]
    assert server.calls.count("picture good 320") == 1


@pytest.mark.parametrize("name", ["svg", "bomb", "lost"])
async def test_what_is_no_safe_picture_is_known_to_be_absent(
    run: Run, server: FakeServer, name: str
) -> None:
    """It is asked for once, announced, and never given out (K5)."""
    item = (await ids(run))[name]

    await run.coordinator.artwork.files([item], POSTER, 300)
    await run.until(lambda: bool(run.of(ArtworkReady)))
    again = await run.coordinator.artwork.files([item], POSTER, 300)

    assert again == {item: ""}
    assert server.calls.count(f"picture {name} 320") == 1


async def test_an_item_without_a_picture_is_answered_at_once(run: Run) -> None:
    """An empty text says that there is none; an unknown id has none, either."""
    bare = (await ids(run))["bare"]

    files = await run.coordinator.artwork.files([bare, ItemId("unknown")], POSTER, 300)

    assert files == {bare: "", "unknown": ""}
    with pytest.raises(UnknownItemError):
        await run.coordinator.artwork.file(bare, POSTER, 300)


async def test_one_picture_can_be_waited_for(run: Run) -> None:
    """A script wants a file, not a signal."""
    known = await ids(run)

    path = await run.coordinator.artwork.file(known["good"], POSTER, 5000)

    assert path.is_file()
    with pytest.raises(UnknownItemError):
        await run.coordinator.artwork.file(known["svg"], POSTER, 5000)


async def test_an_unreachable_source_is_no_missing_picture(run: Run, server: FakeServer) -> None:
    """What can't be fetched now is asked for again later."""
    item = (await ids(run))["good"]
    server.error = UnreachableError("away")
    with pytest.raises(UnreachableError):
        await run.coordinator.artwork.file(item, POSTER, 300)

    server.error = None

    assert (await run.coordinator.artwork.file(item, POSTER, 300)).is_file()


async def test_episodes_show_the_poster_of_their_season_or_show(rig: Rig) -> None:
    """And a playlist that of its first member that has one."""
    shows = rig.server.library("series", LibraryType.SHOWS)
    rig.server.pictures = {"show": picture(), "season": picture(300, 500)}
    rig.server.put(
        shows,
        movie("show", type=ItemType.SHOW, images=images("show")),
        movie(
            "s1",
            type=ItemType.SEASON,
            parent_remote_id=RemoteId("show"),
            images=images("season"),
        ),
        movie("s2", type=ItemType.SEASON, parent_remote_id=RemoteId("show")),
        movie(
            "e1",
            type=ItemType.EPISODE,
            parent_remote_id=RemoteId("s1"),
            show_remote_id=RemoteId("show"),
        ),
        movie(
            "e2",
            type=ItemType.EPISODE,
            parent_remote_id=RemoteId("s2"),
            show_remote_id=RemoteId("show"),
        ),
    )
    async with rig.running() as run:
        await run.until_synced(await run.add())
        known = await ids(run)
        artwork = run.coordinator.artwork

        paths = {
            name: await artwork.file(known[name], POSTER, 480)
            for name in ("show", "s1", "s2", "e1", "e2")
        }

    assert paths["e1"] == paths["s1"] != paths["show"]
    assert paths["e2"] == paths["s2"] == paths["show"]


async def test_removing_a_source_ends_its_fetches(run: Run, server: FakeServer) -> None:
    """Nobody waits for a picture of a source that is gone (A6)."""
    server.held_pictures = anyio.Event()
    item = (await ids(run))["good"]
    (view,) = run.coordinator.list_sources()
    ended: list[str] = []

    async def wait() -> None:
        try:
            await run.coordinator.artwork.file(item, POSTER, 300)
        except UnknownItemError:
            ended.append("absent")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await run.eventually(lambda: "picture good 320" in server.calls)
        await run.coordinator.remove_source(view.source.id)

    assert ended == ["absent"]


async def test_a_call_has_a_limit(run: Run) -> None:
    """A page is asked for at once, not a library."""
    with pytest.raises(LimitExceededError):
        await run.coordinator.artwork.files([ItemId("x")] * (MAX_PICTURES + 1), POSTER, 300)
