"""Pictures: what a backend's items name can be had, and nothing else."""

import io
from collections.abc import Sequence

import pytest
from PIL import Image as Pillow

from msd.backend_api import MediaBackend
from msd.backend_api.artwork import HasArtwork
from msd.models import Image, ItemType, MediaItem
from msd.pictures.checker import safe_picture
from tests.support.listings import every_item

pytestmark = pytest.mark.anyio

WIDTH = 320
NOT_REFS = (
    "",
    "x",
    "../../etc/passwd",
    "file:/etc/passwd",
    "file:../outside.jpg",
    "file:..%2Foutside.jpg",
    "embedded:/dev/zero",
    "Primary:tag",
    "Primary:tag:../../Users",
    "http://198.51.100.1/picture.jpg",
    "//198.51.100.1/picture.jpg",
    "/library/../../secret",
    "/library/metadata/1/thumb/1?X-Plex-Token=abc",
    "Primary:" + "a" * 100_000,
    "nul\0",
    "https://198.51.100.1/picture.jpg",
    "https://metadata-static.plex.tv.example.org/people/1.jpg",
    "https://metadata-static.plex.tv@198.51.100.1/1.jpg",
    "https://metadata-static.plex.tv:8443/1.jpg",
    "https://metadata-static.plex.tv/1.jpg?X-Plex-Token=abc",
    "file:.actors/../../outside.jpg",
)


@pytest.fixture
def gallery(backend: MediaBackend) -> HasArtwork:
    if not isinstance(backend, HasArtwork):
        pytest.skip("this kind of source has no pictures")
    return backend


async def some_images(backend: MediaBackend) -> Sequence[Image]:
    """Return two pictures of each kind."""
    items: list[MediaItem] = await every_item(backend)
    images = [image for item in items for image in item.images]
    kinds = {image.kind for image in images}
    return [image for kind in sorted(kinds) for image in [i for i in images if i.kind == kind][:2]]


async def test_every_picture_that_an_item_names_can_be_had(
    backend: MediaBackend, gallery: HasArtwork
) -> None:
    """A picture is promised only when it can be shown."""
    images = await some_images(backend)

    for image in images:
        found = await gallery.picture(image.ref, width=WIDTH)

        assert found is not None, image
        safe = safe_picture(found.content, WIDTH)
        assert safe is not None, image
        assert Pillow.open(io.BytesIO(safe[1])).width <= WIDTH
    assert images


async def test_people_of_an_item_have_pictures_that_can_be_had(
    backend: MediaBackend, gallery: HasArtwork
) -> None:
    """A person of the details is promised a picture only where there is one."""
    items = [item for item in await every_item(backend) if item.type is ItemType.MOVIE]
    refs: list[str] = []
    for item in items[:8]:
        full = await backend.item(item.remote_id)
        if full is not None and full.details is not None:
            refs += [person.image for person in full.details.people if person.image]

    for ref in refs[:5]:
        found = await gallery.picture(ref, width=WIDTH)
        assert found is not None, ref
        assert safe_picture(found.content, WIDTH) is not None


@pytest.mark.parametrize("ref", NOT_REFS)
async def test_what_no_item_names_is_no_picture(gallery: HasArtwork, ref: str) -> None:
    """A ref reaches no other file, host or route (K6)."""
    assert await gallery.picture(ref, width=WIDTH) is None
