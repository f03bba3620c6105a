"""Recorded answers about single items become these details, field by field."""

from __future__ import annotations

import json

from msd.backends.jellyfin.parse.details import ExtraAnswers, item_details
from msd.backends.jellyfin.parse.wire import ExtraPage, ExtraRow, Lyrics, ThemeMedia
from msd.models import Extra, LyricLine, MediaSource, MediaStream
from tests.backends.jellyfin.recorded import VERSIONS, names, recorded
from tests.support.details import check_details
from tests.support.shared import PROTOCOLS, require

require(PROTOCOLS)


def body(name, version="12"):
    return json.dumps(recorded(version, name)["body"]).encode()


def details(name, version="12", **answers):
    return item_details(body(name, version), ExtraAnswers(**answers))


def decoded(name, shape):
    import msgspec  # noqa: PLC0415

    return msgspec.json.decode(body(name), type=shape)


def sound(index, language, title, **more):
    return MediaStream(
        index=index,
        kind="audio",
        codec="aac",
        language=language,
        profile="LC",
        display_title=title,
        channels=1,
        channel_layout="mono",
        **more,
    )


def test_a_film():
    """People with their roles, one version with all its tracks, a trailer elsewhere."""
    found = details("item-movie")

    people = [(one.name, one.role, one.job, one.remote_id) for one in found.people]
    assert people == [
        ("Greta Holm", "Role 1 of 10", "actor", "65181bb5c840425e03caa442d4e1153b"),
        ("Hugo O'Neill", "Role 2 of 10", "actor", "08ef434487c95ad0b7e95b914cbab42a"),
        ("Ines Duarte", "Role 3 of 10", "actor", "340972d3d1c5dcd584cc896792df3216"),
        ("Jonas Weiß", "Role 4 of 10", "actor", "a1f13d372ff4341fef233cfc77e139fc"),
        ("Mara Vance", "", "director", "55b61c69d31753488b1b999fd3340c4f"),
        ("Rosa Inkwell", "", "writer", "4a2e5ca384983f3a9548abbf80b2ae8f"),
    ]
    assert not any(one.image for one in found.people)
    subtitle = {"kind": "subtitle", "codec": "subrip"}
    assert found.media_sources == (
        MediaSource(
            remote_id="1ec06681b9fe8f7304f14ea0cbd4d5b3",
            name="Harvest Moon (2003)",
            container="mkv",
            size=33_282,
            bitrate=87_411,
            duration_ms=3_046,
            streams=(
                MediaStream(
                    index=0,
                    kind="video",
                    codec="h264",
                    width=320,
                    height=180,
                    profile="Constrained Baseline",
                    display_title="240p H264 SDR",
                ),
                sound(1, "eng", "English - AAC - Mono - Default", is_default=True),
                sound(2, "fra", "French - AAC - Mono"),
                sound(3, "deu", "German - AAC - Mono"),
                MediaStream(
                    index=4,
                    language="eng",
                    is_default=True,
                    display_title="English - Default - SUBRIP",
                    **subtitle,
                ),
                MediaStream(
                    index=5,
                    language="fra",
                    title="Français",
                    display_title="Français - French - SUBRIP",
                    **subtitle,
                ),
            ),
        ),
    )
    trailer = Extra(title="", kind="trailer", url="https://www.youtube.com/watch?v=lab00000010")
    assert (found.markers, found.extras, found.parts) == ((), (), ())
    assert found.trailers == (trailer,)


def test_two_versions_have_their_names():
    """The first is the film's own id."""
    found = details("item-movie-versions").media_sources

    assert [(source.name, source.size, source.duration_ms) for source in found] == [
        ("1080p", 19_683, 2_046),
        ("720p", 14_638, 2_046),
    ]
    assert [source.streams[0].width for source in found] == [1_920, 1_280]


def test_both_parts_of_a_film():
    """The further one comes by its own request; the titles are the film's on version 12."""
    (second,) = decoded("additional-parts", ExtraPage).items
    from msd.backends.jellyfin.listing.completion import _part  # noqa: PLC0415

    first, other = details("item-movie-parts", parts=(_part(second),)).parts

    assert (first.remote_id, first.duration_ms) == ("ab0c5d2ca399734727b31c36e0a0990b", 2_046)
    assert (other.remote_id, other.duration_ms) == ("0d9770453c401b75f7ba72641ac904ae", 3_046)


def test_a_track_with_its_words():
    """Composer, album artist and artist; the last line is a pause."""
    found = details("item-track", lyrics=decoded("lyrics", Lyrics).lyrics)

    assert [(person.name, person.job) for person in found.people] == [
        ("Paul Quill", "composer"),
        ("Lumen Choir", "album-artist"),
        ("Lumen Choir", "artist"),
    ]
    assert found.lyrics == (
        LyricLine(text="First light on the water", start_ms=0),
        LyricLine(text="And the gulls begin", start_ms=1_000),
        LyricLine(text="", start_ms=1_600),
    )
    (source,) = found.media_sources
    assert (source.container, source.streams[0].codec, source.duration_ms) == (
        "flac",
        "flac",
        2_000,
    )


def test_an_empty_file_is_a_version_without_anything():
    """Size 0 is unknown; nothing is shown of it but its container and name."""
    (version,) = check_details(details("item-movie-empty-file"))["versions"]

    assert {"name": "Empty Reel (2002)", "container": "mkv", "streams": []} == {
        key: value for key, value in version.items() if key != "remote_id"
    }


def test_a_trailer_and_a_theme_song_of_the_servers_own():
    """As the routes beside the item have them."""
    import msgspec  # noqa: PLC0415

    trailers = msgspec.json.decode(body("local-trailers"), type=list[ExtraRow])
    themes = decoded("theme-media", ThemeMedia).theme_songs_result.items

    found = item_details(b"{}", ExtraAnswers(trailers=trailers, themes=themes))

    first = found.trailers[0]
    assert (first.title, first.kind, first.remote_id, first.duration_ms) == (
        *("Official", "trailer", "fa0c55afbb88b58f12236c4c0b7bbdd1"),
        2_046,
    )
    assert found.extras == (
        Extra(
            title="Theme Song",
            kind="theme-song",
            remote_id="b88a7f924b3e3eb71d0fd03753e474e0",
            duration_ms=2_037,
        ),
    )


def test_every_recorded_item_has_details_in_bounds():
    """Of both versions, also those of folders and books."""
    checked = 0
    for version in VERSIONS:
        for name in names(version):
            if name.startswith("item-"):
                check_details(details(name, version))
                checked += 1
    assert checked >= 17
