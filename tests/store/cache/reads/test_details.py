"""What the details of an item show: people, versions with streams, chapters, badges, a file."""

import msgspec
import pytest

from msd.item_keys import DETAIL_KEYS, DETAIL_LISTS, DETAILS, STREAM_KEYS
from msd.models import (
    Decision,
    Extra,
    ItemDetails,
    Marker,
    MediaSource,
    MediaStream,
    Milliseconds,
    Part,
    Person,
)
from msd.store.cache.reads.details import shown_details
from msd.store.cache.rows.details import encode_details
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
    parts=(Part(remote_id="p1", duration_ms=Milliseconds(4), title="Disc 1"),),
    extras=(Extra(title="Cut", kind="scene", remote_id="e1"),),
    trailers=(Extra(title="Teaser", url="https://example.org/t"),),
    decisions=(Decision(subject="title", value="Alien", evidence="nfo", origin="a.nfo"),),
)


def shown(details: ItemDetails) -> dict[str, object]:
    return shown_details(msgspec.json.decode(encode_details(details)))


def test_everything_that_is_known_is_shown() -> None:
    """Each key of the contract, and none else that is not the backend's own business."""
    found = shown(FULL)

    assert set(DETAIL_KEYS) == set(found)
    for key, types in DETAIL_LISTS.items():
        for entry in found[key]:
            private = {"remote_id", "image", "kind"} if key != "markers" else set()
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
    assert ["4k", "dolby-vision", "atmos", "1080p", "3d"] == shown(FULL)["badges"]


def test_a_local_file_is_a_uri() -> None:
    """What a player or a file manager opens; the path itself stands in no version."""
    found = shown(FULL)

    assert "file:///films/%C3%9Cn%C3%AF%20100%25.mkv" == found["path"]
    assert ("video/x-matroska", 10) == (found["mime"], found["size"])
    assert not [version for version in found["versions"] if "path" in version]


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
