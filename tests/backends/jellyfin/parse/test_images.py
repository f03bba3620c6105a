"""The pictures of a row, and the blurhash of the one it is usually shown with."""

import json

import pytest

from msd.backends.jellyfin.parse.item import media_item
from msd.models import MediaItem, RemoteId

OWN, SERIES, ALBUM = "0" * 31 + "1", "0" * 31 + "2", "0" * 31 + "3"
HASH, OTHER_HASH = "L6PZfSi_.AyE_3t7t7R**0o#DgR4", "LEHV6nWB2yk8pyo0adR*.7kCMdnj"


def item(kind: str, **members: object) -> MediaItem:
    row = {"Id": OWN, "Type": kind, "Name": "A", **members}
    found = media_item(RemoteId(OWN), json.dumps(row).encode())
    assert isinstance(found, MediaItem)
    return found


def kinds(found: MediaItem) -> dict[str, str]:
    return {image.kind: image.ref for image in found.images}


@pytest.mark.parametrize(
    ("kind", "ratio", "expected"),
    [
        ("Movie", 2 / 3, {"poster"}),
        ("Movie", 16 / 9, {"thumb"}),
        ("Movie", None, {"poster"}),
        ("Movie", "odd", {"poster"}),
        ("Series", 1.78, {"thumb"}),
        ("BoxSet", 1.0, {"poster"}),
        ("Video", None, {"thumb"}),
        ("MusicVideo", 2 / 3, {"thumb"}),
        ("Episode", 1.0, {"thumb"}),
        ("MusicAlbum", 1.4, {"poster"}),
        ("Audio", 16 / 9, {"poster"}),
        ("MusicArtist", 16 / 9, {"poster"}),
    ],
)
def test_a_wide_frame_is_no_poster(kind: str, ratio: object, expected: set[str]) -> None:
    """A grid of posters would show it stretched; covers of music may be wide and are covers."""
    found = item(kind, ImageTags={"Primary": "a"}, PrimaryImageAspectRatio=ratio)

    assert kinds(found).keys() == expected
    assert set(kinds(found).values()) == {f"Primary:a:{OWN}"}


def test_the_still_of_an_episode_is_its_thumb_and_the_poster_that_of_its_show() -> None:
    """Each with the blurhash of what a list of episodes shows: the still."""
    found = item(
        "Episode",
        ImageTags={"Primary": "own"},
        SeriesId=SERIES,
        SeriesPrimaryImageTag="show",
        ImageBlurHashes={"Primary": {"own": HASH, "show": OTHER_HASH}},
    )

    assert kinds(found) == {"poster": f"Primary:show:{SERIES}", "thumb": f"Primary:own:{OWN}"}
    assert found.blurhash == HASH


def test_a_track_without_a_cover_has_its_albums_blurhash() -> None:
    """The hash of the picture that is shown, by its tag."""
    found = item(
        "Audio",
        ImageTags={},
        AlbumId=ALBUM,
        AlbumPrimaryImageTag="album",
        ImageBlurHashes={"Primary": {"other": OTHER_HASH, "album": HASH}},
    )

    assert kinds(found) == {"poster": f"Primary:album:{ALBUM}"}
    assert found.blurhash == HASH


@pytest.mark.parametrize(
    "hashes",
    [None, {}, [], "x", {"Primary": None}, {"Primary": []}, {"Primary": {}},
     {"Primary": {"a": None}}, {"Primary": {"b": HASH}}, {"Backdrop": {"a": HASH}}],
)  # fmt: skip
def test_hashes_that_are_odd_or_of_other_pictures_cost_nothing_else(hashes: object) -> None:
    """The picture stays (Y14)."""
    found = item("Movie", ImageTags={"Primary": "a"}, ImageBlurHashes=hashes)

    assert found.blurhash == ""
    assert kinds(found) == {"poster": f"Primary:a:{OWN}"}
