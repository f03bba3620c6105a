"""The details of an item: its files for players, its extras, and how it was decided."""

import os
from urllib.parse import unquote_to_bytes

import pytest

from msd.models import ItemType
from tests.backends.local.cases.trees import plant, read
from tests.support.folders.list_folder import added_source, opened

pytestmark = pytest.mark.anyio


async def details(root, cache, kind):
    item = (await read(root, cache)).one(kind)
    backend = opened(await added_source(str(root)), cache)
    found = await backend.item(item.remote_id)
    await backend.aclose()
    return found.details


async def test_a_file_can_be_opened(media, root, cache):
    """Path, size and MIME type of each version."""
    path = media.video(root / "Movies/Alien (1979)/Alien (1979).mkv")

    (source,) = (await details(root, cache, ItemType.MOVIE)).media_sources

    assert (str(path), path.stat().st_size) == (source.path, source.size)
    assert "video/x-matroska" == source.mime


async def test_the_path_of_a_name_that_is_no_utf_8_is_a_uri(media, root, cache):
    """Exactly as on the disk: also letters that are written in two ways stay as they are."""
    path = media.video(root / "Movies/x.mkv")
    other = os.fsencode(path.parent) + b"/Caf\xe9 (2001).mkv"
    os.rename(path, other)

    (source,) = (await details(root, cache, ItemType.MOVIE)).media_sources

    assert source.path.startswith("file:///")
    assert other == unquote_to_bytes(source.path.removeprefix("file://"))


async def test_extras_and_trailers_belong_to_their_film(media, root, cache):
    """By suffix and by folder, each with its kind."""
    plant(
        root / "Movies/Alien (1979)",
        media,
        """
        {Alien (1979),Alien (1979)-trailer}.mkv
        Deleted Scenes/one.mkv
        Extras/other.mkv
        """,
    )

    found = await details(root, cache, ItemType.MOVIE)

    assert ["trailer"] == [extra.kind for extra in found.trailers]
    assert ["deleted-scene", "extra"] == sorted(extra.kind for extra in found.extras)


async def test_parts_are_played_in_order(media, root, cache):
    """Each with its length."""
    plant(root / "Movies/Gandhi (1982)", media, "Gandhi (1982) cd{1,2}.avi")

    parts = (await details(root, cache, ItemType.MOVIE)).parts

    assert [1, 1] == [round(part.duration_ms / 1000) for part in parts]
    assert [part.remote_id[-5] for part in parts] == ["1", "2"]


async def test_every_decision_can_be_asked_for(media, root, cache):
    """What it is, its title and its year, each with the evidence and where it was read."""
    film = media.video(root / "Movies/Alien (1979)/movie.mkv")
    film.with_suffix(".nfo").write_text("<movie><title>Alien!</title></movie>")

    decisions = {d.subject: d for d in (await details(root, cache, ItemType.MOVIE)).decisions}

    assert ("nfo", "Alien!") == (decisions["title"].evidence, decisions["title"].value)
    assert ("folder-name", "1979") == (decisions["year"].evidence, decisions["year"].value)
    assert ("nfo", "movie") == (decisions["type"].evidence, decisions["type"].value)
    assert "Movies/Alien (1979)/movie.mkv" == decisions["title"].origin


async def test_the_place_of_an_episode_can_be_asked_for(media, root, cache):
    """Show, season and episode."""
    media.video(root / "TV/Dark (2017)/Season 1/Dark S01E02.mkv")

    decisions = {d.subject: d for d in (await details(root, cache, ItemType.EPISODE)).decisions}

    assert ("folder-name", "Dark") == (decisions["show"].evidence, decisions["show"].value)
    assert ("file-name", "2") == (decisions["episode"].evidence, decisions["episode"].value)


async def test_theme_songs_and_videos_are_extras_of_their_title(media, root, cache):
    """As Kodi and Jellyfin name them; a song beside the episodes is no episode."""
    show = root / "TV/Dark (2017)"
    media.video(show / "Season 1/Dark S01E02.mkv")
    media.audio(show / "theme.mp3")
    media.audio(show / "theme-music/Other.flac")
    media.video(show / "backdrops/loop.mkv")

    found = {extra.title: extra for extra in (await details(root, cache, ItemType.SHOW)).extras}

    assert {"theme": "theme-song", "Other": "theme-song", "loop": "theme-video"} == {
        title: extra.kind for title, extra in found.items()
    }
    assert str(show / "theme.mp3") == found["theme"].path
    assert "audio/mpeg" == found["theme"].mime


async def test_the_theme_song_of_a_film_lies_in_its_own_folder(media, root, cache):
    """In a folder of many films it would be of none."""
    plant(root / "Movies/Alien (1979)", media, "Alien (1979).mkv")
    media.audio(root / "Movies/Alien (1979)/Theme.mp3")

    (theme,) = (await details(root, cache, ItemType.MOVIE)).extras

    assert ("theme-song", "Theme") == (theme.kind, theme.title)


TAGS = {"artist": "Ada", "album": "One"}


async def test_a_page_of_details_is_as_the_folder_is_now(media, root, cache):
    """A folder that is open for long sees what came since, also in a file that it has read."""
    song = media.audio(root / "Music/Ada/One/01 Song.mp3", TAGS | {"title": "Song"})
    film = media.video(root / "Movies/Alien (1979)/Alien (1979).mkv")
    nfo = film.with_suffix(".nfo")
    nfo.write_text("<movie><actor><name>Ada</name></actor></movie>")
    items = await read(root, cache)
    track, movie = items.one(ItemType.TRACK).remote_id, items.one(ItemType.MOVIE).remote_id
    backend = opened(await added_source(str(root)), cache)
    await backend.detail_page([track, movie])
    song.with_suffix(".lrc").write_text("La")
    nfo.write_text("<movie><actor><name>Grace</name></actor></movie>")

    found = {item.remote_id: item for item in (await backend.detail_page([track, movie])).items}
    await backend.aclose()

    assert [line.text for line in found[track].details.lyrics] == ["La"]
    assert [person.name for person in found[movie].details.people] == ["Grace"]


async def test_a_page_of_many_has_what_came_since_the_first(media, root, cache):
    """Pages that follow each other share a walk, as long as it knows what is asked for."""
    media.video(root / "Movies/Alien (1979)/Alien (1979).mkv")
    alien = (await read(root, cache)).one(ItemType.MOVIE).remote_id
    backend = opened(await added_source(str(root)), cache)
    await backend.detail_page([alien], more_follow=True)
    media.video(root / "Movies/Heat (1995)/Heat (1995).mkv")
    both = [item.remote_id for item in (await read(root, cache)).items]

    page = await backend.detail_page(both, more_follow=True)
    await backend.aclose()

    assert {item.remote_id for item in page.items} == {*both}
