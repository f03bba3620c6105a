"""What changed in a real folder between two looks, each by a backend of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from msd.backend_api.changes import Aspect, ChangeCursor, HasChanges
from msd.errors import BadResponseError, UnreachableError
from msd.models import ItemType, RemoteId
from tests.support.folders.files import put
from tests.support.folders.list_folder import added_source, opened
from tests.support.mirror import Mirror
from tests.support.no_cached_rows import NO_CACHED_ROWS

pytestmark = pytest.mark.anyio


def fill(root: Path) -> None:
    for number in range(6):
        put(root / f"Movies/Film {number} (200{number})/Film {number} (200{number}).mkv")
    for episode in range(1, 4):
        put(root / f"TV/Dark/Season 1/Dark S01E0{episode}.mkv")


class Folder:
    """A folder, and a mirror that a new backend brings into step at each look."""

    def __init__(self, source, cache: Path) -> None:
        self.source, self.cache = source, cache
        self.mirror: Mirror

    @asynccontextmanager
    async def backend(self) -> AsyncIterator:
        backend = opened(self.source, self.cache)
        try:
            yield backend
        finally:
            await backend.aclose()

    async def begin(self) -> Folder:
        async with self.backend() as backend:
            assert isinstance(backend, HasChanges)
            self.mirror = Mirror(backend)
            await self.mirror.read_all()
        return self

    async def look(self) -> Mirror:
        async with self.backend() as backend:
            self.mirror.backend = backend
            await self.mirror.catch_up()
        return self.mirror

    async def truth(self):
        async with self.backend() as backend:
            fresh = Mirror(backend)
            await fresh.read_all()
            return fresh.all_fingerprints()


async def known(root: Path, cache: Path) -> Folder:
    fill(root)
    return await Folder(await added_source(str(root)), cache).begin()


async def test_an_unchanged_folder_costs_a_walk_and_nothing_else(root, cache):
    """Neither a row nor a count is given (Y6)."""
    folder = await known(root, cache)
    mirror = await folder.look()

    assert not mirror.told
    assert not mirror.enumerated


async def test_a_new_file_comes_with_what_it_belongs_to(root, cache):
    """The show and season of a new episode look different, the other episodes do not."""
    folder = await known(root, cache)
    put(root / "TV/Dark/Season 1/Dark S01E04.mkv")
    mirror = await folder.look()

    kinds = {kind for (_, kind), rows in mirror.rows.items() if mirror.told & set(rows)}
    assert kinds == {ItemType.SEASON, ItemType.EPISODE}
    assert len(mirror.told) == 2
    assert not mirror.enumerated
    assert mirror.all_fingerprints() == await folder.truth()


async def test_a_file_that_is_written_anew_is_found_although_its_directory_keeps_its_time(
    root, cache
):
    """A directory's time tells of names only."""
    folder = await known(root, cache)
    film = root / "Movies/Film 1 (2001)"
    before = film.stat().st_mtime_ns
    put(film / "Film 1 (2001).mkv", b"longer than before")
    assert film.stat().st_mtime_ns == before
    mirror = await folder.look()

    assert mirror.told == {RemoteId("film:Movies/film1/2001")}
    assert mirror.all_fingerprints() == await folder.truth()


async def test_a_deleted_film_shows_in_the_count(root, cache):
    """A deleted film shows in the count (Y7).

    Only the listing that lost something is enumerated.
    """
    folder = await known(root, cache)
    shutil.rmtree(root / "Movies/Film 2 (2002)")
    mirror = await folder.look()

    assert [kind for _, kind in mirror.enumerated] == [ItemType.MOVIE]
    assert mirror.all_fingerprints() == await folder.truth()


async def test_a_renamed_film_is_new_and_known_by_what_is_in_it(root, cache, media):
    """A renamed film is new and known by what is in it (I2).

    The name makes the remote id, the content the identity by which msd's own id stays.
    """
    media.video(root / "Movies/Old Name (1999)/Old Name (1999).mkv")
    folder = await known(root, cache)
    (root / "Movies/Old Name (1999)").rename(root / "Movies/New Name (1999)")
    old = "Movies/New Name (1999)/Old Name (1999).mkv"
    (root / old).rename(root / "Movies/New Name (1999)/New Name (1999).mkv")
    identities = set()
    async with folder.backend() as backend:
        folder.mirror.backend = backend
        before = [
            row
            for rows in folder.mirror.rows.values()
            for row in rows.values()
            if "oldname" in row.remote_id
        ]
        await folder.mirror.catch_up()
        [now] = folder.mirror.told
        item = await backend.item(now)
        identities.add(item.identity)

    assert len(before) == 1
    assert now == "film:Movies/newname/1999"
    assert identities != {""}
    assert folder.mirror.all_fingerprints() == await folder.truth()


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 10_000, '{"names":1}'])
async def test_a_cursor_that_means_nothing_is_told_so(root, cache, text):
    """The engine enumerates then."""
    folder = await known(root, cache)
    async with folder.backend() as backend:
        library = (await backend.libraries())[0]
        with pytest.raises(BadResponseError):
            async for _ in backend.changes(
                library, Aspect.METADATA, ChangeCursor(text), NO_CACHED_ROWS
            ):
                pass


async def test_nothing_is_remembered_that_could_vanish(root, cache):
    """Differences are taken against the cache; the private folder of a source is one too (Y20)."""
    folder = await known(root, cache)
    shutil.rmtree(cache)
    put(root / "Movies/Film 9 (2009).mkv")
    mirror = await folder.look()

    assert mirror.told == {RemoteId("film:Movies/film9/2009")}
    assert mirror.all_fingerprints() == await folder.truth()


async def test_a_look_that_failed_is_repeated_from_the_same_cursor(root, cache):
    """A look that failed is repeated from the same cursor (Y6).

    What it had written does not count.
    """
    folder = await known(root, cache)
    put(root / "Movies/Film 9 (2009).mkv")
    async with folder.backend() as backend:
        library = next(each for each in await backend.libraries() if each.name == "Movies")
        since = folder.mirror.cursors[library.remote_id, Aspect.METADATA]
        async for _ in backend.changes(library, Aspect.METADATA, since, NO_CACHED_ROWS):
            pass  # nothing of it was stored
    mirror = await folder.look()

    assert mirror.told == {RemoteId("film:Movies/film9/2009")}
    assert mirror.all_fingerprints() == await folder.truth()


async def test_a_folder_that_is_gone_is_an_error_and_not_a_change(root, cache):
    """A folder that is gone is an error and not a change (Y7).

    Never empty.
    """
    folder = await known(root, cache)
    before = folder.mirror.all_fingerprints()
    root.rename(root.with_name("away"))
    with pytest.raises(UnreachableError):
        await folder.look()
    root.with_name("away").rename(root)
    mirror = await folder.look()

    assert not mirror.told
    assert mirror.all_fingerprints() == before


async def test_fetched_rows_are_the_rows_of_the_listings(root, cache):
    """The same fingerprint and place, also of what came after the backend's own walk."""
    folder = await known(root, cache)
    expected = folder.mirror.all_fingerprints()
    async with folder.backend() as backend:
        await backend.libraries()
        put(root / "Movies/Film 9 (2009).mkv")
        new = RemoteId("film:Movies/film9/2009")
        ids = [remote_id for _, remote_id in expected]
        found = await backend.fetch([*ids, new, RemoteId("file:Movies/Nothing.mkv")])
        assert len(await backend.parse([each.item for each in found])) == len(found)

    places = {
        ((each.listing.library.remote_id, each.listing.type), each.item.remote_id): (
            each.item.fingerprint
        )
        for each in found
    }
    assert {key: value for key, value in places.items() if key[1] != new} == expected
    assert new in {remote_id for _, remote_id in places}


OPERATIONS = ("add", "delete", "rename", "rewrite", "move", "episode", "look")


def act(root: Path, operation: str, number: int) -> None:
    files = sorted(path for path in root.rglob("*.mkv"))
    file = files[number % len(files)] if files else None
    match operation:
        case "add":
            put(root / f"Movies/Added {number} (1990).mkv")
        case "episode":
            put(root / f"TV/Show {number % 3}/Season 1/Show {number % 3} S01E{number:02}.mkv")
        case "delete" if file and len(files) > 3:
            file.unlink()
        case "rename" if file:
            file.rename(file.with_name(f"Renamed {number} (1991).mkv"))
        case "rewrite" if file:
            put(file, b"x" * (number + 2))
        case "move" if file:
            target = root / "Movies" / f"Moved {number} (1992)"
            target.mkdir(parents=True, exist_ok=True)
            file.rename(target / file.name)


@settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(history=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 60)), max_size=12))
def test_any_history_leaves_the_mirror_equal_to_the_folder(tmp_path_factory, history):
    """Any history leaves the mirror equal to the folder (Y6, Y7).

    Whatever happened between two looks.
    """

    async def live_it() -> None:
        base = tmp_path_factory.mktemp("history")
        (base / "root").mkdir()
        folder = await known(base / "root", base / "cache")
        for operation, number in history:
            if operation == "look":
                await folder.look()
            else:
                act(base / "root", operation, number)
        await folder.look()
        there, mine = await folder.truth(), folder.mirror.all_fingerprints()
        both = {library for (library, _), _ in there} & {library for (library, _), _ in mine}
        assert of(both, mine) == of(both, there)

    anyio.run(live_it)


def of(libraries: set[RemoteId], rows: dict) -> dict:
    """Leave out the libraries that came or went, which `libraries` tells."""
    return {key: value for key, value in rows.items() if key[0][0] in libraries}
