"""Pictures of people beside a film or a show, as Kodi keeps them."""

from pathlib import Path

import pytest

from msd.backend_api.artwork import HasArtwork
from msd.models import ItemType
from tests.backends.local.cases.trees import read
from tests.pictures.samples import picture
from tests.support.folders.list_folder import added_source, opened

pytestmark = pytest.mark.anyio

NFO = """<movie><title>Alien</title>
<actor><name>Sigourney Weaver</name><role>Ripley</role>
<thumb>http://198.51.100.1/weaver.jpg</thumb></actor>
<actor><name>John Hurt</name><thumb>/etc/passwd</thumb></actor></movie>"""


async def faces(root: Path, cache: Path, kind: ItemType = ItemType.MOVIE) -> dict[str, bool]:
    """Return the people of an item, and whether the picture of each can be had."""
    item = (await read(root, cache)).one(kind)
    backend = opened(await added_source(str(root)), cache)
    assert isinstance(backend, HasArtwork)
    found = await backend.item(item.remote_id)
    assert found is not None
    assert found.details is not None
    people = {
        person.name: bool(person.image)
        and await backend.picture(person.image, width=96) is not None
        for person in found.details.people
    }
    await backend.aclose()
    return people


def film(root: Path, media) -> Path:
    folder = root / "Movies/Alien (1979)"
    media.video(folder / "Alien (1979).mkv")
    (folder / "Alien (1979).nfo").write_text(NFO)
    return folder


async def test_a_picture_in_the_folder_of_actors_is_a_persons(media, root, cache):
    """Underscores stand for spaces; addresses and paths in an NFO file are never followed (K6)."""
    folder = film(root, media)
    (folder / ".actors").mkdir()
    (folder / ".actors/Sigourney_Weaver.jpg").write_bytes(picture())

    assert await faces(root, cache) == {"Sigourney Weaver": True, "John Hurt": False}


async def test_nobody_has_a_picture_without_that_folder(media, root, cache):
    """Most libraries have none."""
    film(root, media)

    assert await faces(root, cache) == {"Sigourney Weaver": False, "John Hurt": False}


async def test_links_out_of_the_folder_are_not_followed(media, root, cache, tmp_path):
    """Neither of the folder of actors nor of a picture in it (K6)."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "John_Hurt.jpg").write_bytes(picture())
    folder = film(root, media)
    (folder / ".actors").mkdir()
    (folder / ".actors/Sigourney_Weaver.jpg").symlink_to(outside / "John_Hurt.jpg")

    assert await faces(root, cache) == {"Sigourney Weaver": False, "John Hurt": False}
    (folder / ".actors/Sigourney_Weaver.jpg").unlink()
    (folder / ".actors").rmdir()
    (folder / ".actors").symlink_to(outside)
    assert await faces(root, cache) == {"Sigourney Weaver": False, "John Hurt": False}


async def test_what_is_no_picture_file_is_no_portrait(media, root, cache):
    """Folders, texts and a great many files do no harm."""
    folder = film(root, media)
    (folder / ".actors/John_Hurt.jpg").mkdir(parents=True)
    (folder / ".actors/Sigourney_Weaver.txt").write_bytes(picture())

    assert await faces(root, cache) == {"Sigourney Weaver": False, "John Hurt": False}
