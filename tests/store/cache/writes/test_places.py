"""Where episodes and tracks stand in the order `index`, whatever is written first or changes."""

from msd.models import ItemType, LibraryId, LibraryType
from tests.store.made import Stores, made

ALBUM, EPISODE, SEASON, SHOW, TRACK = (
    ItemType.ALBUM,
    ItemType.EPISODE,
    ItemType.SEASON,
    ItemType.SHOW,
    ItemType.TRACK,
)


def in_order(stores: Stores, sort: str = "index") -> list[str]:
    return [str(item["remote_id"]) for item in stores.pages(sort=sort, fields=("remote_id",))]


def write_tracks(stores: Stores, music: LibraryId, album: str, *artists: str) -> None:
    stores.write(
        music,
        *(
            made(TRACK, f"{album}{at}", parent_remote_id=album, artist=artist, track_number=at)
            for at, artist in enumerate(artists, start=1)
        ),
    )


def test_tracks_stand_in_their_album_whichever_is_written_first(stores: Stores) -> None:
    """The album says artist and year, whoever sings in the track."""
    music = stores.library("music", LibraryType.MUSIC)
    write_tracks(stores, music, "new", "Zoe", "Bob")
    stores.write(music, made(ALBUM, "old", artist="Ann", year=1980))
    stores.write(music, made(ALBUM, "new", artist="Ann", year=1990))
    write_tracks(stores, music, "old", "Yan")

    assert in_order(stores) == ["old", "old1", "new", "new1", "new2"]
    assert in_order(stores, "artist") == in_order(stores)


def test_tracks_move_with_their_album(stores: Stores) -> None:
    """Another year, another artist."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ALBUM, "a", artist="Ann", year=1980))
    stores.write(music, made(ALBUM, "b", artist="Ann", year=1990))
    write_tracks(stores, music, "a", "Ann", "Ann")
    write_tracks(stores, music, "b", "Ann")

    stores.write(music, made(ALBUM, "a", artist="Ann", year=2000), fingerprint=2)

    assert in_order(stores) == ["b", "b1", "a", "a1", "a2"]


def test_episodes_stand_behind_their_season_and_move_with_their_show(stores: Stores) -> None:
    """By the sort title of the show, which its source may give."""
    shows = stores.library("shows", LibraryType.SHOWS)
    for show, title in (("x", "Alpha"), ("y", "Beta")):
        stores.write(shows, made(SHOW, show, title=title))
        stores.write(shows, made(SEASON, f"{show}s1", parent_remote_id=show, season_number=1))
        stores.write(
            shows,
            *(
                made(
                    EPISODE,
                    f"{show}e{number}",
                    show_remote_id=show,
                    show_title=title,
                    season_number=1,
                    episode_number=number,
                )
                for number in (10, 2)
            ),
        )
    x, y = ["x", "xs1", "xe2", "xe10"], ["y", "ys1", "ye2", "ye10"]
    assert in_order(stores) == [*x, *y]

    stores.write(shows, made(SHOW, "x", title="Alpha", sort_title="Gamma"), fingerprint=2)

    assert in_order(stores) == [*y, *x]
