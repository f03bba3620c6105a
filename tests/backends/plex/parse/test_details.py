"""What only the full answer about one item carries."""

from __future__ import annotations

import pytest

from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.rows import read_full
from msd.models import Extra, Milliseconds, Part
from tests.backends.plex.parse.rows_of import listed, row


def details(**members):
    _, full = read_full(listed(row(**members)))
    return item_details(full)


def stream(**members):
    part = {"id": 1, "Stream": [{"streamType": 1, "index": 0} | members]}
    [source] = details(Media=[{"id": 1, "Part": [part]}]).media_sources
    [found] = source.streams
    return found


@pytest.mark.parametrize(
    ("members", "hdr"),
    [
        ({"colorTrc": "smpte2084"}, "hdr10"),
        ({"colorTrc": "smpte2084", "displayTitle": "4K HDR10+ (HEVC Main 10)"}, "hdr10plus"),
        ({"colorTrc": "arib-std-b67"}, "hlg"),
        ({"colorTrc": "smpte2084", "DOVIPresent": True, "DOVIProfile": 8}, "dolby-vision"),
        ({"colorTrc": "bt709"}, ""),
        ({"colorTrc": None}, ""),
        ({"colorTrc": 5}, ""),
    ],
)
def test_the_kind_of_dynamic_range_is_told(members, hdr):
    """By the transfer function, or by what the server says of Dolby Vision."""
    assert hdr == stream(**members).hdr


@pytest.mark.parametrize(
    ("title", "spatial"),
    [
        ("English (TRUEHD 7.1 Atmos)", "atmos"),
        ("English (DTS:X 7.1)", "dtsx"),
        ("English (AAC Stereo)", ""),
    ],
)
def test_spatial_audio_is_told_by_its_title(title, spatial):
    """No other member names it."""
    assert spatial == stream(streamType=2, extendedDisplayTitle=title).spatial


def test_a_track_carries_what_a_player_shows():
    """Names and numbers, also where they come in quotes."""
    audio = stream(
        streamType="2",
        index="1",
        codec="eac3",
        profile="lc",
        channels="6",
        audioChannelLayout="5.1(side)",
        displayTitle="English (EAC3 5.1)",
        languageCode="eng",
        default="1",
    )
    subtitle = stream(streamType=3, forced=True, hearingImpaired=1, key="/library/streams/7")

    assert (audio.kind, audio.index, audio.codec, audio.profile) == ("audio", 1, "eac3", "lc")
    assert (audio.channels, audio.channel_layout) == (6, "5.1(side)")
    assert (audio.display_title, audio.language) == ("English (EAC3 5.1)", "eng")
    assert audio.is_default
    assert (subtitle.is_forced, subtitle.is_hearing_impaired, subtitle.is_external) == (True,) * 3


def test_an_odd_track_costs_itself():
    """The others stay; lyrics are no track of a film (Y14)."""
    streams = [
        5,
        {"streamType": 4, "key": "/x"},
        {"streamType": "?"},
        {"streamType": 1, "width": []},
    ]
    [source] = details(Media=[{"Part": [{"Stream": streams}]}]).media_sources

    assert ["video"] == [found.kind for found in source.streams]


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ({"title": "Original"}, "Original"),
        ({"videoResolution": "1080"}, "1080p"),
        ({"videoResolution": "4k"}, "4K"),
        ({"videoResolution": "sd"}, "SD"),
        ({}, ""),
    ],
)
def test_a_version_has_a_name(media, name):
    """Its own title, or its resolution."""
    assert name == details(Media=[media]).media_sources[0].name


def test_a_film_in_several_files_has_parts():
    """In the order in which they are played; a single file is no part."""
    parts = [{"id": 1, "duration": 3_000_000}, {"id": 2, "duration": 2_000_000}]

    assert details(Media=[{"Part": parts}]).parts == (
        Part(remote_id="1", duration_ms=Milliseconds(3_000_000)),
        Part(remote_id="2", duration_ms=Milliseconds(2_000_000)),
    )
    assert () == details(Media=[{"Part": parts[:1]}]).parts


def test_trailers_stand_apart_from_other_extras():
    """Kinds in plain words."""
    rows = [
        {"ratingKey": "9", "type": "clip", "subtype": "trailer", "title": "Teaser", "duration": 9},
        {"ratingKey": "10", "type": "clip", "subtype": "behindTheScenes", "title": "Set"},
        5,
    ]
    found = details(Extras={"size": 3, "Metadata": rows})

    assert (Extra(title="Teaser", kind="trailer", remote_id="9", duration_ms=Milliseconds(9)),) == (
        found.trailers
    )
    assert (Extra(title="Set", kind="behind-the-scenes", remote_id="10"),) == found.extras


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [
        ("sceneOrSample", "scene"),
        ("deletedScene", "deleted-scene"),
        ("interview", "interview"),
        ("featurette", "featurette"),
        ("short", "short"),
        ("liveMusicVideo", "extra"),
        ("concert", "extra"),
        ("x" * 9_000, "extra"),
        (None, "extra"),
        (5, "extra"),
    ],
)
def test_the_kind_of_an_extra_is_one_of_the_documented_words(subtype, kind):
    """Whatever a server calls it."""
    row = {"ratingKey": "10", "type": "clip", "subtype": subtype, "title": "A"}

    (found,) = details(Extras={"Metadata": [row]}).extras

    assert found.kind == kind


@pytest.mark.parametrize(
    ("address", "ref"),
    [
        (
            "https://metadata-static.plex.tv/a/people/1.jpg",
            "https://metadata-static.plex.tv/a/people/1.jpg",
        ),
        ("https://metadata-static.plex.tv/1.jpg?token=x", "https://metadata-static.plex.tv/1.jpg"),
        ("/library/metadata/1/thumb/2?X-Plex-Token=x", "/library/metadata/1/thumb/2"),
        ("http://4.3.2.1/t/p/original/1.jpg", ""),
        ("https://user:secret@host/1.jpg", ""),
        ("https://host:8443/1.jpg", ""),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_the_picture_of_a_person_holds_no_secret(address, ref):
    """An address of https without anything but host and path (K1)."""
    [person] = details(Role=[{"tag": "Somebody", "role": "Hero", "thumb": address}]).people

    assert (ref, "Hero") == (person.image, person.role)
