"""Deterministic media servers of any size: the same seed and size give the same world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulators.words import (
    ARTISTS,
    GENRES,
    MUSIC_GENRES,
    PEOPLE,
    RATINGS,
    SENTENCES,
    STUDIOS,
    TITLE_HEADS,
    TITLE_TAILS,
)

from .item import Item, Kind, Section, ViewState, hex_id
from .viewer import OWNER_ACCOUNT
from .world import World

START = 1_672_574_400  # 2023-01-01T12:00:00Z
_EPISODES = 10
_SEASONS = 3
_TRACKS = 12
_ALBUMS = 3
_EXTRAS_FROM = 60
# Shares of a generated world, in percent; what is left over is movies.
_SHARES = {"episodes": 40, "tracks": 25, "videos": 3, "photos": 2}


@dataclass(slots=True)
class _Maker:
    """Makes items one after another from one stream of random numbers."""

    world: World
    random: Random

    def item(self, kind: Kind, title: str, section: Section | None, **more: Any) -> Item:
        """Return one item with the members every type has."""
        key = self.world.new_key()
        added = START + key * 60
        given: dict[str, Any] = {
            "guid": f"plex://{kind.wire}/{hex_id(24, self.world.machine_id, key)}",
            "added_at": added,
            "updated_at": added + 30,
            "stamp": added - 1000,
            **more,
        }
        return Item(
            key=key, kind=kind, title=title, section_id=section.id if section else None, **given
        )

    def title(self) -> str:
        """Return a title; some repeat."""
        head, tail = self.random.choice(TITLE_HEADS), self.random.choice(TITLE_TAILS)
        number = self.random.randrange(1, 400)
        return f"{head} {tail}" if number < 20 else f"{head} {tail} {number}"

    def text(self, sentences: int) -> str:
        """Return a text of about 110 characters a sentence."""
        return " ".join(self.random.choices(SENTENCES, k=sentences))

    def some(self, words: tuple[str, ...], count: int) -> tuple[str, ...]:
        """Return different words."""
        return tuple(self.random.sample(words, count))

    def described(self, year: int) -> dict[str, Any]:
        """Return the members movies and shows have."""
        random = self.random
        return {
            "year": year,
            "released": f"{year}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}",
            "summary": self.text(3),
            "studio": random.choice(STUDIOS),
            "content_rating": random.choice(RATINGS),
            "rating": random.randrange(10, 100) / 10,
            "genres": self.some(GENRES, 3),
            "countries": ("Czechia",),
            "roles": self.some(PEOPLE, 4),
        }


def make_world(
    items: int = 100, *, seed: int = 1, name: str = "Simulated Plex", hidden: bool = True
) -> World:
    """Return a world of about this many items, two thirds of which can be played.

    Its sections are Movies, TV Shows, Music and, with more than sixty items, Other Videos and
    Photos. With `hidden` the first show hides its seasons. The owner has watched some of it.
    """
    world = World(name=name, seed=seed)
    maker = _Maker(world, Random(seed))
    counts = {part: items * share // 100 for part, share in _SHARES.items()}
    if items < _EXTRAS_FROM:
        counts["videos"] = counts["photos"] = 0
    counts["movies"] = items - sum(counts.values())
    world.load(_movies(maker, world.add_section("movie", "Movies"), counts["movies"]))
    world.load(_shows(maker, world.add_section("show", "TV Shows"), counts["episodes"], hidden))
    world.load(_music(maker, world.add_section("artist", "Music"), counts["tracks"]))
    if items >= _EXTRAS_FROM:
        other = world.add_section("movie", "Other Videos", agent="com.plexapp.agents.none")
        world.load(_videos(maker, other, counts["videos"]))
        photos = world.add_section("photo", "Photos", agent="com.plexapp.agents.none")
        world.load(_photos(maker, photos, counts["photos"]))
    world.load(list(_collections(maker)))
    world.load(list(_playlists(maker)))
    _watch_some(world, maker.random)
    return world


def _movies(maker: _Maker, section: Section, count: int) -> Iterator[Item]:
    for number in range(count):
        year = maker.random.randrange(1930, 2026)
        movie = maker.item(
            Kind.MOVIE,
            maker.title(),
            section,
            **maker.described(year),
            duration_ms=maker.random.randrange(70, 180) * 60_000,
            directors=maker.some(PEOPLE, 1),
            writers=maker.some(PEOPLE, 2),
            height=maker.random.choice((2160, 1080, 720, 480)),
            versions=2 if number % 10 == 3 else 1,
            parts=2 if number % 10 == 7 else 1,
        )
        movie.external_ids = _ids(movie.key)
        if movie.title.startswith("The "):
            movie.sort_title = movie.title[4:]
        if number == 0:
            trailer = maker.item(
                Kind.CLIP,
                f"{movie.title} trailer",
                section,
                subtype="trailer",
                duration_ms=120_000,
                unlisted=True,
            )
            movie.extras = (trailer.key,)
            yield trailer
        yield movie


def _shows(maker: _Maker, section: Section, count: int, hidden: bool) -> Iterator[Item]:
    """Yield shows, seasons and `count` episodes; every third show starts with specials."""
    made, number = 0, 0
    while made < count:
        show = maker.item(
            Kind.SHOW,
            maker.title(),
            section,
            **maker.described(maker.random.randrange(1960, 2026)),
            index=1,
            hides_seasons=hidden and number == 0,
        )
        show.external_ids = _ids(show.key)
        yield show
        first = 0 if number % 3 == 2 else 1
        for index in range(first, first + _SEASONS):
            if made >= count:
                break
            title = "Specials" if index == 0 else f"Season {index}"
            season = maker.item(Kind.SEASON, title, section, parent=show.key, index=index)
            yield season
            for place in range(1, min(_EPISODES, count - made) + 1):
                made += 1
                yield _episode(maker, section, show, season, place)
        number += 1


def _episode(maker: _Maker, section: Section, show: Item, season: Item, place: int) -> Item:
    episode = maker.item(
        Kind.EPISODE,
        maker.title(),
        section,
        parent=season.key,
        grandparent=show.key,
        index=place,
        parent_index=season.index,
        summary=maker.text(2),
        content_rating=show.content_rating,
        year=show.year,
        released=show.released,
        rating=maker.random.randrange(50, 100) / 10,
        duration_ms=maker.random.randrange(20, 60) * 60_000,
        directors=maker.some(PEOPLE, 1),
        writers=maker.some(PEOPLE, 1),
    )
    episode.external_ids = _ids(episode.key)
    return episode


def _music(maker: _Maker, section: Section, count: int) -> Iterator[Item]:
    """Yield artists, albums and `count` tracks."""
    made, number = 0, 0
    while made < count:
        name = ARTISTS[number % len(ARTISTS)]
        suffix = f" {number // len(ARTISTS) + 1}" if number >= len(ARTISTS) else ""
        artist = maker.item(
            Kind.ARTIST,
            name + suffix,
            section,
            summary=maker.text(1),
            genres=maker.some(MUSIC_GENRES, 2),
            countries=("Iceland",),
        )
        if number == 0:
            clip = maker.item(
                Kind.CLIP,
                f"{name} live",
                section,
                subtype="musicVideo",
                duration_ms=240_000,
                unlisted=True,
            )
            artist.extras = (clip.key,)
            yield clip
        yield artist
        for _ in range(_ALBUMS):
            if made < count:
                tracks = min(_TRACKS, count - made)
                made += tracks
                yield from _album(maker, section, artist, tracks)
        number += 1


def _album(maker: _Maker, section: Section, artist: Item, tracks: int) -> Iterator[Item]:
    year = maker.random.randrange(1960, 2026)
    album = maker.item(
        Kind.ALBUM,
        maker.title(),
        section,
        parent=artist.key,
        index=1,
        year=year,
        released=f"{year}-01-01",
        studio=maker.random.choice(STUDIOS),
        genres=maker.some(MUSIC_GENRES, 2),
    )
    album.external_ids = (f"mbid://{hex_id(8, album.key)}-0000-4000-8000-{hex_id(12, album.key)}",)
    yield album
    for place in range(tracks):
        yield maker.item(
            Kind.TRACK,
            maker.title(),
            section,
            parent=album.key,
            grandparent=artist.key,
            index=place % 6 + 1,
            parent_index=place // 6 + 1,
            duration_ms=maker.random.randrange(120, 420) * 1000,
        )


def _videos(maker: _Maker, section: Section, count: int) -> Iterator[Item]:
    for number in range(count):
        guid = f"com.plexapp.agents.none://{hex_id(40, section.uuid, number)}?lang=xn"
        duration_ms = maker.random.randrange(10, 900) * 1000
        yield maker.item(
            Kind.MOVIE, f"VID_{number:05d}", section, guid=guid, duration_ms=duration_ms
        )


def _photos(maker: _Maker, section: Section, count: int) -> Iterator[Item]:
    if not count:
        return
    album = maker.item(Kind.PHOTO_ALBUM, "Holiday", section)
    yield album
    for number in range(count):
        yield maker.item(
            Kind.PHOTO, f"IMG_{number:05d}", section, parent=album.key, year=2024, index=number + 1
        )


def _collections(maker: _Maker) -> Iterator[Item]:
    for section in list(maker.world.sections.values()):
        kinds = {"movie": Kind.MOVIE, "show": Kind.SHOW}
        if section.type not in kinds or section.title == "Other Videos":
            continue
        kind = kinds[section.type]
        keys = [item.key for item in maker.world.of_kind(kind, section=section)]
        for title, members, smart in (("Favourites", keys[:5], False), ("Recent", keys[-3:], True)):
            if members:
                yield maker.item(
                    Kind.COLLECTION,
                    title,
                    section,
                    members=tuple(members),
                    smart=smart,
                    subtype=kind.wire,
                    summary=maker.text(1),
                )


def _playlists(maker: _Maker) -> Iterator[Item]:
    world = maker.world
    for title, type_, kind, smart in (
        ("Film Night", "video", Kind.MOVIE, False),
        ("Late Songs", "audio", Kind.TRACK, False),
        ("Newest Episodes", "video", Kind.EPISODE, True),
    ):
        members = tuple(item.key for item in world.of_kind(kind)[:6])
        if members:
            yield maker.item(
                Kind.PLAYLIST,
                title,
                None,
                guid=f"com.plexapp.agents.none://{hex_id(32, title)}",
                members=members,
                playlist_type=type_,
                smart=smart,
                playlist_of=OWNER_ACCOUNT,
            )


def _watch_some(world: World, random: Random) -> None:
    """Let the owner have seen a third of it, begun some and rated some."""
    states = world.states.setdefault(OWNER_ACCOUNT, {})
    for item in world.of_kind(Kind.MOVIE, Kind.EPISODE, Kind.TRACK):
        chance = random.random()
        moment = item.added_at + 86_400
        if chance < 0.3:
            states[item.key] = ViewState(view_count=1, last_viewed_at=moment)
        elif chance < 0.35:
            states[item.key] = ViewState(view_offset=item.duration_ms // 3, last_viewed_at=moment)
        elif chance < 0.38:
            states[item.key] = ViewState(user_rating=8.0, last_rated_at=moment)


def _ids(key: int) -> tuple[str, ...]:
    return (f"imdb://tt{key:07d}", f"tmdb://{key}", f"tvdb://{key}")
