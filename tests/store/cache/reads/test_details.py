"""What the details of an item show: people, versions with streams, chapters, badges, a file."""

import msgspec
import pytest

from msd.item_keys import DETAIL_KEYS, DETAIL_LISTS, DETAILS, STREAM_KEYS
from msd.models import (
    Decision,
    Extra,
    ItemDetails,
    LyricLine,
    Marker,
    MediaSource,
    MediaStream,
    Milliseconds,
    Part,
    Person,
)
from msd.store.cache.reads.details import shown_details
from msd.store.cache.rows.details import MAX_DETAILS, encode_details
from msd.store.cache.rows.media_facts import badges_of, file_of
from tests.store.made import Stores, movie

FULL = ItemDetails(
    people=(Person(name="Ada", role="Herself", job="actor", remote_id="7", image="secret-ref"),),
    media_sources=(
        MediaSource(
            remote_id="m1",
            container="mkv",
            path="/films/Ünï 100%.mkv",
            size=10,
            bitrate=5,
            duration_ms=Milliseconds(7),
            name="2160p",
            position_ms=Milliseconds(3),
            mime="video/x-matroska",
            streams=(
                MediaStream(index=0, kind="video", width=3840, height=1600, hdr="dolby-vision"),
                MediaStream(
                    index=1, kind="audio", channels=8, channel_layout="7.1", spatial="atmos"
                ),
                MediaStream(index=2, kind="subtitle", is_forced=True, is_hearing_impaired=True),
            ),
        ),
        MediaSource(
            remote_id="m2",
            video_3d="side-by-side",
            streams=(MediaStream(index=0, kind="video", width=1920, height=800),),
        ),
    ),
    markers=(
        Marker(kind="chapter", start_ms=Milliseconds(1), title="One"),
        Marker(kind="intro", start_ms=Milliseconds(2), end_ms=Milliseconds(3)),
    ),
    lyrics=(
        LyricLine(text="La", start_ms=Milliseconds(0)),
        LyricLine(text="", start_ms=Milliseconds(5)),
        LyricLine(text="la"),
    ),
    parts=(Part(remote_id="p1", duration_ms=Milliseconds(4), title="Disc 1"),),
    extras=(Extra(title="Cut", kind="scene", remote_id="e1"),),
    trailers=(Extra(title="Teaser", url="https://example.org/t"),),
    decisions=(Decision(subject="title", value="Alien", evidence="nfo", origin="a.nfo"),),
)


PRIVATE = {"people", "versions", "parts", "chapters"}


def shown(details: ItemDetails) -> dict[str, object]:
    return shown_details(msgspec.json.decode(encode_details(details)), "item")


def test_everything_that_is_known_is_shown() -> None:
    """Each key of the contract, and none else that is not the backend's own business."""
    found = shown(FULL)

    assert set(DETAIL_KEYS) == set(found)
    for key, types in DETAIL_LISTS.items():
        for entry in found[key]:
            private = {"remote_id", "image", "kind"} if key in PRIVATE else set()
            assert entry.keys() - types.keys() <= private
    for version in found["versions"]:
        for stream in version["streams"]:
            assert stream.keys() <= STREAM_KEYS.keys()


def test_chapters_are_apart_from_the_other_markers() -> None:
    """A player lists the first and skips the second."""
    found = shown(FULL)

    assert ["One"] == [chapter["title"] for chapter in found["chapters"]]
    assert ["intro"] == [marker["kind"] for marker in found["markers"]]


def test_badges_name_each_quality_once() -> None:
    """Over all versions, the best one first."""
    assert ["4k", "dolby-vision", "atmos", "1080p", "3d"] == badges_of(FULL)


@pytest.mark.parametrize(
    ("width", "height", "badges"),
    [
        (7680, 3200, ["8k"]),
        (3840, 1600, ["4k"]),
        (2880, 2160, ["4k"]),
        (1920, 800, ["1080p"]),
        (1440, 1080, ["1080p"]),
        (1280, 720, []),
        (0, 0, []),
    ],
)
def test_a_picture_is_as_large_as_one_of_its_sides(width, height, badges) -> None:
    """Films are cut to 2.39:1 or 4:3, of which one side is smaller."""
    stream = MediaStream(index=0, kind="video", width=width, height=height)

    assert badges == badges_of(
        ItemDetails(media_sources=(MediaSource(remote_id="1", streams=(stream,)),))
    )


def test_lists_carry_badges_and_the_file_once_details_are_known(stores: Stores) -> None:
    """A poster wall marks 4K films without reading the cast of each."""
    stores.write(stores.library(), movie("a", details=FULL), movie("b"))

    marked, plain = stores.pages(fields=("badges", "path", "size"))

    assert ["4k", "dolby-vision", "atmos", "1080p", "3d"] == marked["badges"]
    assert (marked["path"], marked["size"]) == ("file:///films/%C3%9Cn%C3%AF%20100%25.mkv", 10)
    assert not {"badges", "path", "size"} & plain.keys()


def test_zeros_of_what_nobody_knows_are_absent() -> None:
    """A sound has no width, and the last chapter ends nobody knows when (Y13)."""
    found = shown(FULL)

    _, sound, _ = found["versions"][0]["streams"]
    assert not {"width", "height"} & sound.keys()
    assert {"start_ms": 1, "title": "One", "kind": "chapter"} == found["chapters"][0]
    assert not {"size", "bitrate", "duration_ms", "position_ms"} & found["versions"][1].keys()


def test_lyrics_keep_their_pauses_and_a_beginning_at_zero() -> None:
    """0 is a time here; a line without one has none."""
    assert shown(FULL)["lyrics"] == [
        {"text": "La", "start_ms": 0},
        {"text": "", "start_ms": 5},
        {"text": "la"},
    ]


@pytest.mark.parametrize(
    ("details", "key", "most"),
    [
        (ItemDetails(people=(Person(name="Ada"),) * 10_000), "people", 1_000),
        (
            ItemDetails(markers=(Marker(kind="chapter", start_ms=Milliseconds(1)),) * 100_000),
            "chapters",
            2_000,
        ),
        (ItemDetails(lyrics=(LyricLine(text="la"),) * 100_000), "lyrics", 5_000),
        (ItemDetails(extras=(Extra(title="x"),) * 10_000), "extras", 200),
    ],
)
def test_every_list_is_bounded(details, key, most) -> None:
    """As the interface says."""
    assert most == len(shown(details)[key])


def test_all_texts_of_an_item_are_bounded_together() -> None:
    """Hundreds of versions of hundreds of tracks with long names are not what anybody has."""
    stream = MediaStream(index=0, kind="audio", title="x" * 1_000, codec="y" * 1_000)
    source = MediaSource(remote_id="1", streams=(stream,) * 500)

    body = encode_details(ItemDetails(media_sources=(source,) * 100))

    assert len(body) < 2 * MAX_DETAILS


def test_a_local_file_is_a_uri() -> None:
    """What a player or a file manager opens; the first version is the one that lists show."""
    found = shown(FULL)

    first, second = found["versions"]
    assert "file:///films/%C3%9Cn%C3%AF%20100%25.mkv" == first["path"]
    assert "path" not in second
    of_list = file_of(FULL.media_sources[0])
    assert {"path": first["path"], "mime": "video/x-matroska", "size": 10} == of_list


@pytest.mark.parametrize("details", [ItemDetails(), ItemDetails(people=(Person(name="Ada"),))])
def test_what_is_unknown_is_absent(details: ItemDetails) -> None:
    """No empty lists, no zeros."""
    assert set(shown(details)) <= {"people"}


def test_details_are_read_only_when_they_are_asked_for(stores: Stores) -> None:
    """A page of a list must not carry the cast of five hundred films."""
    library = stores.library()
    stores.write(library, movie("a", "Alien", details=FULL))

    plain = stores.item("a", "*")
    full = stores.item("a", "*", DETAILS)
    people = stores.item("a", "people")

    assert not plain.keys() & DETAIL_KEYS.keys()
    assert DETAIL_KEYS.keys() <= full.keys()
    assert {"people"} == people.keys() & DETAIL_KEYS.keys()
