"""The pictures of a row."""

import pytest

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
