"""Pictures that are not to be had: known over restarts, for a time, within a bound."""

import os
from pathlib import Path

from msd.models import SourceId
from msd.pictures.absences import ABSENT_S, BROKEN_S, Absences
from msd.pictures.store import PictureKey, picture_key

SOURCE, OTHER = SourceId("jellyfin_0123456789ab"), SourceId("plex_0123456789ab")


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def key(name: str, source: SourceId = SOURCE) -> PictureKey:
    return picture_key(source, name)


def test_an_absent_picture_is_known_over_a_restart_until_its_time_has_passed(
    tmp_path: Path,
) -> None:
    """A server is not asked for it at every look at the item."""
    clock = Clock()
    Absences(tmp_path, clock=clock).add(key("a"), ABSENT_S)
    again = Absences(tmp_path, clock=clock)

    assert again.has(key("a"))
    assert not again.has(key("a, replaced"))
    clock.now += ABSENT_S - 1
    assert again.has(key("a"))
    clock.now += 2
    assert not again.has(key("a"))
    assert not Absences(tmp_path, clock=clock).has(key("a"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_clock_that_was_wrong_hides_no_picture_for_years(tmp_path: Path) -> None:
    """What lasts longer than anything may was written by a wrong clock."""
    clock = Clock()
    clock.now += 10 * 365 * 24 * 3600
    absences = Absences(tmp_path, clock=clock)
    absences.add(key("a"), BROKEN_S)
    clock.now = Clock.now

    assert not absences.has(key("a"))


def test_the_oldest_are_forgotten_first(tmp_path: Path) -> None:
    """Any number of broken pictures takes so many files and no more, restarts included."""
    absences = Absences(tmp_path, most=3, clock=Clock())
    for name in "abcde":
        absences.add(key(name), ABSENT_S)

    assert [absences.has(key(name)) for name in "abcde"] == [False, False, True, True, True]
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 3
    smaller = Absences(tmp_path, most=2, clock=Clock())
    smaller.add(key("f"), ABSENT_S)
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 2


def test_a_removed_source_leaves_nothing(tmp_path: Path) -> None:
    """And the others stay (A4)."""
    absences = Absences(tmp_path, clock=Clock())
    absences.add(key("a"), ABSENT_S)
    absences.add(key("a", OTHER), ABSENT_S)

    absences.drop_source(SOURCE)

    assert not absences.has(key("a"))
    assert absences.has(key("a", OTHER))
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def test_files_are_private_and_name_nobody(tmp_path: Path) -> None:
    """What somebody looked at is nobody else's business (K5)."""
    os.umask(mask := os.umask(0))
    try:
        os.umask(0)
        Absences(tmp_path / "absent", clock=Clock()).add(key("secret"), ABSENT_S)
    finally:
        os.umask(mask)

    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == 0
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    assert not any(word in str(path.relative_to(tmp_path)) for word in ("secret", "jellyfin"))
