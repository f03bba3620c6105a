"""Artwork: files at once, the missing ones in the background, and each picture once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import anyio
import pytest

from msd.coordinator.artwork import MAX_PICTURES
from msd.coordinator.picture_fetches import MOST_WAITING, PictureFetches
from msd.errors import (
    LimitExceededError,
    MsdError,
    StorageError,
    UnknownItemError,
    UnreachableError,
)
from msd.events import ArtworkReady, EventStream, SourceConnected
from msd.models import (
    Image,
    ItemDetails,
    ItemId,
    ItemQuery,
    ItemType,
    LibraryType,
    Person,
    PublicStatus,
    RemoteId,
)
from msd.models.artwork import ArtworkKind, PictureRef
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
    found: dict[str, ItemId] = {}
    cursor = ""
    while True:
        query = ItemQuery(fields=("id", "remote_id"), limit=500, cursor=cursor)
        page = await run.coordinator.library.query(query)
        found |= {str(item["remote_id"]): ItemId(str(item["id"])) for item in page.items}
        cursor = page.next_cursor
        if not cursor:
            return found


async def sync(run: Run) -> None:
    (view,) = run.coordinator.list_sources()
    await run.until_ended(await run.coordinator.sync_source(view.source.id))


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


async def test_absent_and_broken_pictures_are_known_after_a_restart(
    rig: Rig, server: FakeServer
) -> None:
    """Nobody is asked for them again, while a replaced one is fetched at once."""
    films = server.library("posters")
    server.put(films, movie("lost", images=images("lost")), movie("svg", images=images("svg")))
    async with rig.running() as run:
        await run.until_synced(await run.add())
        known = {name: item for name, item in (await ids(run)).items() if name in ("lost", "svg")}
        for item in known.values():
            with pytest.raises(UnknownItemError):
                await run.coordinator.artwork.file(item, POSTER, 300)
    asked = list(server.calls)

    async with rig.running() as run:
        run.coordinator.start()
        (view,) = run.coordinator.list_sources()
        await run.until_status(view.source.id, PublicStatus.CONNECTED)
        again = await run.coordinator.artwork.files(list(known.values()), POSTER, 640)
        since = server.calls[len(asked) :]
        server.pictures["lost again"] = picture()
        server.edit(films, "lost", images=images("lost again"))
        await sync(run)

        assert again == {known["lost"]: "", known["svg"]: ""}
        assert not [call for call in since if call.startswith("picture")]
        assert (await run.coordinator.artwork.file(known["lost"], POSTER, 640)).is_file()


async def test_a_picture_that_was_replaced_while_it_was_fetched_is_not_kept(
    run: Run, server: FakeServer
) -> None:
    """A server sends its newest bytes for any ref: they must not lie under the old one's key."""
    item = (await ids(run))["good"]
    server.held_pictures = anyio.Event()
    shown: list[Path] = []

    async def wait() -> None:
        shown.append(await run.coordinator.artwork.file(item, POSTER, 300))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await run.eventually(lambda: "picture good 320" in server.calls)
        for name in ("good", "twin"):
            server.edit(RemoteId("posters"), name, images=images("better"))
        server.pictures["good"] = server.pictures["better"] = picture(500, 500)
        await sync(run)
        server.held_pictures.set()

    assert server.calls[-1] == "picture better 320"
    stored = list((run.rig.folder / "cache").rglob("*.jpg"))
    assert stored == shown


@pytest.mark.parametrize("name", ["artwork", "artwork-absent"])
async def test_a_folder_that_cant_be_written_is_one_clear_error(
    run: Run, server: FakeServer, name: str
) -> None:
    """And nothing is lost: the next try after it was repaired has the picture."""
    known = await ids(run)
    wanted = known["good" if name == "artwork" else "lost"]
    place = run.rig.folder / "cache" / name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"")  # no folder

    with pytest.raises(StorageError, match="can't be stored"):
        await run.coordinator.artwork.file(wanted, POSTER, 300)
    assert await run.coordinator.artwork.files([wanted], POSTER, 300) == {}
    place.unlink()
    server.pictures["lost"] = picture()

    assert (await run.coordinator.artwork.file(wanted, POSTER, 300)).is_file()


async def test_each_kind_that_waits_is_announced(run: Run, server: FakeServer) -> None:
    """A thumb and a backdrop may be the same picture, asked for by two programs."""
    films = RemoteId("posters")
    server.pictures["wide"] = picture(640, 360)
    server.put(films, movie("wide", images=images("wide", kind="backdrop")))
    await sync(run)
    item = (await ids(run))["wide"]
    artwork = run.coordinator.artwork
    server.held_pictures = anyio.Event()

    await artwork.files([item], ArtworkKind.BACKDROP, 300)
    await artwork.files([item], ArtworkKind.THUMB, 300)
    await artwork.files([item], ArtworkKind.THUMB, 300)
    server.held_pictures.set()
    await run.until(lambda: len(run.of(ArtworkReady)) == 2)

    assert set(run.of(ArtworkReady)) == {
        ArtworkReady(ids=(item,), kind=kind, width=320) for kind in ("backdrop", "thumb")
    }
    assert server.calls.count("picture wide 320") == 1


async def test_another_kind_may_be_asked_for_while_a_picture_is_compared(run: Run) -> None:
    """A grid asks for posters, and the page that opens for the thumb, which is the same picture."""
    item = (await ids(run))["good"]
    artwork = run.coordinator.artwork
    found = await artwork._refs([item], POSTER)

    async def refs(wanted: Sequence[ItemId], kind: ArtworkKind) -> Mapping[str, PictureRef]:
        fetches.start(dict.fromkeys(wanted, found[item]), ArtworkKind.THUMB, 320)
        return found if kind is ArtworkKind.THUMB else {}

    work = artwork._fetches._work
    statuses = artwork._fetches._statuses
    fetches = PictureFetches(artwork._services, statuses, work, EventStream(), refs)
    fetch = fetches.start_one(item, found[item], POSTER, 320)
    await fetch.done.wait()

    assert fetch.error is None
    assert set(fetch.wanted) == {POSTER, ArtworkKind.THUMB}


async def many(run: Run, server: FakeServer, count: int) -> list[ItemId]:
    """Return films with a picture each, in the order of their numbers."""
    films = server.library("many")
    content = picture(100, 150)
    server.pictures |= {f"{number:04}": content for number in range(count)}
    server.put(films, *(movie(f"{n:04}", images=images(f"{n:04}")) for n in range(count)))
    await sync(run)
    known = await ids(run)
    return [known[f"{number:04}"] for number in range(count)]


async def test_a_source_is_asked_for_two_pictures_at_once_whoever_asks(
    run: Run, server: FakeServer
) -> None:
    """Small servers scale one picture after the other (Y1), and the newest page comes first."""
    films = await many(run, server, 60)
    server.held_pictures = anyio.Event()
    for start in range(0, 60, 20):
        await run.coordinator.artwork.files(films[start : start + 20], POSTER, 300)
    await run.eventually(lambda: len(pictures_of(server)) == 2)
    await anyio.wait_all_tasks_blocked()

    assert pictures_of(server) == ["0000", "0001"]
    server.held_pictures.set()
    await run.until(lambda: sum(len(event.ids) for event in run.of(ArtworkReady)) == 60)
    assert pictures_of(server)[2:42] == [f"{n:04}" for n in (*range(40, 60), *range(20, 40))]
    assert len(run.of(ArtworkReady)) <= 60 / 12 + 5


def pictures_of(server: FakeServer) -> list[str]:
    return [call.split()[1] for call in server.calls if call.startswith("picture ")]


async def test_a_source_that_fails_is_left_alone_for_a_while(run: Run, server: FakeServer) -> None:
    """Three failures in a row end the queue: an overloaded server gets no 500 requests more."""
    films = await many(run, server, 40)
    server.error = UnreachableError("away")

    first = await run.coordinator.artwork.files(films, POSTER, 300)
    await run.eventually(lambda: len(pictures_of(server)) >= 3)
    await anyio.wait_all_tasks_blocked()
    asked = len(pictures_of(server))
    again = await run.coordinator.artwork.files(films, POSTER, 300)
    await anyio.wait_all_tasks_blocked()

    assert first == again == {}
    assert asked <= 4
    assert len(pictures_of(server)) == asked
    server.error = None
    assert (await run.coordinator.artwork.file(films[0], POSTER, 300)).is_file()
    assert (await run.coordinator.artwork.file(films[30], POSTER, 300)).is_file()


async def test_a_source_that_is_connected_anew_is_asked_at_once(
    run: Run, server: FakeServer
) -> None:
    """Who waited for the server sees the pictures when it is back, not minutes later."""
    films = await many(run, server, 5)
    server.error = UnreachableError("away")
    await run.coordinator.artwork.files(films, POSTER, 300)
    await run.eventually(lambda: len(pictures_of(server)) >= 3)
    await anyio.wait_all_tasks_blocked()
    server.error = None
    (view,) = run.coordinator.list_sources()

    await run.coordinator.sources.reconnect(view.source.id)
    await run.until(lambda: bool(run.of(SourceConnected)[1:]))
    await run.coordinator.artwork.files(films, POSTER, 300)
    await run.until(lambda: bool(run.of(ArtworkReady)))

    assert all((await run.coordinator.artwork.files(films[:1], POSTER, 300)).values())


async def test_a_call_for_very_many_pictures_is_no_error(run: Run, server: FakeServer) -> None:
    """The oldest are given up, and can be asked for again; the newest wait."""
    films = await many(run, server, MOST_WAITING + 500)
    server.held_pictures = anyio.Event()
    artwork = run.coordinator.artwork
    refused: list[MsdError] = []

    async def wait() -> None:
        try:
            await artwork.file(films[400], POSTER, 300)
        except LimitExceededError as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        await artwork.files(films[:400], POSTER, 300)
        tasks.start_soon(wait)
        with anyio.fail_after(30):
            while not refused:
                for start in range(401, len(films), MAX_PICTURES):
                    await artwork.files(films[start : start + MAX_PICTURES], POSTER, 300)


async def test_people_have_pictures_of_their_own(run: Run, server: FakeServer) -> None:
    """Under an id that names no server, stays when they come in another order, and is no item's."""
    server.pictures["ada"] = picture(300, 450)
    cast = (Person(name="Bob", remote_id="p2"), Person(name="Ada", remote_id="p1", image="ada"))
    details = ItemDetails(people=cast)
    server.put(RemoteId("posters"), movie("cast", details=details, images=images("good")))
    await sync(run)
    item = (await ids(run))["cast"]

    async def people() -> dict[str, ItemId]:
        (found,) = await run.coordinator.library.items([item], fields=("people",))
        entries = found["people"]
        assert isinstance(entries, list)
        return {p["name"]: ItemId(p["artwork_id"]) for p in entries if "artwork_id" in p}

    before = await people()
    path = await run.coordinator.artwork.file(before["Ada"], POSTER, 300)
    files = await run.coordinator.artwork.files([before["Ada"], item], POSTER, 300)

    assert before.keys() == {"Ada"}
    assert before["Ada"].replace("_", "").isalnum()
    assert files[before["Ada"]] == str(path)
    with pytest.raises(UnknownItemError):
        await run.coordinator.artwork.file(before["Ada"], ArtworkKind.BACKDROP, 300)
    with pytest.raises(UnknownItemError):
        await run.coordinator.artwork.file(ItemId(before["Ada"][:-1] + "x"), POSTER, 300)


async def test_a_removed_source_leaves_no_picture_on_the_disk(run: Run) -> None:
    """Neither files nor what is known to be absent (A4)."""
    known = await ids(run)
    artwork = run.coordinator.artwork
    await artwork.file(known["good"], POSTER, 300)
    with pytest.raises(UnknownItemError):
        await artwork.file(known["lost"], POSTER, 300)
    cache = run.rig.folder / "cache"
    assert len(pictures_below(cache)) == 2
    (view,) = run.coordinator.list_sources()

    await run.coordinator.remove_source(view.source.id)
    await run.eventually(lambda: not list(cache.glob("artwork*/*")))


def pictures_below(cache: Path) -> list[Path]:
    return [path for path in cache.glob("artwork*/*/*") if path.is_file()]


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


async def test_another_width_is_shown_while_the_source_cant_be_asked(
    run: Run, server: FakeServer
) -> None:
    """The next larger, else the next smaller; the wanted one comes when the source is back."""
    item = (await ids(run))["good"]
    artwork = run.coordinator.artwork
    small, large = [await artwork.file(item, POSTER, width) for width in (96, 960)]
    server.held_pictures = anyio.Event()
    assert await artwork.files([item], POSTER, 320) == {}  # it is connected, and asked
    server.error = UnreachableError("away")
    server.held_pictures.set()
    (view,) = run.coordinator.list_sources()
    await run.coordinator.sources.reconnect(view.source.id)
    await run.until_status(view.source.id, PublicStatus.OFFLINE)
    announced = len(run.of(ArtworkReady))

    for width, shown in ((320, large), (960, large), (1920, large), (90, small), (150, large)):
        assert await artwork.files([item], POSTER, width) == {item: str(shown)}
        assert await artwork.file(item, POSTER, width) == shown
    large.unlink()
    assert await artwork.file(item, POSTER, 1920) == small
    assert len(run.of(ArtworkReady)) == announced
    server.error = None
    await run.coordinator.sources.reconnect(view.source.id)
    await run.until_status(view.source.id, PublicStatus.CONNECTED)

    assert await artwork.file(item, POSTER, 1920) not in (small, large)


async def test_another_width_is_shown_when_a_connected_source_fails(
    run: Run, server: FakeServer
) -> None:
    """A picture that could not be fetched a moment ago is shown as it is there."""
    item = (await ids(run))["good"]
    small = await run.coordinator.artwork.file(item, POSTER, 96)
    server.error = UnreachableError("away")

    assert await run.coordinator.artwork.file(item, POSTER, 320) == small
    assert await run.coordinator.artwork.files([item], POSTER, 320) == {item: str(small)}
