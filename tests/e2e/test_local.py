"""A folder of real files through the whole of msd, on a real bus."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import LIBRARY, NAME, ROOT, CallError, Daemon, running


def add(daemon: Daemon, folder: Path) -> str:
    source_id = str(daemon.call("AddLocalSource", "s", str(folder)))
    daemon.until_synced(source_id)
    return source_id


def test_files_are_served_renamed_and_removed(bus: PrivateBus, tmp_path: Path, media: Path) -> None:
    """A renamed file keeps its id and a deleted one disappears (I2, Y7)."""
    with running(bus, tmp_path / "home") as daemon:
        source_id = add(daemon, media)
        assert daemon.status(source_id) == ("connected", "ok")
        movies, _, total = daemon.query("types", "as", "1", "movie", "fields", "as", "1", "*")
        assert total == len(movies) > 2
        item = next(movie for movie in movies if movie["title"] == "Blue Gradient")
        path = media / "Movies/Blue Gradient (2021)/Blue Gradient (2021).mkv"
        renamed = media / "Movies/Violet Gradient (2022).mkv"

        path.rename(renamed)
        shutil.rmtree(path.parent)
        daemon.sync(source_id)
        (again,) = daemon.call("GetItems", "asa{sv}", "1", item["id"], "0", interface=LIBRARY)
        assert (again["title"], again["year"]) == ("Violet Gradient", 2022)
        assert daemon.count("movie") == total

        renamed.unlink()
        daemon.sync(source_id)
        assert daemon.count("movie") == total - 1


def test_what_happens_to_a_file_is_shown_without_a_sync(
    bus: PrivateBus, tmp_path: Path, media: Path
) -> None:
    """A file comes and goes without a sync; a renamed one keeps its id (I2, Y10)."""
    with running(bus, tmp_path / "home") as daemon:
        source_id = add(daemon, media)
        path = f"{ROOT}/source/{source_id}"
        daemon.until(lambda: daemon.get(path, f"{NAME}.Source", "LiveUpdates") == "ok", "live")
        daemon.until_synced(source_id)
        job = next_job(daemon, source_id)
        total, episodes = daemon.count("movie"), daemon.count("episode")
        film = media / "Movies/Blue Gradient (2021)/Blue Gradient (2021).mkv"
        new = media / "Movies/Green Gradient (2023).mkv"

        shutil.copy(film, new)
        daemon.until(lambda: daemon.count("movie") == total + 1, "it is shown")
        new.unlink()
        daemon.until(lambda: daemon.count("movie") == total, "it is shown no more")
        episode = next((media / "Shows").rglob("*.mkv"))
        shutil.copy(episode, episode.with_name("A Day in Frames - S01E77.mkv"))
        daemon.until(lambda: daemon.count("episode") == episodes + 1, "the episode is shown")
        assert next_job(daemon, source_id) == job + 1

        (before,) = [film for film in films(daemon) if film["title"] == "Blue Gradient"]
        film.rename(new)
        daemon.until(
            lambda: (
                [one["id"] for one in films(daemon) if one["title"] == "Green Gradient"]
                == [before["id"]]
            ),
            "it keeps its id",
        )
        assert daemon.count("movie") == total


def next_job(daemon: Daemon, source_id: str) -> int:
    """Start a sync and return its number, after those of all that ran before."""
    job = str(daemon.call("SyncSource", "s", source_id))
    daemon.until_synced(source_id)
    return int(job.rpartition("/")[2])


def films(daemon: Daemon) -> list[dict[str, Any]]:
    items, _, _ = daemon.query("types", "as", "1", "movie", "fields", "as", "1", "*")
    return items


def test_a_folder_that_is_gone_is_offline_and_never_empty(
    bus: PrivateBus, tmp_path: Path, media: Path
) -> None:
    """The items of an unmounted folder are served, and it heals by itself (Y7)."""
    with running(bus, tmp_path / "home") as daemon:
        source_id = add(daemon, media)
        before = daemon.count()
        away = media.with_name("away")
        media.rename(away)
        failed = daemon.sync(source_id)
        assert failed["state"] == "failed"
        daemon.until(lambda: daemon.status(source_id) == ("offline", "folder-missing"), "offline")
        assert daemon.count() == before

        away.rename(media)
        daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "connected again")
        assert daemon.count() == before


def test_an_emptied_folder_is_held(bus: PrivateBus, tmp_path: Path, media: Path) -> None:
    """An emptied folder hides nothing until the user confirms (Y7)."""
    with running(bus, tmp_path / "home") as daemon:
        source_id = add(daemon, media)
        before = daemon.count()
        for folder in media.iterdir():
            shutil.rmtree(folder)
        (media / "note.txt").write_text("not media")

        daemon.sync(source_id)

        assert daemon.count() == before


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/does/not/exist", "Unreachable"),
        ("relative/path", "InvalidArgument"),
        ("/proc", "InvalidArgument"),
        ("/etc/passwd", "InvalidArgument"),
        ("", "InvalidArgument"),
    ],
)
def test_what_is_no_folder_is_refused(
    bus: PrivateBus, tmp_path: Path, path: str, error: str
) -> None:
    """Only a readable folder can be added (K6)."""
    with running(bus, tmp_path / "home") as daemon:
        with pytest.raises(CallError):
            daemon.call("AddLocalSource", "s", path)
        assert daemon.call("ListSources") == []


def test_a_film_is_opened_at_once_and_keeps_its_people_over_a_rename(
    bus: PrivateBus, tmp_path: Path, media: Path
) -> None:
    """Its path needs no details; those are fetched once and stay until newer ones come."""
    film = media / "Movies/Blue Gradient (2021)/Blue Gradient (2021).mkv"
    film.with_suffix(".nfo").write_text("<movie><actor><name>Ada</name></actor></movie>")
    fields = ("fields", "as", "4", "path", "mime", "size", "people")
    with running(bus, tmp_path / "home") as daemon:
        source_id = add(daemon, media)
        item = only_film(daemon, "blue", *fields)
        assert (item["path"], item["mime"]) == (film.as_uri(), "video/x-matroska")
        assert item["size"] == film.stat().st_size
        refresh = ("asa{sv}", "1", item["id"], "1", "refresh", "b", "true")
        daemon.call("GetItems", *refresh, interface=LIBRARY)
        daemon.until(lambda: "people" in only_film(daemon, "blue", *fields), "it has people")

        renamed = film.parent / "Violet Gradient (2022).mkv"
        film.with_suffix(".nfo").rename(renamed.with_suffix(".nfo"))
        film.rename(renamed)
        violet = ("text", "s", "violet")
        daemon.until(
            lambda: [film["id"] for film in daemon.query(*violet)[0]] == [item["id"]],
            "it keeps its id",
        )

        again = only_film(daemon, "violet", *fields)
        assert again["path"] == renamed.as_uri()
        assert [person["name"] for person in again["people"]] == ["Ada"]
        daemon.until_synced(source_id)


def only_film(daemon: Daemon, title: str, *words: str) -> dict[str, Any]:
    """Return the only film whose title has a word."""
    (film,), *_ = daemon.query("types", "as", "1", "movie", "text", "s", title, *words)
    return film
