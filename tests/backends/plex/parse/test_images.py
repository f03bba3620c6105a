"""The pictures of a row."""

import pytest

from msd.backends.plex.parse.images import person_ref
from msd.models import Image, ItemType
from tests.backends.plex.parse.rows_of import item


@pytest.mark.parametrize(
    "path",
    [
        "http://evil/x",
        "//evil/x",
        "/a/../../etc",
        "/a b",
        "",
        "/" + "a" * 900,
    ],
)
def test_a_picture_is_a_path_of_the_server_and_holds_no_token(path):
    """A picture is a path of the server and holds no token (K1, K5).

    A ref is only ever asked for at the server itself.
    """
    assert item(thumb=path).images == ()


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        ("/photo?X-Plex-Token=1", "/photo"),
        (
            "/library/collections/3/composite/17?width=400&height=600",
            "/library/collections/3/composite/17?width=400&height=600",
        ),
        ("/library/3/composite/17?width=4&X-Plex-Token=a", "/library/3/composite/17?width=4"),
        ("/photo?width=4e9&height=", "/photo"),
    ],
)  # fmt: skip
def test_a_query_is_cleaned_and_the_picture_stays(path, ref):
    """Sizes stay, everything else of a query may be a token (K1)."""
    assert (Image(kind="poster", ref=ref),) == item(thumb=path).images


def test_pictures_of_relatives_stand_in():
    """An episode without a picture of its own shows its season's, then its show's."""
    found = item(
        ItemType.EPISODE,
        type="episode",
        parentThumb="/library/metadata/2/thumb/1",
        grandparentThumb="/library/metadata/3/thumb/1",
        grandparentArt="/library/metadata/3/art/1",
        Image=[{"type": "clearLogo", "url": "/library/metadata/3/clearLogo/1"}],
    )

    assert found.images == (
        Image(kind="poster", ref="/library/metadata/2/thumb/1"),
        Image(kind="backdrop", ref="/library/metadata/3/art/1"),
        Image(kind="logo", ref="/library/metadata/3/clearLogo/1"),
    )


def test_the_colours_of_the_corners_go_round_from_the_top_left():
    """As numbers, whichever of its two forms the server chose."""
    colours = {
        "topLeft": "0b0b0b",
        "topRight": "FFffFF",
        "bottomRight": "000001",
        "bottomLeft": "aabbcc",
    }

    for given in (colours, [colours]):
        assert item(UltraBlurColors=given).colors == (0x0B0B0B, 0xFFFFFF, 1, 0xAABBCC)


@pytest.mark.parametrize("colour", ["0b0b0", "0b0b0b0", "+b0b0b", "0x0b0b", "red", "", None, 7])
def test_colours_that_cant_be_read_are_none(colour):
    """Three corners are no picture."""
    colours = dict.fromkeys(("topLeft", "topRight", "bottomRight", "bottomLeft"), "0b0b0b")

    found = item(
        UltraBlurColors=colours | {"bottomLeft": colour}, thumb="/library/metadata/1/thumb/2"
    )

    assert found.colors == ()
    assert found.images


def test_a_blurhash_belongs_to_the_picture_of_the_row():
    """Without a picture there is nothing to wait for."""
    blurhash = "L6PZfSi_.AyE_3t7t7R**0o#DgR4"

    assert item(thumb="/library/metadata/1/thumb/2", thumbBlurHash=blurhash).blurhash == blurhash
    assert item(thumbBlurHash=blurhash).blurhash == ""


def test_a_film_of_which_there_is_only_a_frame_has_no_poster():
    """A grid of posters would show it stretched."""
    frame, poster = "/library/metadata/1/thumb/2", "/library/metadata/1/thumb/3"

    found = item(thumb=frame, Image=[{"type": "snapshot", "url": frame}])
    both = item(
        thumb=poster,
        Image=[{"type": "snapshot", "url": frame}, {"type": "coverPoster", "url": poster}],
    )

    assert found.images == (Image(kind="thumb", ref=frame),)
    assert both.images == (Image(kind="poster", ref=poster), Image(kind="thumb", ref=frame))


HOST = "https://metadata-static.plex.tv"


@pytest.mark.parametrize(
    ("address", "ref"),
    [
        (f"{HOST}/a/people/1.jpg", f"{HOST}/a/people/1.jpg"),
        (f"{HOST}/a/people/1.jpg?X-Plex-Token=secret#top", f"{HOST}/a/people/1.jpg"),
        ("/library/metadata/1/thumb/2", "/library/metadata/1/thumb/2"),
        ("https://evil.example/a/people/1.jpg", ""),
        ("https://metadata-static.plex.tv.evil.example/1.jpg", ""),
        ("https://evil.example/metadata-static.plex.tv/1.jpg", ""),
        ("https://127.0.0.1/1.jpg", ""),
        ("http://metadata-static.plex.tv/1.jpg", ""),
        ("file://metadata-static.plex.tv/1.jpg", ""),
        ("https://metadata-static.plex.tv@evil.example/1.jpg", ""),
        ("https://user@metadata-static.plex.tv/1.jpg", ""),
        ("https://metadata-static.plex.tv:8443/1.jpg", ""),
        ("https://metadata-static.plex.tv:port/1.jpg", ""),
        ("https://[/1.jpg", ""),
        ("//evil.example/1.jpg", ""),
        (f"{HOST}//evil.example/1.jpg", ""),
        (f"{HOST}/a b.jpg", ""),
        (f"{HOST}/{'a' * 2_000}", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_pictures_of_people_are_asked_for_at_the_known_host_alone(address, ref):
    """A server is made to fetch the address; it must not become a way into its network."""
    assert person_ref(address) == ref
