"""Pictures as files: whole or absent, private, within their cap."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.models import SourceId
from msd.pictures.store import PictureKey, PictureStore, picture_key
from msd.pictures.wire import Format

SOURCE = SourceId("jellyfin_0123456789ab")
OTHER = SourceId("plex_0123456789ab")
BLOCK = 4096  # a file takes whole blocks of the disk


def key(name: str, width: int = 320) -> PictureKey:
    return picture_key(SOURCE, name, width)


def test_a_picture_is_a_private_file_with_a_fitting_name(tmp_path: Path) -> None:
    """Modes are 0600 and 0700, and no path names a server or a ref (K5)."""
    store = PictureStore(tmp_path / "pictures", most_bytes=BLOCK)

    path = store.put(key("Primary:secret"), Format.JPEG, b"picture")

    assert path is not None
    assert path.read_bytes() == b"picture"
    assert path.suffix == ".jpg"
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in (path.parent, tmp_path / "pictures"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert "secret" not in str(path)
    assert "jellyfin" not in str(path.relative_to(tmp_path))
    assert store.find(key("Primary:secret")) == path


def test_another_ref_width_or_source_is_another_picture() -> None:
    """A replaced picture has another ref, so an old file is never shown for it."""
    keys = {
        picture_key(source, ref, width)
        for source in (SOURCE, OTHER)
        for ref in ("a", "b")
        for width in (320, 640)
    }

    assert len(keys) == 8


def test_the_least_recently_used_make_room(tmp_path: Path) -> None:
    """The cap is a cap, and what was shown last stays."""
    store = PictureStore(tmp_path, most_bytes=3 * BLOCK)
    for name in "abc":
        store.put(key(name), Format.JPEG, b"0123456789")
    store.find(key("a"))

    store.put(key("d"), Format.JPEG, b"0123456789")

    assert store.find(key("b")) is None
    assert all(store.find(key(name)) for name in "acd")
    assert store.size == 3 * BLOCK


def test_the_order_outlives_a_restart_and_a_smaller_cap_holds_at_once(tmp_path: Path) -> None:
    """Files are counted and trimmed when the store is first used."""
    store = PictureStore(tmp_path, most_bytes=10 * BLOCK)
    for name in "abc":
        store.put(key(name), Format.JPEG, b"0123456789")
    store.find(key("a"))

    again = PictureStore(tmp_path, most_bytes=BLOCK)

    assert again.find(key("a")) is not None
    assert again.find(key("b")) is None
    assert len(list(tmp_path.rglob("*.jpg"))) == 1


def test_a_picture_beyond_the_cap_is_not_kept(tmp_path: Path) -> None:
    """One huge picture doesn't empty the store."""
    store = PictureStore(tmp_path, most_bytes=BLOCK)
    store.put(key("a"), Format.JPEG, b"0123456789")

    assert store.put(key("b"), Format.JPEG, b"x" * (BLOCK + 1)) is None
    assert store.find(key("a")) is not None


def test_files_that_somebody_removed_are_not_found(tmp_path: Path) -> None:
    """A cache may be emptied by anybody at any time."""
    store = PictureStore(tmp_path, most_bytes=10 * BLOCK)
    path = store.put(key("a"), Format.JPEG, b"0123456789")
    assert path is not None
    path.unlink()

    assert store.find(key("a")) is None
    assert store.size == 0


def test_what_a_crash_left_half_written_goes(tmp_path: Path) -> None:
    """A part of a picture is never shown."""
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "abcdef.part").write_bytes(b"half")
    store = PictureStore(tmp_path, most_bytes=10 * BLOCK)

    assert store.find(key("a")) is None
    assert list(tmp_path.rglob("*.part")) == []


def test_the_pictures_of_a_removed_source_go_and_others_stay(tmp_path: Path) -> None:
    """Also those that an earlier run wrote, and what a crash left (A4)."""
    store = PictureStore(tmp_path, most_bytes=10 * BLOCK)
    gone = store.put(key("a"), Format.JPEG, b"mine")
    kept = store.put(picture_key(OTHER, "a", 320), Format.JPEG, b"another's")
    assert gone is not None
    assert kept is not None
    gone.with_suffix(".part").write_bytes(b"half")

    again = PictureStore(tmp_path, most_bytes=10 * BLOCK)
    again.drop_source(SOURCE)

    assert list(tmp_path.rglob("*.*")) == [kept]
    assert not gone.parent.exists()
    assert again.size == BLOCK
    assert again.find(key("a")) is None
    assert again.put(key("a"), Format.JPEG, b"new") is not None


@pytest.mark.parametrize("cap", [0, BLOCK, 10 * BLOCK])
@given(
    steps=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 4 * BLOCK)), max_size=30),
)
def test_the_cap_holds_after_every_step(
    tmp_path_factory: pytest.TempPathFactory, cap: int, steps: list[tuple[str, int]]
) -> None:
    """Whatever is written and read: the files never take more than the cap."""
    folder = tmp_path_factory.mktemp("pictures")
    store = PictureStore(folder, most_bytes=cap)

    for name, size in steps:
        store.put(key(name), Format.PNG, b"x" * size)

        on_disk = sum(path.stat().st_blocks * 512 for path in folder.rglob("*.png"))
        assert on_disk <= store.size <= cap
