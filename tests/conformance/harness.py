"""What the conformance suite needs of each backend: a real source to talk to, and its switches.

A new backend gets one class here and its name in `HARNESSES`; the suite does the rest.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from msd.backend_api import BackendSpec
from msd.backend_api.accounts import OptionValue
from msd.backends import discover
from msd.errors import UnreachableError
from msd.models import BackendKind, Image, RemoteId
from tests.conformance.second_process import load_backend
from tests.pictures.samples import picture
from tests.simulators.jellyfin import JellyfinSimulator, Phase, Timing
from tests.simulators.jellyfin import make_world as jellyfin_world
from tests.simulators.plex import PlexServer, PlexTv
from tests.simulators.plex import make_world as plex_world
from tests.support.fakes.fake_backend import FakeServer, fake_spec

TEMPLATE = Path(__file__).parents[2] / "docs" / "template_backend" / "__init__.py"
DEVICE = "0123456789abcdef0123456789abcdef"


class Harness(Protocol):
    """A source that holds some items; may be used once."""

    spec: BackendSpec
    options: Mapping[str, OptionValue]
    bad_options: Mapping[str, OptionValue]  # well typed, and refused
    secrets: tuple[str, ...]  # must show nowhere

    def vanish(self) -> None:
        """Make the source unreachable."""

    def come_back(self) -> None:
        """Make it reachable again."""

    def delete_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        """Delete one of these items on the source; return its id."""

    def edit_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        """Change one of these items on the source, so that it looks different; return its id."""


class TemplateHarness:
    """The backend that docs/writing-a-backend.md starts from."""

    module = TEMPLATE

    def __init__(self, folder: Path) -> None:
        self._file = folder / "catalogue.json"
        films = [
            {"id": f"f{number}", "title": f"Film {number}", "year": 1990 + number, "seconds": 60}
            for number in range(25)
        ]
        library = {"id": "films", "name": "Films", "films": films}
        self._write({"id": "shelf-1", "libraries": [library]})
        self.spec = load_backend(TEMPLATE)
        self.options = {"path": str(self._file)}
        self.bad_options = {"path": str(folder / "nothing here")}
        self.secrets = ()

    def vanish(self) -> None:
        self._file.rename(self._file.with_suffix(".away"))

    def come_back(self) -> None:
        self._file.with_suffix(".away").rename(self._file)

    def delete_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        catalogue = json.loads(self._file.read_text())
        [library] = catalogue["libraries"]
        library["films"] = [film for film in library["films"] if film["id"] != remote_ids[0]]
        self._write(catalogue)
        return remote_ids[0]

    def edit_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        text = self._file.read_text().replace(f'Film {remote_ids[0][1:]}"', 'Edited"')
        self._file.write_text(text)
        return remote_ids[0]

    def _write(self, catalogue: object) -> None:
        self._file.write_text(json.dumps(catalogue))


class FakeHarness:
    """The fake backend: proves that the suite itself can be passed."""

    def __init__(self) -> None:
        self.server = FakeServer()
        films = self.server.library("films")
        self.server.movies(films, 25)
        self.server.edit(films, "m7", images=(Image(kind="poster", ref="seven"),))
        self.server.pictures["seven"] = picture()
        self.spec = fake_spec(self.server)
        self.options = {"user": "alice", "password": "secret"}
        self.bad_options = {"user": "alice", "password": "wrong"}
        self.secrets = ("token-of-alice",)

    def vanish(self) -> None:
        self.server.error = UnreachableError("gone")

    def come_back(self) -> None:
        self.server.error = None

    def delete_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        self.server.drop(RemoteId("films"), remote_ids[0])
        return remote_ids[0]

    def edit_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        self.server.edit(RemoteId("films"), remote_ids[0], title="Edited")
        return remote_ids[0]


class LocalHarness:
    """A folder of real files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = discover()[BackendKind("local")]
        self.options = {"path": str(folder)}
        self.bad_options = {"path": str(folder / "nothing here")}
        self.secrets = ()

    def vanish(self) -> None:
        self.folder.rename(self.folder.with_name("away"))

    def come_back(self) -> None:
        self.folder.with_name("away").rename(self.folder)

    def delete_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        film = next((self.folder / "Movies").iterdir())
        (gone,) = (one for one in remote_ids if _title_key(film) in one.split("/"))
        shutil.rmtree(film)
        return gone

    def edit_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        films = (self.folder / "Movies").glob("*/*.mkv")
        edited = next(film for film in films if _title_key(film) in remote_ids[0].split("/"))
        with edited.open("ab") as file:
            file.write(b"more")
        return remote_ids[0]


class JellyfinHarness:
    """The simulator."""

    def __init__(self, simulator: JellyfinSimulator) -> None:
        self.simulator = simulator
        self.spec = discover()[BackendKind("jellyfin")]
        self.options = {"url": simulator.url, "username": "alice", "password": "secret"}
        self.bad_options = {"url": simulator.url, "username": "alice", "password": "wrong-pw"}
        self.secrets = ("wrong-pw",)

    def vanish(self) -> None:
        self.simulator.set_phase(Phase.REFUSED)

    def come_back(self) -> None:
        self.simulator.set_phase(Phase.READY)

    def delete_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        self.simulator.world.delete(remote_ids[0])
        return remote_ids[0]

    def edit_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        self.simulator.world.edit(remote_ids[0], name="Edited")
        return remote_ids[0]


class PlexHarness:
    """The simulators of a media server and of plex.tv."""

    def __init__(self, tv: PlexTv, server: PlexServer) -> None:
        alice = tv.add_user("alice")
        tv.publish(server, alice)
        token = tv.token(alice, DEVICE)
        self.server = server
        self.spec = discover()[BackendKind("plex")]
        self.options = {"token": token}
        self.bad_options = {"token": "nobodys-token"}
        self.secrets = (token, server.token, "nobodys-token")

    def vanish(self) -> None:
        self.server.refuse()

    def come_back(self) -> None:
        self.server.accept()

    def delete_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        self.server.world.delete(int(remote_ids[0]))
        return remote_ids[0]

    def edit_one(self, remote_ids: list[RemoteId]) -> RemoteId:
        self.server.world.edit(int(remote_ids[0]), title="Edited")
        return remote_ids[0]


def _title_key(film: Path) -> str:
    """Return the title of "Blue Gradient (2021)" as the ids of the folder backend have it."""
    return "".join(filter(str.isalnum, film.name.split(" (")[0])).lower()


@contextmanager
def _template(_samples: Path, folder: Path) -> Iterator[Harness]:
    (folder / "shelf").mkdir()
    yield TemplateHarness(folder / "shelf")


@contextmanager
def _fake(_samples: Path, _folder: Path) -> Iterator[Harness]:
    yield FakeHarness()


@contextmanager
def _local(samples: Path, folder: Path) -> Iterator[Harness]:
    yield LocalHarness(Path(shutil.copytree(samples, folder / "media")))


@contextmanager
def _jellyfin(_samples: Path, _folder: Path) -> Iterator[Harness]:
    timing = Timing(library_quiet_s=0.1, user_data_quiet_s=0.05)
    world = jellyfin_world(120, seed=9)
    with JellyfinSimulator(world, version="10.11", timing=timing) as simulator:
        yield JellyfinHarness(simulator)


@contextmanager
def _plex(_samples: Path, _folder: Path) -> Iterator[Harness]:
    with PlexTv() as tv, PlexServer(plex_world(120, seed=9)) as server:
        os.environ["MSD_PLEX_TV"] = tv.url
        yield PlexHarness(tv, server)
        del os.environ["MSD_PLEX_TV"]


class _Opener(Protocol):
    def __call__(self, samples: Path, folder: Path, /) -> AbstractContextManager[Harness]: ...


HARNESSES: Mapping[str, _Opener] = {
    "fake": _fake,
    "template": _template,
    "local": _local,
    "jellyfin": _jellyfin,
    "plex": _plex,
}
