"""Random histories of a folder of real files."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

from msd.backends.local.backend import LocalBackend
from msd.models import SyncOptions
from tests.support.fakes.fake_backend import FakeServer
from tests.support.folders.list_folder import added_source, opened
from tests.support.folders.media import MediaMaker
from tests.support.library import CachedSource
from tests.sync.history import Killed, MortalStore, StoreHere
from tests.sync.source_history import Fault, Happening, SourceHistory

FILMS, EPISODES, SONGS = 12, 10, 8


class FolderHistory(SourceHistory):
    """One folder with films, a show and music."""

    def __init__(self, seed: int, maker: MediaMaker) -> None:
        super().__init__(seed, "a folder")
        self._maker = maker
        self._made = 0
        self._dies_after: int | None = None

    @asynccontextmanager
    async def _opened(self, folder: Path) -> AsyncIterator[FakeServer]:
        self._root = Path(tempfile.mkdtemp()) / "media"  # what is in memory is no place for media
        for _ in range(FILMS):
            self._add("film")
        for _ in range(EPISODES):
            self._add("episode")
        for _ in range(SONGS):
            self._add("song")
        source = await added_source(str(self._root))
        backends: list[LocalBackend] = []

        class Door:
            """Opens a backend that walks anew, as each sync does."""

            def open(self) -> LocalBackend:
                backends.append(opened(source, folder / "private"))
                return backends[-1]

        try:
            yield cast("FakeServer", Door())
        finally:
            for backend in backends:
                await backend.aclose()
            shutil.rmtree(self._root.parent)

    def _pass_time(self, seconds: int) -> None:
        """Files have the time of the machine."""

    async def _copy(self, source: CachedSource, options: SyncOptions) -> None:
        if (calls := self._dies_after) is not None:
            source.wrap = lambda writer: MortalStore(writer, calls, after=calls % 2 == 0)
        try:
            with dying():
                await source.sync(options)
        finally:
            source.wrap = StoreHere

    # --- what happens --------------------------------------------------------------------------

    def _happenings(self) -> Mapping[str, Happening]:
        files = sorted(path for path in self._root.rglob("*.mk*") if path.is_file())
        one = self._random.choice(files) if files else None
        found: dict[str, Happening] = {
            f"add {kind}": lambda kind=kind: self._add(kind)  # type: ignore[misc]
            for kind in ("film", "episode", "song")
        }
        if one is not None:
            found |= {
                "delete": one.unlink,
                "rename": lambda: one.rename(self._new_film(one.suffix)),
                "replace": lambda: self._maker.video(one) if one.suffix == ".mkv" else None,
                "describe": lambda: self._describe(one),
                "delete the directory": lambda: shutil.rmtree(one.parent),
            }
        return found

    def _add(self, kind: str) -> Path:
        self._made += 1
        number = self._made
        match kind:
            case "film":
                return self._maker.video(self._new_film(".mkv"), seconds=0.2)
            case "episode":
                season = self._random.randint(1, 2)
                name = f"Serial/Season {season}/Serial S{season:02}E{number:02}.mkv"
                path = self._root / "Shows" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                return self._maker.video(path, seconds=0.2)
        album = self._random.choice(["First", "Second"])
        path = self._root / "Music" / "Band" / album / f"{number:02} Song.mka"
        path.parent.mkdir(parents=True, exist_ok=True)
        tags = {"title": f"Song {number}", "artist": "Band", "album": album, "track": str(number)}
        return self._maker.audio(path, tags, seconds=0.2)

    def _new_film(self, suffix: str) -> Path:
        """Return the place of a new film, in a directory of its own or not."""
        self._made += 1
        name = f"Film {self._made} ({1950 + self._random.randrange(70)})"
        own = self._random.random() < 0.5
        path = self._root / "Movies" / (name if own else "") / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _describe(self, path: Path) -> None:
        title = f"Described {self._random.randrange(10**6)}"
        path.with_suffix(".nfo").write_text(f"<movie><title>{title}</title></movie>")

    # --- what goes wrong -----------------------------------------------------------------------

    def _faults(self) -> list[Fault]:
        away = self._root.with_name("away")

        def die() -> None:
            self._dies_after = self._random.randint(1, 60)

        def live() -> None:
            self._dies_after = None

        return [
            Fault("none", live, live),
            Fault("killed", die, live),
            Fault("unmounted", lambda: self._root.rename(away), lambda: away.rename(self._root)),
        ]


@contextmanager
def dying() -> Iterator[None]:
    """Survive the death of a sync."""
    try:
        yield
    except Killed:
        pass
    except BaseExceptionGroup as group:
        if not group.split(Killed)[0]:
            raise
