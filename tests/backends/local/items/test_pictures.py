"""Pictures of a folder: what is not there now is no picture that does not exist."""

from pathlib import Path

import pytest

from msd.backends.local.items import pictures
from msd.backends.local.items.pictures import read_picture
from msd.errors import BadResponseError
from tests.pictures.samples import picture

REF = "file:Films/Alien/poster.jpg@17f3a09c2b11"


@pytest.fixture
def poster(tmp_path: Path) -> Path:
    path = tmp_path / "root/Films/Alien/poster.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(picture())
    return path


def test_a_picture_beside_a_film_is_read(tmp_path: Path, poster: Path) -> None:
    """By the path in its ref; the time in it is only a key."""
    found = read_picture(str(tmp_path / "root"), REF)

    assert found is not None
    assert found.content == poster.read_bytes()


def test_a_disk_that_is_away_is_no_absent_picture(tmp_path: Path, poster: Path) -> None:
    """Absence is remembered for days, and the disk comes back with the same times (Y7)."""
    poster.parent.rename(tmp_path / "elsewhere")  # as an empty mount point below the root

    with pytest.raises(BadResponseError, match="can't be read"):
        read_picture(str(tmp_path / "root"), REF)
    with pytest.raises(BadResponseError, match="can't be read"):
        read_picture(str(tmp_path / "gone"), REF)


def test_what_can_be_no_picture_is_absent(tmp_path: Path, poster: Path) -> None:
    """A folder, a link out of the root, a circle of links and a huge file (K6)."""
    root = str(tmp_path / "root")
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(picture())
    poster.unlink()
    poster.mkdir()
    assert read_picture(root, REF) is None
    poster.rmdir()
    poster.symlink_to(outside)
    assert read_picture(root, REF) is None
    poster.unlink()
    poster.symlink_to(poster)
    assert read_picture(root, REF) is None
    poster.unlink()
    with poster.open("wb") as file:
        file.truncate(pictures.MOST_PICTURE_BYTES + 1)
    assert read_picture(root, REF) is None
