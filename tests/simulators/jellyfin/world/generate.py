"""Deterministic libraries of any size: the same seed and size give the same world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.simulators.jellyfin.world.item import Item, Library, User
from tests.simulators.jellyfin.world.wire import TICKS_PER_SECOND, make_id
from tests.simulators.jellyfin.world.world import World
from tests.simulators.words import (
    ARTISTS,
    COLLECTION_WORDS,
    GENRES,
    MUSIC_GENRES,
    RATINGS,
    SENTENCES,
    STUDIOS,
    TITLE_HEADS,
    TITLE_TAILS,
)

_START = datetime(2023, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
_EPISODES_PER_SEASON = 10
_SEASONS_PER_SERIES = 3
_TRACKS_PER_ALBUM = 12
_ALBUMS_PER_ARTIST = 3
_EVERY_TYPE_FROM = 60
# Shares of a generated world, in percent; what is left over is movies.
_SHARES = {"episodes": 40, "tracks": 25, "musicvideos": 3, "homevideos": 3, "mixed": 4}


@dataclass(slots=True)
class _Maker:
    """Makes items one after another from one stream of random numbers."""

    world: World
    random: Random
    made: int = 0

    def item(
        self, kind: str, name: str, library: Library, *, parent: str = "", **more: Any
    ) -> Item:
        """Return one item with the members every type has."""
        self.made += 1
        path = more.pop("path", f"{library.path}/{name} [{self.made}]")
        created = _START + timedelta(minutes=self.made, microseconds=self.made % 977)
        return Item(
            id=make_id(kind, path),
            type=kind,
            name=name,
            sort_name=more.pop("sort_name", None) or sort_name(name),
            library_id=library.id,
            parent_id=parent or library.id,
            path=path,
            number=self.made,
            created=created,
            saved=created + timedelta(seconds=30),
            **more,
        )

    def title(self) -> str:
        """Return a title; some repeat, so that sort names tie."""
        head, tail = self.random.choice(TITLE_HEADS), self.random.choice(TITLE_TAILS)
        number = self.random.randrange(1, 400)
        return f"{head} {tail}" if number < 20 else f"{head} {tail} {number}"

    def overview(self, sentences: int) -> str:
        """Return a text of about 110 characters a sentence."""
        return " ".join(self.random.choices(SENTENCES, k=sentences))

    def video(self, minutes: int) -> dict[str, Any]:
        """Return the members of a playable video."""
        year = self.random.randrange(1930, 2026)
        return {
            "year": year,
            "premiere": datetime(year, self.random.randrange(1, 13), 14, tzinfo=UTC),
            "runtime_ticks": (minutes * 60 + self.random.randrange(600)) * TICKS_PER_SECOND,
            "rating": round(self.random.uniform(3, 9.5), 1),
            "official_rating": self.random.choice(RATINGS),
            "genres": tuple(self.random.sample(GENRES, k=3)),
            "studios": tuple(self.random.sample(STUDIOS, k=2)),
            "overview": self.overview(7),
        }

    def movie(self, library: Library) -> Item:
        """Return one movie."""
        name = self.title()
        ids = {"Tmdb": str(100_000 + self.made), "Imdb": f"tt{1_000_000 + self.made:07d}"}
        more = self.video(95)
        more["original_title"] = name.upper()
        return self.item("Movie", name, library, provider_ids=ids, **more)


def sort_name(name: str) -> str:
    """Return a title as the server sorts it: lower case, without a leading article."""
    lowered = name.lower()
    for article in ("the ", "a ", "an "):
        if lowered.startswith(article):
            return lowered[len(article) :]
    return lowered


def make_world(
    items: int = 60, *, seed: int = 1, user: str = "alice", password: str = "secret"
) -> World:
    """Return a world of exactly `items` items, libraries not counted, and its users.

    From 60 items on every type is among them: movies, series, seasons, episodes, artists,
    albums, tracks, videos, music videos, box sets, playlists, a photo and a book.
    """
    world = World(seed=seed)
    maker = _Maker(world, Random(seed))
    account = world.add_user(user, password)
    world.add_user("admin", "root", administrator=True)
    libraries = _libraries(world)
    world.load(_fill(maker, libraries, items))
    _add_movies(maker, libraries["movies"], items)
    _add_collections(maker, libraries, items)
    world.hide_library(libraries["hidden"].id, account)
    _play(maker, account)
    return world


def _libraries(world: World) -> dict[str, Library]:
    rows = (
        ("movies", "Filme & Kino", "movies"),
        ("shows", "Séries", "tvshows"),
        ("music", "Music", "music"),
        ("musicvideos", "Music Videos", "musicvideos"),
        ("homevideos", "Home Videos", "homevideos"),
        ("mixed", "Mixed", None),
        ("hidden", "Hidden Movies", "movies"),
        ("photos", "Photos", "photos"),
        ("books", "Books", "books"),
        ("boxsets", "Collections", "boxsets"),
        ("playlists", "Playlists", "playlists"),
        ("livetv", "Live TV", "livetv"),
    )
    synthetic = {"playlists": "UserView", "livetv": "UserView"}
    made = {}
    for key, name, kind in rows:
        view_type = synthetic.get(key, "CollectionFolder")
        library = Library(
            id=make_id(view_type, name, world.server_id),
            name=name,
            collection_type=kind,
            path=f"/media/{key}",
            created=_START,
            view_type=view_type,
        )
        made[key] = world.add_library(library)
    return made


def _fill(maker: _Maker, libraries: dict[str, Library], items: int) -> Iterator[Item]:
    def share(name: str) -> int:
        return items * _SHARES[name] // 100

    yield from _shows(maker, libraries["shows"], share("episodes"))
    yield from _music(maker, libraries["music"], share("tracks"))
    yield from _videos(maker, libraries["musicvideos"], "MusicVideo", share("musicvideos"))
    yield from _videos(maker, libraries["homevideos"], "Video", share("homevideos"))
    yield from (maker.movie(libraries["mixed"]) for _ in range(share("mixed") // 2))
    yield from _shows(maker, libraries["mixed"], share("mixed") - share("mixed") // 2)
    if items >= _EVERY_TYPE_FROM:
        yield from (maker.movie(libraries["hidden"]) for _ in range(2))
        yield maker.item("Photo", "IMG_0001", libraries["photos"])
        yield maker.item("Book", "A Book about Bücher", libraries["books"])


def _shows(maker: _Maker, library: Library, budget: int) -> Iterator[Item]:
    while budget >= 3:
        name = maker.title()
        ids = {"Tvdb": str(70_000 + maker.made), "Tmdb": str(60_000 + maker.made)}
        status = maker.random.choice(("Continuing", "Ended"))
        series = maker.item(
            "Series", name, library, provider_ids=ids, status=status, **maker.video(45)
        )
        yield series
        budget -= 1
        for season_number in range(_SEASONS_PER_SERIES):
            if budget < 2:
                break
            count = min(_EPISODES_PER_SEASON, budget - 1)
            yield from _season(maker, library, series, season_number, count)
            budget -= count + 1


def _season(
    maker: _Maker, library: Library, series: Item, number: int, count: int
) -> Iterator[Item]:
    name = f"Season {number}" if number else "Specials"
    season = maker.item(
        "Season",
        name,
        library,
        parent=series.id,
        path=f"{series.path}/{name}",
        sort_name=f"{number:04d} - {name}".lower(),
        index=number,
        series_id=series.id,
        year=series.year,
    )
    yield season
    for episode in range(1, count + 1):
        title = maker.title()
        yield maker.item(
            "Episode",
            title,
            library,
            parent=season.id,
            path=f"{season.path}/S{number:02d}E{episode:02d}.mkv",
            sort_name=f"{number:03d} - {episode:04d} - {title}",
            index=episode,
            index_end=episode + 1 if episode % 10 == 9 else None,
            parent_index=number,
            series_id=series.id,
            season_id=season.id,
            virtual=maker.made % 50 == 0,
            provider_ids={"Tvdb": str(5_000_000 + maker.made)},
            **maker.video(42),
        )


def _music(maker: _Maker, library: Library, budget: int) -> Iterator[Item]:
    while budget >= 3:
        name = f"{maker.random.choice(ARTISTS)} {maker.made}"
        artist = maker.item(
            "MusicArtist",
            name,
            library,
            path=f"{library.path}/{name}",
            provider_ids={"MusicBrainzArtist": _dashed(make_id("mb", name))},
            overview=maker.overview(5),
            genres=tuple(maker.random.sample(MUSIC_GENRES, k=2)),
        )
        yield artist
        budget -= 1
        for _ in range(_ALBUMS_PER_ARTIST):
            if budget < 2:
                break
            count = min(_TRACKS_PER_ALBUM, budget - 1)
            yield from _album(maker, library, artist, count)
            budget -= count + 1


def _album(maker: _Maker, library: Library, artist: Item, count: int) -> Iterator[Item]:
    title = maker.title()
    genres = tuple(maker.random.sample(MUSIC_GENRES, k=2))
    year = maker.random.randrange(1955, 2026)
    common: dict[str, Any] = {
        "genres": genres,
        "year": year,
        "premiere": datetime(year, 5, 1, tzinfo=UTC),
        "artist_ids": (artist.id,),
        "album_artist_ids": (artist.id,),
    }
    lengths = [maker.random.randrange(90, 400) * TICKS_PER_SECOND for _ in range(count)]
    album = maker.item(
        "MusicAlbum",
        title,
        library,
        parent=artist.id,
        path=f"{artist.path}/{title} [{maker.made}]",
        provider_ids={
            "MusicBrainzAlbum": _dashed(make_id("album", maker.made)),
            "MusicBrainzAlbumArtist": artist.provider_ids["MusicBrainzArtist"],
        },
        overview=maker.overview(4),
        runtime_ticks=sum(lengths),
        **common,
    )
    yield album
    for track, length in enumerate(lengths, start=1):
        name = maker.title()
        yield maker.item(
            "Audio",
            name,
            library,
            parent=album.id,
            path=f"{album.path}/{track:02d}.flac",
            sort_name=f"0001 - {track:04d} - {name}",
            index=track,
            parent_index=1,
            album_id=album.id,
            runtime_ticks=length,
            provider_ids={"MusicBrainzTrack": _dashed(make_id("track", maker.made))},
            **common,
        )


def _videos(maker: _Maker, library: Library, kind: str, count: int) -> Iterator[Item]:
    for _ in range(count):
        yield maker.item(kind, maker.title(), library, **maker.video(4))


def _add_movies(maker: _Maker, library: Library, items: int) -> None:
    """Fill up with movies to the number asked for, leaving room for the collections."""
    world = maker.world
    missing = max(0, items - len(world.items) - _collections_in(items))
    world.load(maker.movie(library) for _ in range(missing))


def _collections_in(items: int) -> int:
    return 2 * len(COLLECTION_WORDS) if items >= _EVERY_TYPE_FROM else 0


def _add_collections(maker: _Maker, libraries: dict[str, Library], items: int) -> None:
    """Add box sets of movies and other videos, and playlists of tracks."""
    world = maker.world
    tracks, videos = world.of_type("Audio"), world.of_type("Episode", "MusicVideo")
    movies = world.in_library(libraries["movies"].id)
    for number in range(_collections_in(items) // 2):
        word = COLLECTION_WORDS[number]
        chosen = movies[number * 4 : number * 4 + 4] + maker.random.sample(videos, k=8)
        members = tuple(item.id for item in chosen)
        box = maker.item("BoxSet", f"{word} Collection", libraries["boxsets"], members=members)
        inside = videos if number == 1 else tracks  # one playlist of videos, others of tracks
        songs = tuple(item.id for item in maker.random.sample(inside, k=5))
        songlist = maker.item("Playlist", f"{word} Mix", libraries["playlists"], members=songs)
        world.load((box, songlist))


def _play(maker: _Maker, user: User) -> None:
    """Give about a fifth of the playable items some play state."""
    world, choose = maker.world, maker.random
    for item in world.of_type("Movie", "Episode", "Audio", "MusicVideo", "Video"):
        lot = choose.randrange(100)
        if lot >= 20 or item.virtual:
            continue
        data = world.data(user, item.id)
        data.played = lot < 12
        data.play_count = 1 + lot % 3 if data.played else 0
        data.favorite = lot % 7 == 0
        if data.played or lot < 17:
            data.last_played = _START + timedelta(hours=item.number % 20_000)
        if 12 <= lot < 17:
            data.position_ticks = (item.runtime_ticks or TICKS_PER_SECOND) // 3


def _dashed(text: str) -> str:
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
