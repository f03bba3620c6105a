"""Whatever happens to a real source, a cache that follows it ends like one that is new."""

import time
from collections import Counter

import anyio
import pytest

from tests.simulators.jellyfin import VERSIONS
from tests.support.folders.media import MediaMaker
from tests.sync.folder_history import FolderHistory
from tests.sync.jellyfin_history import JellyfinHistory
from tests.sync.killed_history import KilledHistory
from tests.sync.plex_history import PlexHistory
from tests.sync.source_history import SourceHistory

KINDS = {
    "Jellyfin": (3, 100),
    "killed": (2, 100),
    "Plex": (4, 300),
    "folder": (6, 300),
}  # few, many


def make(kind: str, seed: int, media: MediaMaker) -> SourceHistory:
    versions = sorted(VERSIONS)
    match kind:
        case "Jellyfin":
            return JellyfinHistory(seed, versions[seed % len(versions)])
        case "killed":
            return KilledHistory(seed, versions[seed % len(versions)])
        case "Plex":
            return PlexHistory(seed)
    return FolderHistory(seed, media)


def run(kind: str, first: int, count: int, media: MediaMaker) -> Counter[str]:
    """Run histories; return the faults that were injected."""
    faults: Counter[str] = Counter()
    for seed in range(first, first + count):
        history = make(kind, seed, media)
        anyio.run(history.run)
        faults += history.faults
    return faults


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", list(KINDS))
def test_histories_end_with_a_cache_like_the_source(kind: str, media: MediaMaker) -> None:
    """Histories end with a cache like the source (Y6, Y7, Y8, Y12).

    Over HTTP or real files, every field; a worker that is killed included.
    """
    few, _ = KINDS[kind]

    faults = run(kind, 0, few, media)

    assert kind != "killed" or faults["killed"] >= few


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", list(KINDS))
def test_many_histories(kind: str, media: MediaMaker, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for longer, from a seed that is new each day and printed."""
    _, many = KINDS[kind]
    first = int(time.time()) // 86_400 * 1000

    faults = run(kind, first, many, media)

    with capsys.disabled():
        print(f"\n{many} histories of {kind} from seed {first}, 0 violations; faults:")
        print(", ".join(f"{name} {count}" for name, count in sorted(faults.items())))
