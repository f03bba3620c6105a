"""Files become films: which of them are versions and parts of one film, and what it is called.

Two files are one film only by evidence that they are: an id that they share, or title and year; a
film without a year is one only within its folder. Parts have a mark ("cd1") on equal names.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from msd.backends.local.catalogue.entries import FileRef, Leaf
from msd.backends.local.catalogue.extras import stem_of
from msd.backends.local.catalogue.places import home_of
from msd.backends.local.catalogue.remote_ids import file_id, group_id
from msd.backends.local.evidence import Evidence
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import Folder
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.films import FilmName, film_name, says_nothing
from msd.backends.local.names.titles import agrees, comparable
from msd.models import ItemType, RemoteId

_Key = tuple[str, str]


class _Copy(msgspec.Struct, kw_only=True, eq=False):
    """One file, or one disc, of a film."""

    ref: FileRef
    name: FilmName
    part: int | None = None
    more: list[FileRef] = msgspec.field(default_factory=list)  # further files of a disc's title
    attached: list[FileRef] = msgspec.field(default_factory=list)
    home: Folder | None = None  # the folder that may be the film's own
    is_alone: bool = False  # no other film is at home there
    evidence: Evidence = Evidence.FILE_NAME
    title_evidence: Evidence = Evidence.FILE_NAME


class FilmShelf:
    """Collects the films of one library; `settle` makes items of them."""

    def __init__(
        self, library: bytes, library_id: RemoteId, all_folders: Mapping[bytes, Folder]
    ) -> None:
        self._library = library
        self._library_id = library_id
        self._folders = all_folders
        self._copies: dict[bytes, list[_Copy]] = defaultdict(list)  # by home, or by folder

    def add(self, ref: FileRef, evidence: Evidence) -> None:
        """Add the file of a film."""
        home = home_of(ref.folder, self._library, self._folders)
        copy = _Copy(ref=ref, name=film_name(stem_of(ref.entry)), home=home, evidence=evidence)
        copy.part = copy.name.part
        self._copies[home.path if home else ref.folder.path].append(copy)

    def add_disc(self, disc: bytes, main: list[FileRef], attached: list[FileRef]) -> None:
        """Add a copied disc: `main` is its film, `attached` all other videos on it."""
        number = folder_names.disc_number(decode_name(disc.rpartition(b"/")[2]))
        home = home_of(self._folders.get(disc) or Folder(disc), self._library, self._folders)
        own = decode_name((home.path if home else disc).rpartition(b"/")[2]) or "Disc"
        copy = _Copy(
            ref=main[0],
            name=film_name(own),
            part=number,
            more=main[1:],
            attached=attached,
            home=home,
            evidence=Evidence.NEIGHBOURS,
            title_evidence=Evidence.FOLDER_NAME,
        )
        self._copies[home.path if home else disc].append(copy)

    def settle(self) -> list[Leaf]:
        """Return the films, in the order of their first files."""
        for copies in self._copies.values():
            _name_copies(copies)
        films: dict[_Key, list[_Copy]] = defaultdict(list)
        for copies in self._copies.values():
            for copy in copies:
                films[self._key(copy)].append(copy)
        leaves = [_leaf(copies) for copies in _joined_by_id(films)]
        leaves.sort(key=lambda leaf: leaf.path)
        self._name_ids(leaves)
        return leaves

    def _key(self, copy: _Copy) -> _Key:
        title = comparable(copy.name.title)
        if copy.name.year is not None:
            return title, str(copy.name.year)
        place = copy.home.path if copy.home else copy.ref.folder.path
        return title, place.decode("latin-1")

    def _name_ids(self, leaves: Iterable[Leaf]) -> None:
        taken: set[RemoteId] = set()
        for leaf in leaves:
            leaf.remote_id = film_id(leaf, self._library_id, taken)
            taken.add(leaf.remote_id)


def film_id(leaf: Leaf, library: RemoteId, taken: set[RemoteId]) -> RemoteId:
    """Return the id of a film or video: by title and year, else by its first file.

    The user may say that a library holds no films but videos: that changes no ids.
    """
    name = leaf.name
    if name is None or name.year is None or not comparable(name.title):
        return file_id(leaf.path)
    keys = [comparable(name.title), str(name.year)]
    remote_id = group_id("film", library, *keys)
    if remote_id in taken and name.ids:
        remote_id = group_id("film", library, *keys, "-".join(name.ids[0]))
    return file_id(leaf.path) if remote_id in taken else remote_id


def _name_copies(copies: list[_Copy]) -> None:
    """Let the files at one place and their folder fill in what each name leaves open."""
    home = copies[0].home
    own = film_name(decode_name(home.path.rpartition(b"/")[2])) if home is not None else None
    parts: dict[str, set[int]] = defaultdict(set)
    for copy in copies:
        if copy.name.word_part is not None:
            parts[comparable(copy.name.word_title)].add(copy.name.word_part)
    for copy in copies:
        copy.name = _with_parts(copy, parts, own)
        if copy.name.part is not None and copy.part is None:
            copy.part = copy.name.part
    titles = {
        (comparable(copy.name.title), copy.name.year)
        for copy in copies
        if not says_nothing(stem_of(copy.ref.entry))
    }
    by_title: dict[str, set[int | None]] = defaultdict(set)
    for title, year in titles:
        by_title[title].add(year)
    is_one = len(by_title) < 2 and all(len(y - {None}) < 2 for y in by_title.values())  # noqa: PLR2004
    for copy in copies:
        copy.is_alone = is_one and home is not None
        if own is not None and (copy.is_alone or agrees(copy.name.title, own.title)):
            copy.name, copy.title_evidence = _filled_in(copy, own, is_alone=copy.is_alone)


def _filled_in(copy: _Copy, own: FilmName, *, is_alone: bool) -> tuple[FilmName, Evidence]:
    """Return a file's name with what its folder adds: year and ids, or all of it."""
    name = copy.name
    ids = name.ids or own.ids
    edition = name.edition or own.edition
    silent = says_nothing(stem_of(copy.ref.entry)) or copy.title_evidence is Evidence.FOLDER_NAME
    if is_alone and (silent or (name.year is None and own.year is not None)):
        title = own.title
        if not silent and comparable(title) == comparable(name.title):
            title = name.title if " " in name.title else own.title
        year = own.year if name.year is None else name.year
        return (
            msgspec.structs.replace(name, title=title, year=year, ids=ids, edition=edition),
            Evidence.FOLDER_NAME if silent or title != name.title else Evidence.FILE_NAME,
        )
    if not agrees(name.title, own.title):
        return name, Evidence.FILE_NAME
    same_year = name.year is None or own.year is None or name.year == own.year
    return (
        msgspec.structs.replace(
            name,
            year=own.year if name.year is None else name.year,
            ids=ids if same_year else name.ids,
            edition=edition,
        ),
        Evidence.FILE_NAME,
    )


def _with_parts(copy: _Copy, parts: Mapping[str, set[int]], own: FilmName | None) -> FilmName:
    """Decide whether "part 1" is a part of a film, or belongs to its title.

    It is a part when the words before it are a title of their own: with the year, or the title
    of the film's own folder; and when there is another part.
    """
    name = copy.name
    if name.word_part is None:
        return name
    title = comparable(name.word_title)
    is_whole = own is not None and comparable(own.title) == title
    if len(parts[title]) > 1 and (name.is_part_after_year or is_whole):
        return msgspec.structs.replace(name, title=name.word_title, part=name.word_part)
    return name


def _joined_by_id(films: Mapping[_Key, list[_Copy]]) -> list[list[_Copy]]:
    """Join films that share an id; keep those apart that only share title and year.

    A copy without any id goes with the only film of its title and year.
    """
    found: list[list[_Copy]] = []
    by_id: dict[tuple[str, str], list[_Copy]] = {}
    for copies in films.values():
        groups: dict[tuple[tuple[str, str], ...], list[_Copy]] = defaultdict(list)
        for copy in copies:
            groups[copy.name.ids].append(copy)
        bare = groups.pop((), [])
        if len(groups) == 1:
            next(iter(groups.values())).extend(bare)
            bare = []
        for ids, group in groups.items():
            known = next((by_id[each] for each in ids if each in by_id), None)
            if known is None:
                known = []
                found.append(known)
            known.extend(group)
            for each in ids:
                by_id.setdefault(each, known)
        if bare:
            found.append(bare)
    return found


def _leaf(copies: list[_Copy]) -> Leaf:
    copies.sort(key=lambda copy: copy.ref.path)
    first = copies[0]
    versions = _versions(copies)
    homes = {copy.home.path for copy in copies if copy.home is not None}
    named = next((copy for copy in copies if copy.name.ids), first)
    editions = {copy.name.edition for copy in copies}
    edition = first.name.edition if len(editions) == 1 else ""
    name = msgspec.structs.replace(first.name, ids=named.name.ids, edition=edition)
    is_at_home = first.is_alone and len(homes) == 1
    return Leaf(
        type=ItemType.MOVIE,
        versions=versions,
        name=name,
        own_folder=first.home if is_at_home else None,
        attached=[ref for copy in copies for ref in copy.attached],
        evidence=max(copy.evidence for copy in copies),
        title_evidence=first.title_evidence,
    )


def _versions(copies: list[_Copy]) -> list[list[FileRef]]:
    """Return the versions of a film, each as its parts in order."""
    versions: list[list[FileRef]] = []
    parts: dict[str, dict[int, list[_Copy]]] = defaultdict(lambda: defaultdict(list))
    for copy in copies:
        if copy.part is None:
            versions.append([copy.ref, *copy.more])
        else:
            parts[copy.name.version][copy.part].append(copy)
    for numbered in parts.values():
        # Files with the same number are copies of that part: the first of each, and so on.
        most = max(map(len, numbered.values()))
        versions += [_nth_copy_of_parts(numbered, nth) for nth in range(most)]
    versions.sort(key=lambda version: version[0].path)
    return versions


def _nth_copy_of_parts(numbered: Mapping[int, list[_Copy]], nth: int) -> list[FileRef]:
    copies = [numbered[number][nth] for number in sorted(numbered) if nth < len(numbered[number])]
    return [ref for copy in copies for ref in (copy.ref, *copy.more)]
