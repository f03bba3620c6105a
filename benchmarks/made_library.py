"""A cache filled with a made-up library whose titles look like those that people have.

Words are as unequally frequent as in a language: a few stand in thousands of titles, most in one or
two. One title in ten has accents, an apostrophe, a number or another script.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate, islice
from pathlib import Path

from msgspec.structs import replace

from benchmarks.store import GENRES, MOVIES, MUSIC, OVERVIEW, SHOWS
from msd.models import (
    Account,
    AccountId,
    BackendKind,
    Image,
    ItemDetails,
    ItemType,
    MediaItem,
    Milliseconds,
    Person,
    RemoteId,
    RemoteLibrary,
    Source,
    SourceId,
    UnixSeconds,
    WatchState,
)
from msd.store import CacheDatabase, StateStore
from msd.store.cache.writes.sync_writer import SyncWriter

_ACCOUNT = Account(
    id=AccountId("jellyfin_account"),
    kind=BackendKind("jellyfin"),
    display_name="benchmark",
    remote_user_id="user",
    device_id="0123",
)
_SOURCE = Source(
    id=SourceId("jellyfin_0123456789ab"),
    kind=BackendKind("jellyfin"),
    name="Benchmark",
    account_id=_ACCOUNT.id,
    server_id="server",
    address="http://127.0.0.1:9",
)
BATCH = 3000  # what a sync commits at once
_ONSETS = "b br c ch d dr f fl g gr h j k l m n p pr qu r s sh st t th tr v w"
_VOWELS = "a e i o u ea ou ie"
_ENDS = "n r s t l nd st ng rt ck m"
_ARTICLES = ("the", "a", "of", "and", "in", "to")
_SCRIPTS = ("花火の夜", "Ночной город", "서울의 봄", "Θάλασσα", "ליל ירח")


class Titles:
    """Makes titles and names; the same ones for the same seed."""

    def __init__(self, seed: int = 7, words: int = 60_000) -> None:
        self._dice = random.Random(seed)
        self.words = [*_ARTICLES, *self._distinct(words)]
        self._weights = list(accumulate(1 / (rank + 2) for rank in range(len(self.words))))
        self._names = self._distinct(20_000)

    def title(self) -> str:
        """Return a title of one to five words."""
        dice = self._dice
        count = dice.choice((1, 2, 2, 3, 3, 4, 5))
        words = dice.choices(self.words, cum_weights=self._weights, k=count)
        text = " ".join(words).title()
        oddity = dice.randrange(50)
        if oddity == 0:
            return text.replace("e", "é").replace("u", "ü")
        if oddity == 1:
            return f"{text}'s {dice.choice(words).title()}"
        if oddity == 2:
            return f"{text} {dice.randrange(1, 2100)}"
        if oddity == 3:
            return f"{text} {dice.choice(_SCRIPTS)}"
        return text

    def sorted(self, count: int) -> Sequence[tuple[int, str]]:
        """Return numbered titles in the order of the alphabet, as servers are asked for them."""
        return list(enumerate(sorted(self.title() for _ in range(count))))

    def name(self) -> str:
        """Return the name of a person."""
        first, last = self._dice.choices(self._names[:3000], k=1)[0], self._dice.choice(self._names)
        return f"{first} {last}".title()

    def _distinct(self, count: int) -> list[str]:
        onsets, vowels, ends = _ONSETS.split(), _VOWELS.split(), ["", "", "", *_ENDS.split()]
        found: dict[str, None] = {}
        while len(found) < count:
            syllables = self._dice.choice((1, 2, 2, 3, 3, 4))
            word = "".join(
                self._dice.choice(onsets) + self._dice.choice(vowels) + self._dice.choice(ends)
                for _ in range(syllables)
            )
            found[word] = None
        return list(found)


def fill(folder: Path, count: int, *, with_people: bool) -> None:
    """Fill cache.db and state.db of a folder with a source that is not in reach.

    30 of 100 items are films, 40 episodes, 27 tracks, the rest their shows and albums.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(StateStore.open(folder / "state.db")) as state:
        state.add(_ACCOUNT, [_SOURCE])
    CacheDatabase.open(folder / "cache.db", revision_floor=0).close()
    with closing(SyncWriter(folder / "cache.db", folder / "state.db", _SOURCE.id)) as writer:
        ids = writer.save_libraries([MOVIES, SHOWS, MUSIC]).ids
        for library, item_type, items in _listings(count, with_people=with_people):
            while batch := list(islice(items, BATCH)):
                pairs = [(item, hash(item.remote_id)) for item in batch]
                writer.write(ids[library.remote_id], item_type, pairs)


def _listings(
    count: int, *, with_people: bool
) -> Iterator[tuple[RemoteLibrary, ItemType, Iterator[MediaItem]]]:
    make = Titles()
    movies = (_movie(*at, make, with_people=with_people) for at in make.sorted(count * 3 // 10))
    yield MOVIES, ItemType.MOVIE, movies
    shows = make.sorted(count * 4 // 1000)
    yield SHOWS, ItemType.SHOW, (_item(ItemType.SHOW, *at) for at in shows)
    yield SHOWS, ItemType.EPISODE, (_episode(*at, shows) for at in make.sorted(len(shows) * 100))
    albums = make.sorted(count * 27 // 1000)
    artists = [make.title() for _ in range(len(albums) // 5 + 1)]
    yield MUSIC, ItemType.ALBUM, (_album(*at, artists) for at in albums)
    tracks = make.sorted(len(albums) * 10)
    yield MUSIC, ItemType.TRACK, (_track(*at, albums, artists) for at in tracks)


def _item(item_type: ItemType, index: int, title: str) -> MediaItem:
    return MediaItem(
        remote_id=_remote_id(item_type, index),
        type=item_type,
        title=title,
        year=1950 + index % 75,
        released=f"{1950 + index % 75}-05-17",
        added_at=UnixSeconds(1_600_000_000 + index * 7919 % 10**8),
        duration_ms=Milliseconds(index * 7919 % 10**7),
        rating=index % 100 / 10,
        images=(Image(kind="poster", ref="0123456789abcdef0123456789abcdef"),),
        watch=_watch(index),
        identity=f"{item_type}://{index}",
    )


def _watch(index: int) -> WatchState:
    """Return a third of the items watched, one in 500 begun, one in 500 a favourite."""
    is_watched, is_begun = index % 3 == 0, index % 500 == 1
    return WatchState(
        watched=is_watched,
        position_ms=Milliseconds(60_000 * is_begun),
        last_played=UnixSeconds((is_watched or is_begun) * (1_700_000_000 + index * 7919 % 10**7)),
        favourite=index % 500 == 2,
    )


def _movie(index: int, title: str, make: Titles, *, with_people: bool) -> MediaItem:
    people = tuple(Person(name=make.name()) for _ in range(15)) if with_people else ()
    return replace(
        _item(ItemType.MOVIE, index, title),
        overview=OVERVIEW,
        original_title=make.title() if index % 8 == 0 else "",
        genres=GENRES[index % 5 : index % 5 + 2],
        studios=("Studio One", f"Studio {index % 400}"),
        content_rating=("", "PG", "R", "PG-13")[index % 4],
        external_ids=(f"tmdb:movie:{index}", f"imdb:tt{index:07d}"),
        details=ItemDetails(people=people) if people else None,
    )


def _episode(index: int, title: str, shows: Sequence[tuple[int, str]]) -> MediaItem:
    show, show_title = shows[index // 100]
    return replace(
        _item(ItemType.EPISODE, index, title),
        overview=OVERVIEW,
        parent_remote_id=_remote_id(ItemType.SHOW, show),
        show_remote_id=_remote_id(ItemType.SHOW, show),
        show_title=show_title,
        season_number=index % 100 // 10,
        episode_number=index % 10,
        external_ids=(f"tvdb:episode:{index}",),
    )


def _album(index: int, title: str, artists: Sequence[str]) -> MediaItem:
    return replace(_item(ItemType.ALBUM, index, title), artist=artists[index // 5])


def _track(
    index: int, title: str, albums: Sequence[tuple[int, str]], artists: Sequence[str]
) -> MediaItem:
    album, album_title = albums[index // 10]
    return replace(
        _item(ItemType.TRACK, index, title),
        parent_remote_id=_remote_id(ItemType.ALBUM, album),
        album_remote_id=_remote_id(ItemType.ALBUM, album),
        album=album_title,
        artist=artists[album // 5],
        track_number=index % 10,
        genres=(GENRES[index % len(GENRES)],),
    )


def _remote_id(item_type: ItemType, index: int) -> RemoteId:
    return RemoteId(f"{item_type}{index:028x}")
