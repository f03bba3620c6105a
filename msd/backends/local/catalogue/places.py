"""Where a file lies in its library, and what the folders above it say of an episode.

    library / [genre, heap …] / show / season / [quality, disc, release] / file

Nothing above the library's folder is evidence.
"""

from collections.abc import Mapping

import msgspec

from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import Folder, join
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.episode_name import EpisodeName
from msd.backends.local.names.explicit_episodes import explicit_episode


class Step(msgspec.Struct, frozen=True):
    """One folder between the library and a file."""

    name: str
    path: bytes


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the folders above a file say."""

    steps: tuple[Step, ...]  # without folders of qualities and discs, which say nothing
    show: Step | None  # the folder above the season, else the nearest that may be a show's
    is_structured: bool  # there is a season folder, and a folder above it
    season: int | None
    season_folder: bytes | None
    release: EpisodeName | None  # of a folder that holds a single episode
    release_path: bytes | None

    @property
    def is_nested(self) -> bool:
        """Whether the file lies below the library's own folder."""
        return bool(self.steps)


def place_of(folder: Folder, library: bytes) -> Place:
    """Return what the folders between a library and a file say."""
    steps = _steps(folder.path, library)
    while steps and _is_mere_order(steps, len(steps) - 1):
        steps.pop()
    release, release_path = _release(steps)
    inner = steps[:-1] if release is not None else steps
    season_at = _season_at(inner)
    if season_at is not None:
        return _in_season(inner, season_at, release, release_path)
    show = next((step for step in reversed(inner) if not _names_no_show(step.name)), None)
    return Place(
        steps=tuple(steps),
        show=show,
        is_structured=False,
        season=folder_names.release_season(show.name) if show is not None else None,
        season_folder=show.path if show and folder_names.release_season(show.name) else None,
        release=release,
        release_path=release_path,
    )


def home_of(folder: Folder, library: bytes, all_folders: Mapping[bytes, Folder]) -> Folder | None:
    """Return the folder that may be a film's own: without discs and qualities below it.

    None when that is the library's own folder.
    """
    path = folder.path
    while path != library:
        name = decode_name(path.rpartition(b"/")[2])
        is_order = folder_names.is_quality(name) or folder_names.disc_number(name) is not None
        if not is_order:
            return all_folders.get(path) or Folder(path)
        path = path.rpartition(b"/")[0]
    return None


def _steps(path: bytes, library: bytes) -> list[Step]:
    below = path[len(library) :].strip(b"/")
    steps: list[Step] = []
    at = library
    for name in below.split(b"/") if below else ():
        at = join(at, name)
        steps.append(Step(decode_name(name), at))
    return steps


def _is_mere_order(steps: list[Step], index: int) -> bool:
    """Say whether a folder only sorts what is above it: a quality or a disc."""
    name = steps[index].name
    if folder_names.is_quality(name):
        return True
    return folder_names.disc_number(name) is not None and folder_names.season_of(name) is None


def _release(steps: list[Step]) -> tuple[EpisodeName | None, bytes | None]:
    """Return what the nearest folder says when it is named like a single episode."""
    if not steps:
        return None, None
    found = explicit_episode(steps[-1].name)
    return (found, steps[-1].path) if found is not None else (None, None)


def _season_at(steps: list[Step]) -> int | None:
    """Return which of the folders is the season's: the deepest one with a word for it."""
    certain = [i for i, step in enumerate(steps) if folder_names.season_of(step.name) is not None]
    if certain:
        return certain[-1]  # of "Special/Season 1" the upper one is the show
    last = len(steps) - 1
    if last >= 1 and folder_names.possible_season(steps[last].name) is not None:
        above = steps[last - 1].name
        if not _names_no_show(above):
            return last
    return None


def _in_season(
    steps: list[Step], at: int, release: EpisodeName | None, release_path: bytes | None
) -> Place:
    name = steps[at].name
    season = folder_names.season_of(name)
    if season is None:
        season = folder_names.possible_season(name)
    above = at - 1
    while above > 0 and (
        folder_names.is_quality(steps[above].name)
        or (folder_names.season_of(steps[above].name) is not None and above > 0)
    ):
        above -= 1
    show = steps[above] if above >= 0 else None
    if show is not None and folder_names.names_nothing(show.name):
        show = None
    return Place(
        steps=tuple(steps),
        show=show,
        is_structured=show is not None,
        season=season,
        season_folder=steps[at].path,
        release=release,
        release_path=release_path,
    )


def _names_no_show(name: str) -> bool:
    return folder_names.names_nothing(name) or folder_names.season_of(name) is not None
