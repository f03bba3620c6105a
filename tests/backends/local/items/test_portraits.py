"""Pictures of people beside a film or a show, as Kodi keeps them."""

import os
from pathlib import Path

import pytest

from msd.backend_api.artwork import HasArtwork
from msd.backends.local.catalogue.entries import Group
from msd.backends.local.files.walk import Folder
from msd.backends.local.items.portraits import Portraits
from msd.models import ItemType, Person, RemoteId
from tests.backends.local.cases.trees import read
from tests.pictures.samples import picture
from tests.support.folders.list_folder import added_source, opened

pytestmark = pytest.mark.anyio

NFO = """<movie><title>Alien</title>
<actor><name>Sigourney Weaver</name><role>Ripley</role>
<thumb>http://198.51.100.1/weaver.jpg</thumb></actor>
<actor><name>John Hurt</name><thumb>/etc/passwd</thumb></actor></movie>"""


async def faces(root: Path, cache: Path, kind: ItemType = ItemType.MOVIE) -> dict[str, bool]:
    """Return the people of an item, and whether each has a picture, which can be read then."""
    item = (await read(root, cache)).one(kind)
    backend = opened(await added_source(str(root)), cache)
    assert isinstance(backend, HasArtwork)
    found = await backend.item(item.remote_id)
    assert found is not None
    assert found.details is not None
    people = found.details.people
    for person in people:
        if person.image:
            assert await backend.picture(person.image, width=96) is not None
    await backend.aclose()
    return {person.name: bool(person.image) for person in people}


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
    """Folders and texts are none."""
    folder = film(root, media)
    (folder / ".actors/John_Hurt.jpg").mkdir(parents=True)
    (folder / ".actors/Sigourney_Weaver.txt").write_bytes(picture())

    assert await faces(root, cache) == {"Sigourney Weaver": False, "John Hurt": False}


def show(path: str) -> Group:
    return Group(
        type=ItemType.SHOW,
        remote_id=RemoteId(path),
        key=path,
        title=path,
        folder=Folder(os.fsencode(path)),
    )


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.jpg").touch()


def having(portraits: Portraits, path: str, *names: str) -> set[str]:
    """Return which of these people of a show have a picture."""
    people = portraits.given(show(path), [Person(name=name) for name in names])
    return {person.name for person in people if person.image}


def test_of_a_great_many_files_some_are_looked_at(root):
    """A folder of actors may hold anything."""
    names = [f"n{number}" for number in range(5_001)]
    fill(root / "Dark/.actors", *names)

    assert len(having(Portraits(os.fsencode(root)), "Dark", *names)) == 5_000


def test_a_folder_of_actors_is_read_once_for_all_episodes(root):
    """A show has a hundred of them, and its folder thousands of files."""
    fill(root / "Dark/.actors", "Ada")
    portraits = Portraits(os.fsencode(root))

    assert having(portraits, "Dark", "Ada", "Bob") == {"Ada"}
    fill(root / "Dark/.actors", "Bob")
    assert having(portraits, "Dark", "Ada", "Bob") == {"Ada"}
    (root / "Dark/.actors/Ada.jpg").unlink()
    assert having(portraits, "Dark", "Ada", "Bob") == set()
    assert having(Portraits(os.fsencode(root)), "Dark", "Ada", "Bob") == {"Bob"}


def test_few_folders_of_actors_are_kept(root):
    """A library has thousands."""
    portraits = Portraits(os.fsencode(root))
    having(portraits, "Dark", "Ada")
    for number in range(16):
        having(portraits, f"Show {number}", "Ada")
    fill(root / "Dark/.actors", "Ada")

    assert having(portraits, "Dark", "Ada") == {"Ada"}
