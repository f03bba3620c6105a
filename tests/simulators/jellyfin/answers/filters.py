"""The filters of a list request, read once and applied to every item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulators.jellyfin.answers.query import Query, by_lower_name
from tests.simulators.jellyfin.service.http import (
    PROBLEM_TEXT,
    Refusal,
    text_reply,
)
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import FOLDER_TYPES, MEDIA_TYPES, Item, User, UserData
from tests.simulators.jellyfin.world.wire import make_id
from tests.simulators.jellyfin.world.world import World

ITEM_TYPES = by_lower_name(
    " ".join((*FOLDER_TYPES, *MEDIA_TYPES, "AudioBook", "Trailer", "Person", "Genre"))
)
FILTERS = by_lower_name(
    "IsFolder IsNotFolder IsUnplayed IsPlayed IsFavorite IsResumable Likes Dislikes "
    "IsFavoriteOrLikes"
)
_UNTOUCHED = UserData()
_Test = Callable[[Item], bool]


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Every condition of one request."""

    tests: tuple[_Test, ...]

    @classmethod
    def asked(cls, call: Call, user: User | None) -> ItemFilter:
        """Return the filter a request asks for."""
        query = call.request.query
        tests = [
            *_by_kind(query),
            *_by_save_date(call),
            *_by_user_data(call, user),
            *_by_metadata(query),
            *_by_relation(query),
            *_by_name(query),
        ]
        return cls(tuple(tests))

    def accepts(self, item: Item) -> bool:
        """Whether an item meets every condition."""
        return all(test(item) for test in self.tests)


def _by_kind(query: Query) -> list[_Test]:
    tests: list[_Test] = []
    included = frozenset(query.members("includeItemTypes", ITEM_TYPES))
    excluded = frozenset(query.members("excludeItemTypes", ITEM_TYPES))
    media = frozenset(name.lower() for name in query.texts("mediaTypes"))
    if included:
        tests.append(lambda item: item.type in included)
    if excluded:
        tests.append(lambda item: item.type not in excluded)
    if media:
        tests.append(lambda item: MEDIA_TYPES.get(item.type, "Unknown").lower() in media)
    missing = query.boolean("isMissing")
    if missing is not None:
        tests.append(lambda item: item.virtual == missing)
    if "virtual" in {name.lower() for name in query.texts("excludeLocationTypes")}:
        tests.append(lambda item: not item.virtual)
    return tests


def _by_save_date(call: Call) -> list[_Test]:
    """Both parameters are one filter; up to 10.10 one alone is a server bug."""
    query, version = call.request.query, call.state.version
    if call.request.path.lower().rpartition("/artists")[1]:
        return []  # the artist routes do not know these parameters
    saved = query.moment("minDateLastSaved")
    for_user = query.moment("minDateLastSavedForUser")
    since = saved or for_user
    if since is None:
        return []
    if saved and not for_user and version.rank < (10, 11):
        if version.rank < (10, 9):
            return [lambda _item: False]
        raise Refusal(text_reply(PROBLEM_TEXT, 500))
    latest = max(saved or since, for_user or since)
    return [lambda item: item.saved >= latest]


def _by_user_data(call: Call, user: User | None) -> list[_Test]:
    query, world = call.request.query, call.world
    names = set(query.members("filters", FILTERS))
    if {"IsPlayed", "IsUnplayed"} <= names:
        if call.state.version.rank >= (12, 0):
            raise Refusal(text_reply(PROBLEM_TEXT, 400))
        last = [name for name in query.members("filters", FILTERS) if name.startswith("Is")][-1]
        names.discard("IsUnplayed" if last == "IsPlayed" else "IsPlayed")
    if query.boolean("isFavorite"):
        names.add("IsFavorite")
    played = query.boolean("isPlayed")
    if played is not None:
        names.add("IsPlayed" if played else "IsUnplayed")

    def data(item: Item) -> UserData:
        return user.data.get(item.id, _UNTOUCHED) if user else _UNTOUCHED

    lists_albums = call.state.version.rank >= (12, 0)
    tests: dict[str, _Test] = {
        "IsFolder": lambda item: item.is_folder,
        "IsNotFolder": lambda item: not item.is_folder,
        "IsPlayed": lambda item: _is_played(world, item, user, lists_albums=lists_albums),
        "IsUnplayed": lambda item: not _is_played(world, item, user, lists_albums=lists_albums),
        "IsFavorite": lambda item: data(item).favorite,
        "IsFavoriteOrLikes": lambda item: data(item).favorite or data(item).likes is True,
        "IsResumable": lambda item: data(item).position_ticks > 0,
        "Likes": lambda item: data(item).likes is True,
        "Dislikes": lambda item: data(item).likes is False,
    }
    return [tests[name] for name in sorted(names)]


def _is_played(world: World, item: Item, user: User | None, *, lists_albums: bool) -> bool:
    """Whether a filter takes an item for played; up to 10.11 no album ever is."""
    if user is None or (item.type == "MusicAlbum" and not lists_albums):
        return False
    if item.is_folder and item.type != "MusicArtist":
        below = world.leaves_below(item.id)
        return all(user.data.get(each.id, _UNTOUCHED).played for each in below)
    return user.data.get(item.id, _UNTOUCHED).played


def _by_metadata(query: Query) -> list[_Test]:
    tests: list[_Test] = []
    genres = {name.lower() for name in query.piped("genres") if name}
    genre_ids = set(query.guids("genreIds"))
    studio_ids = set(query.guids("studioIds"))
    years = set(query.texts("years"))
    earliest, latest = query.moment("minPremiereDate"), query.moment("maxPremiereDate")
    if genres:
        tests.append(lambda item: any(name.lower() in genres for name in item.genres))
    if genre_ids:
        tests.append(lambda item: any(make_id("Genre", name) in genre_ids for name in item.genres))
    if studio_ids:
        tests.append(
            lambda item: any(make_id("Studio", name) in studio_ids for name in item.studios)
        )
    if years:
        tests.append(lambda item: str(item.year) in years)
    if earliest:
        tests.append(lambda item: item.premiere is not None and item.premiere >= earliest)
    if latest:
        tests.append(lambda item: item.premiere is not None and item.premiere <= latest)
    return tests


def _by_relation(query: Query) -> list[_Test]:
    tests: list[_Test] = []
    artists, album_artists = set(query.guids("artistIds")), set(query.guids("albumArtistIds"))
    albums = set(query.guids("albumIds"))
    if artists:
        tests.append(lambda item: not artists.isdisjoint(item.artist_ids))
    if album_artists:
        tests.append(lambda item: not album_artists.isdisjoint(item.album_artist_ids))
    if albums:
        tests.append(lambda item: item.album_id in albums)
    return tests


def _by_name(query: Query) -> list[_Test]:
    tests: list[_Test] = []
    term = (query.text("searchTerm") or "").lower()
    starts = (query.text("nameStartsWith") or "").lower()
    below = (query.text("nameLessThan") or "").lower()
    above = (query.text("nameStartsWithOrGreater") or "").lower()
    if term:
        tests.append(lambda item: term in item.name.lower())
    if starts:
        tests.append(lambda item: item.sort_name.startswith(starts))
    if below:
        tests.append(lambda item: item.sort_name < below)
    if above:
        tests.append(lambda item: item.sort_name >= above)
    return tests
