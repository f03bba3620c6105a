"""The full answer about one item."""

import json

from msd.backends.jellyfin.parse.details import ExtraAnswers, item_details
from msd.backends.jellyfin.parse.wire import SegmentRow
from msd.models import Marker, MediaSource, MediaStream, Person

TICKS = 10_000_000


def details(segments=(), **members):
    return item_details(json.dumps(members).encode(), ExtraAnswers(segments=segments))


def test_people_keep_their_order_and_jobs():
    """People keep their order and jobs.

    People.
    """
    found = details(
        People=[
            {"Name": "A", "Id": "a" * 32, "Role": "Neo", "Type": "Actor"},
            {"Name": "B", "Id": "b" * 32, "Type": "GuestStar"},
            {"Name": "C", "Type": "Director"},
            {"Name": "D"},
            {"Role": "nobody"},
        ]
    )

    assert found.people == (
        Person(name="A", role="Neo", job="actor", remote_id="a" * 32),
        Person(name="B", job="guest", remote_id="b" * 32),
        Person(name="C", job="director"),
        Person(name="D", job="actor"),
    )


def test_media_sources_list_what_can_be_played():
    """Media sources list what can be played.

    Tracks by the server's own numbers; pictures and data are no tracks.
    """
    found = details(
        MediaSources=[
            {
                "Id": "a" * 32, "Container": "mkv", "Size": 5_000_000_000, "Bitrate": 8_000_000,
                "RunTimeTicks": 60 * TICKS, "Path": "/srv/secret/path.mkv",
                "MediaStreams": [
                    {"Index": 0, "Type": "Video", "Codec": "h264", "Width": 1920, "Height": 1080},
                    {"Index": 1, "Type": "Audio", "Codec": "aac", "Language": "ger", "Channels": 6,
                     "IsDefault": True},
                    {"Index": 2, "Type": "Subtitle", "Codec": "srt", "IsExternal": True,
                     "Title": "forced"},
                    {"Index": 3, "Type": "EmbeddedImage"},
                ],
            }
        ]
    )  # fmt: skip

    assert found.media_sources == (
        MediaSource(
            remote_id="a" * 32,
            container="mkv",
            size=5_000_000_000,
            bitrate=8_000_000,
            duration_ms=60_000,
            streams=(
                MediaStream(index=0, kind="video", codec="h264", width=1920, height=1080),
                MediaStream(
                    index=1, kind="audio", codec="aac", language="ger", channels=6, is_default=True
                ),
                MediaStream(
                    index=2, kind="subtitle", codec="srt", title="forced", is_external=True
                ),
            ),
        ),
    )


def test_chapters_end_where_the_next_begins():
    """Models: markers; the server sends starts only, in any order."""
    found = details(
        Chapters=[
            {"StartPositionTicks": 60 * TICKS, "Name": "Two"},
            {"StartPositionTicks": 0, "Name": "One"},
            {"Name": "nowhere"},
        ]
    )

    assert found.markers == (
        Marker(kind="chapter", start_ms=0, end_ms=60_000, title="One"),
        Marker(kind="chapter", start_ms=60_000, end_ms=0, title="Two"),
    )


def test_segments_become_markers_of_their_kind():
    """Segments become markers of their kind.

    Outro is what others call credits; empty and unknown ones are left out.
    """
    segments = [
        SegmentRow(type="Intro", start_ticks=TICKS, end_ticks=31 * TICKS),
        SegmentRow(type="Outro", start_ticks=50 * TICKS, end_ticks=60 * TICKS),
        SegmentRow(type="Unknown", start_ticks=0, end_ticks=TICKS),
        SegmentRow(type="Recap", start_ticks=TICKS, end_ticks=TICKS),
        SegmentRow(),
    ]

    assert details(segments).markers == (
        Marker(kind="intro", start_ms=1_000, end_ms=31_000),
        Marker(kind="credits", start_ms=50_000, end_ms=60_000),
    )


def test_a_member_of_a_wrong_type_costs_only_itself():
    """Bad input: the people are lost, the chapters stay."""
    found = details(People=[5], Chapters=[{"StartPositionTicks": 5 * TICKS}])

    assert found.people == ()
    assert len(found.markers) == 1


def test_long_lists_are_bounded():
    """Long lists are bounded (K5).

    Sizes.
    """
    found = details(
        People=[{"Name": f"p{number}"} for number in range(3_000)],
        Chapters=[{"StartPositionTicks": number * TICKS} for number in range(9_000)],
        MediaSources=[{"Size": 10**40, "MediaStreams": []}] * 300,
    )

    assert len(found.people) == 1_000
    assert len(found.markers) == 2_000
    assert len(found.media_sources) == 100
    assert found.media_sources[0].size == 0
