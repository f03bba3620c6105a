"""Files become episodes of seasons of shows.

A show is known by its title, not by its folder: seasons in folders of their own come together, and
a show stays the same when its folder gets a year. What names it: the file, when it says so and
nothing above agrees; else the folder above the season.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from msd.backends.local.catalogue.entries import FileRef, Group, Leaf
from msd.backends.local.catalogue.extras import stem_of
from msd.backends.local.catalogue.places import Place, Step
from msd.backends.local.catalogue.remote_ids import file_id, group_id
from msd.backends.local.evidence import Evidence
from msd.backends.local.files.walk import Folder
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.episode_name import Certainty, EpisodeName
from msd.backends.local.names.films import film_name
from msd.backends.local.names.titles import TitleName, agrees, comparable
from msd.models import ItemType, RemoteId

_SHORTEST_NAME = 3  # of a show that only its files name: shorter ones are abbreviations


class Found(msgspec.Struct, kw_only=True, eq=False):
    """The file of an episode, with what its name, NFO and folders say."""

    ref: FileRef
    name: EpisodeName
    place: Place
    evidence: Evidence  # why it is an episode
    show: TitleName = TitleName(title="")
    show_path: bytes | None = None  # the show's own folder
    show_evidence: Evidence = Evidence.FILE_NAME
    season: int = 1


class ShowShelf:
    """Collects the episodes of one library; `settle` makes items of them."""

    def __init__(
        self,
        library: bytes,
        library_id: RemoteId,
        library_name: str,
        all_folders: Mapping[bytes, Folder],
    ) -> None:
        self._library = library
        self._library_id = library_id
        self._library_name = library_name
        self._folders = all_folders
        self._found: list[Found] = []
        self.shows: list[Group] = []
        self.seasons: list[Group] = []
        self.episodes: list[Leaf] = []

    def add(self, found: Found) -> None:
        """Add the file of an episode."""
        self._found.append(found)

    def settle(self) -> None:
        """Decide which show each episode belongs to, and which files are one episode."""
        by_season_folder: dict[bytes | None, list[Found]] = defaultdict(list)
        for found in self._found:
            _settle_numbers(found)
            by_season_folder[found.place.season_folder].append(found)
        for folder, episodes in by_season_folder.items():
            is_alias = folder is not None and _is_one_show(episodes)
            for found in episodes:
                self._name_show(found, is_alias=is_alias)
        _settle_combined(self._found)
        shows = self._groups_of_shows()
        for found in self._found:
            found.season = _season_number(found)
        self._make(shows)

    # --- which show -----------------------------------------------------------------------------

    def _name_show(self, found: Found, *, is_alias: bool) -> None:
        """Find the show's name: of the nearest folder that agrees with the file, else the file's.

        `is_alias`: all files of the season's folder call the show the same, so that the folder
        above is its name, however different.
        """
        said = found.name.show
        steps = [step for step in found.place.steps if step.path != found.place.release_path]
        above = [step for step in reversed(steps) if not folder_names.names_nothing(step.name)]
        agreeing = next((s for s in above if said and self._agrees(said, s)), None)
        folder = found.place.show
        if agreeing is not None:
            folder = agreeing
        elif self._is_another_show(said, folder) and not (is_alias and found.place.is_structured):
            self._take_name_of_file(found)
            return
        if folder is None:
            self._take_library(found)
            return
        if agreeing is None and said and not found.name.title:
            found.name = msgspec.structs.replace(found.name, title=said)  # "Pilot - S01E01"
        found.show = folder_names.show_name(folder.name)
        found.show_path = folder.path
        found.show_evidence = Evidence.FOLDER_NAME if not said else Evidence.FILE_NAME
        if found.show.year is None and found.name.show_year is not None:
            found.show = msgspec.structs.replace(found.show, year=found.name.show_year)

    def _is_another_show(self, said: str, folder: Step | None) -> bool:
        """Say whether a file names a show of its own, other than the folder that it lies in."""
        if not said or self._is_known_folder(folder):
            return False
        return folder is None or len(comparable(said)) >= _SHORTEST_NAME

    def _agrees(self, said: str, step: Step) -> bool:
        return agrees(said, folder_names.show_name(step.name).title)

    def _is_known_folder(self, step: Step | None) -> bool:
        """Say whether an NFO file says that a folder is a show's."""
        folder = self._folders.get(step.path) if step is not None else None
        return folder is not None and any(f.name.lower() == b"tvshow.nfo" for f in folder.files)

    def _take_name_of_file(self, found: Found) -> None:
        found.show = TitleName(title=found.name.show, year=found.name.show_year)
        found.show_evidence = Evidence.FILE_NAME

    def _take_library(self, found: Found) -> None:
        """Seasons directly in the library: the library is the show."""
        found.show = folder_names.show_name(self._library_name)
        found.show_path = self._library if found.place.season is not None else None
        found.show_evidence = Evidence.LIBRARY

    def _groups_of_shows(self) -> dict[tuple[str, int | None], Group]:
        """Return a group for each show; years only matter between shows of the same title."""
        years: dict[str, set[int]] = defaultdict(set)
        for found in self._found:
            key = comparable(found.show.title)
            years[key] |= {found.show.year} if found.show.year is not None else set()
        groups: dict[tuple[str, int | None], Group] = {}
        for found in self._found:
            key, year = comparable(found.show.title), found.show.year
            if len(years[key]) < 2:  # noqa: PLR2004
                year = next(iter(years[key]), None)
                name = key
            else:
                name = f"{key}.{year}" if year is not None else key
            show = groups.get((name, year))
            if show is None:
                show = groups[name, year] = self._show(found, name, year)
            self._describe_show(show, found)
        self._shows = groups
        self._names = {id(found): self._group_of(found, years, groups) for found in self._found}
        return groups

    def _group_of(
        self,
        found: Found,
        years: Mapping[str, set[int]],
        groups: Mapping[tuple[str, int | None], Group],
    ) -> Group:
        key, year = comparable(found.show.title), found.show.year
        if len(years[key]) < 2:  # noqa: PLR2004
            return groups[key, next(iter(years[key]), None)]
        return groups[f"{key}.{year}" if year is not None else key, year]

    def _show(self, found: Found, key: str, year: int | None) -> Group:
        return Group(
            type=ItemType.SHOW,
            remote_id=_show_id(self._library_id, key),
            key=key.partition(".")[0],
            title=found.show.title,
            year=year,
            evidence=found.show_evidence,
            origin=found.show_path.decode("utf-8", "replace") if found.show_path else "",
        )

    def _describe_show(self, show: Group, found: Found) -> None:
        """A folder describes a show better than its files do; an id better than none."""
        if show.folder is None and found.show_path is not None:
            show.folder = self._folders.get(found.show_path)
            if show.folder is not None and found.show_path != self._library:
                show.title = found.show.title
                show.evidence = Evidence.FOLDER_NAME
                show.origin = found.show_path.decode("utf-8", "replace")
        show.ids = show.ids or found.show.ids

    # --- which season, which episode ------------------------------------------------------------

    def _make(self, shows: Mapping[tuple[str, int | None], Group]) -> None:
        self.shows = list(shows.values())
        seasons: dict[tuple[RemoteId, int], Group] = {}
        episodes: dict[tuple[object, ...], list[Found]] = defaultdict(list)
        for found in self._found:
            show = self._names[id(found)]
            season = self._season(seasons, show, found)
            episodes[self._episode_key(season, found)].append(found)
        taken: set[RemoteId] = set()
        for copies in episodes.values():
            copies.sort(key=lambda copy: copy.ref.path)
            show = self._names[id(copies[0])]
            leaf = _episode(copies, seasons[show.remote_id, copies[0].season])
            leaf.remote_id = _episode_id(leaf, taken)
            taken.add(leaf.remote_id)
            self.episodes.append(leaf)
        self.episodes.sort(key=lambda leaf: leaf.path)
        self.seasons = list(seasons.values())

    def _season(
        self, seasons: dict[tuple[RemoteId, int], Group], show: Group, found: Found
    ) -> Group:
        number = found.season
        season = seasons.get((show.remote_id, number))
        if season is None:
            show.children += 1
            key = show.remote_id.partition("/")[2] or show.key
            season = seasons[show.remote_id, number] = Group(
                type=ItemType.SEASON,
                remote_id=RemoteId(f"season:{show.remote_id.partition(':')[2]}/{number}"),
                key=f"{key}/{number}",
                title="Specials" if number == 0 else f"Season {number}",
                folder=show.folder,
                number=number,
                parent=show,
            )
        above = found.place.season_folder
        folder = self._folders.get(above) if above is not None else None
        if folder is not None and folder is not show.folder and folder not in season.season_folders:
            season.season_folders = (*season.season_folders, folder)
        season.adopt(found.ref.entry.mtime_ns)
        return season

    def _episode_key(self, season: Group, found: Found) -> tuple[object, ...]:
        """Return what is the same for the versions and parts of one episode."""
        name = found.name
        if name.released and name.episode is None:
            return season.remote_id, name.released, comparable(name.title)
        if name.episode is None:
            return season.remote_id, found.ref.path
        if name.certainty <= Certainty.NUMBERED and name.title:
            # A bare number says little: another title is another episode.
            return season.remote_id, name.episode, comparable(film_name(name.title).word_title)
        return season.remote_id, name.episode, name.last_episode


def _settle_numbers(found: Found) -> None:
    """Let a folder of one release say what its file does not ("Show.S01E01-LOL/x.mkv")."""
    release = found.place.release
    if release is None:
        return
    if found.name.certainty >= Certainty.DATED:
        is_same = (release.season, release.episode) == (found.name.season, found.name.episode)
        if is_same and release.show:  # groups shorten the names of files, not those of folders
            found.name = msgspec.structs.replace(
                found.name, show=release.show, show_year=release.show_year
            )
        return
    found.name = msgspec.structs.replace(release, title=release.title or found.name.title)


def _is_one_show(episodes: Iterable[Found]) -> bool:
    """Say whether the files of one folder call their show the same, or differ like titles do.

    Names that stand before the numbers are titles of episodes when no two are equal and no
    number occurs twice ("Pilot - S01E01", "Secrets - S01E02").
    """
    named = [found for found in episodes if found.name.show]
    titles = {comparable(found.name.show) for found in named}
    if len(titles) <= 1:
        return True
    numbers = [(found.name.season, found.name.episode) for found in named]
    return len(titles) == len(named) == len(set(numbers)) and len(named) > 2  # noqa: PLR2004


def _settle_combined(episodes: Iterable[Found]) -> None:
    """Decide about numbers with three digits: "103" may be episode 103 of a long show.

    It is when the numbers beside it run on like that: with smaller ones, or past a hundred.
    """
    by_folder: dict[tuple[bytes, str], list[Found]] = defaultdict(list)
    for found in episodes:
        if found.name.certainty == Certainty.NUMBERED:
            by_folder[found.ref.folder.path, comparable(found.show.title)].append(found)
    for beside in by_folder.values():
        combined = [found for found in beside if found.name.is_combined]
        if not combined or not _runs_on(beside):
            continue
        for found in combined:
            number = 100 * (found.name.season or 0) + (found.name.episode or 0)
            found.name = msgspec.structs.replace(found.name, season=None, episode=number)


def _runs_on(beside: list[Found]) -> bool:
    others = [found.name.episode or 0 for found in beside if not found.name.is_combined]
    return any(number > 0 for number in others)


def _season_number(found: Found) -> int:
    if found.name.season is not None:
        return found.name.season
    if found.place.season is not None:
        return found.place.season
    return 0 if found.name.episode is None else 1


def _show_id(library: RemoteId, key: str) -> RemoteId:
    title, dot, year = key.partition(".")
    return RemoteId(group_id("show", library, title) + dot + year)


def _episode_id(leaf: Leaf, taken: set[RemoteId]) -> RemoteId:
    name, season = leaf.episode, leaf.parent
    if name is None or season is None or (name.episode is None and not name.released):
        return file_id(leaf.path)
    below = season.remote_id.partition(":")[2]
    number = str(name.episode) if name.episode is not None else name.released
    if name.last_episode is not None:
        number = f"{number}-{name.last_episode}"
    remote_id = RemoteId(f"episode:{below}/{number}")
    return file_id(leaf.path) if remote_id in taken else remote_id


def _episode(copies: list[Found], season: Group) -> Leaf:
    season.children += 1
    name, versions = copies[0].name, _versions(copies)
    if len(versions[0]) > 1:
        name = msgspec.structs.replace(name, title=_without_part(name.title))
    return Leaf(
        type=ItemType.EPISODE,
        versions=versions,
        episode=msgspec.structs.replace(name, season=copies[0].season),
        parent=season,
        evidence=max(copy.evidence for copy in copies),
    )


def _versions(copies: list[Found]) -> list[list[FileRef]]:
    """Return the versions of an episode; files that differ in a part's mark are its parts."""
    marks = [_part(copy) for copy in copies]
    numbers = {mark for mark in marks if mark is not None}
    if len(copies) > 1 and len(numbers) == len(copies):
        in_order = sorted(zip(marks, copies, strict=True), key=lambda pair: pair[0] or 0)
        return [[copy.ref for _, copy in in_order]]
    return [[copy.ref] for copy in copies]


def _without_part(title: str) -> str:
    """Return an episode's title without "cd1" or "part 1"."""
    found = film_name(f"x {title}")
    return (found.word_title or found.title).removeprefix("x").strip(" -")


def _part(copy: Found) -> int | None:
    name = film_name(stem_of(copy.ref.entry))
    return name.part if name.part is not None else name.word_part
