"""Pictures while servers are slow, hostile or changing, and while msd is killed."""

import json
import os
import select
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_artwork import ARTWORK, ids_of, posters, until_shown, width_of
from tests.pictures.samples import HTML, SVG, bomb, picture, with_text_bomb
from tests.simulators.http import faults
from tests.simulators.http.faults import Trouble
from tests.simulators.http.message import Response
from tests.simulators.jellyfin import JellyfinSimulator
from tests.support.session.daemon import NAME, CallError, Daemon

PICTURES = r"/Images/Primary"
LIBRARY = f"{NAME}.Library"


def films(daemon: Daemon, *fields: str) -> list[dict[str, Any]]:
    words = ("fields", "as", str(len(fields)), *fields) if fields else ()
    found: list[dict[str, Any]] = daemon.query("types", "as", "1", "movie", *words)[0]
    return [film for film in found if "poster" in film["artwork"]]


def files_of(daemon: Daemon) -> list[Path]:
    return [path for path in (daemon.home / "cache/msd").rglob("*") if path.is_file()]


def asked(sim: JellyfinSimulator) -> int:
    return sum("/Images/" in request.path for request in sim.log.requests)


def checkers_of(daemon: Daemon) -> list[int]:
    """Return the processes that msd started."""
    assert daemon.process is not None
    tasks = Path(f"/proc/{daemon.process.pid}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in children if b"checker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_the_checker_ends_with_a_daemon_that_is_killed(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """It stays for the next page, and leaves no orphan."""
    daemon.until_synced(daemon.add_jellyfin(sim.url))
    until_shown(daemon, ids_of(films(daemon))[:2], 96)
    (checker,) = checkers_of(daemon)
    until_shown(daemon, ids_of(films(daemon))[2:4], 96)
    assert checkers_of(daemon) == [checker]
    ended = os.pidfd_open(checker)

    daemon.kill()

    assert select.select([ended], [], [], 20)[0]
    os.close(ended)


@pytest.mark.parametrize(
    "content",
    [SVG, HTML, b"", bomb(), with_text_bomb(), picture()[:-900], b"\xff\xd8\xff\xe0" * 4000],
    ids=["svg", "html", "empty", "bomb", "text bomb", "cut", "noise"],
)
def test_hostile_pictures_are_asked_for_once_and_never_given_out(
    daemon: Daemon, sim: JellyfinSimulator, content: bytes
) -> None:
    """And are known after a restart (K5)."""
    daemon.until_synced(daemon.add_jellyfin(sim.url))
    ids = ids_of(films(daemon))[:3]
    sim.faults.add(PICTURES, Trouble(instead=Response(body=content, content_type="image/webp")))

    shown = until_shown(daemon, ids, 240)
    requests = asked(sim)
    daemon.stop()
    daemon.start()
    daemon.until_status(daemon.call("ListSources")[0]["id"], "connected")
    again = until_shown(daemon, ids, 640)

    assert shown == again == dict.fromkeys(ids, "")
    assert asked(sim) == requests == 3
    assert all(path.stat().st_size == 0 for path in files_of(daemon) if "artwork" in str(path))
    assert "Traceback" not in daemon.log


def test_a_slow_server_holds_up_no_other(
    daemon: Daemon, sim: JellyfinSimulator, media: Path
) -> None:
    """Each source has a queue of its own, and is asked for two pictures at once."""
    daemon.until_synced(daemon.add_jellyfin(sim.url))
    slow = ids_of(films(daemon))
    hung = sim.faults.add(PICTURES, faults.hang())
    daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))
    ids = ids_of(films(daemon))
    local = [item for item in ids if item not in slow]

    assert posters(daemon, ids, 96).keys() == set()
    files = until_shown(daemon, local, 96)

    assert all(files.values())
    assert hung.met == 2
    assert not posters(daemon, slow, 96)


def test_a_picture_that_is_replaced_during_the_answer_is_shown_as_it_is_now(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """The server answers the new bytes to the old tag, as 12.0 does; they get no old name."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    film = films(daemon, "remote_id")[0]

    def replace() -> None:
        sim.world.edit(film["remote_id"], replaced_pictures=1)
        daemon.sync(source_id)

    sim.faults.add(PICTURES, faults.before(replace), times=1)
    arguments = (film["id"], "poster", "240", "0")
    path = daemon.call("GetArtwork", "ssua{sv}", *arguments, interface=ARTWORK)

    tags = [request.query for request in sim.log.requests if "/Images/Primary" in request.path]
    assert len(tags) == len(set(tags)) == 2
    assert [str(each) for each in files_of(daemon) if each.suffix == ".jpg"] == [path]


def test_people_hashes_and_removal(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """What a details page shows of people, what a grid shows before, and what is left after."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    film = films(daemon, "blurhash")[0]
    assert film["blurhash"] == "L6PZfSi_.AyE_3t7t7R**0o#DgR4"

    def people() -> list[dict[str, Any]]:
        text = json.dumps({"ids": [film["id"]], "options": {"details": True, "refresh": True}})
        answer = daemon.call("GetItems", "s", text, interface=f"{NAME}.Json")
        found: list[dict[str, Any]] = json.loads(answer)["items"][0].get("people", [])
        return found

    daemon.until(lambda: bool(people()), "the people are known")
    faces = [person["artwork_id"] for person in people() if "artwork_id" in person]
    shown = until_shown(daemon, [*faces, film["id"]], 160)
    assert faces
    assert all(width_of(Path(path)) == 160 for path in shown.values())
    with pytest.raises(CallError, match="has no poster"):
        daemon.call(
            "GetArtwork", "ssua{sv}", faces[0] + "x", "poster", "90", "0", interface=ARTWORK
        )

    daemon.call("RemoveSource", "s", source_id)

    daemon.until(
        lambda: not [path for path in files_of(daemon) if "artwork" in str(path)], "no file is left"
    )
    assert posters(daemon, [*faces, film["id"]], 160) == dict.fromkeys([*faces, film["id"]], "")
