"""What lies beside a medium: NFO files, pictures, subtitles.

"Film-poster.jpg", "Film.nfo" and "Film.en.forced.srt" belong to Film.mkv; "poster.jpg",
"movie.nfo" and "tvshow.nfo" to a folder that holds nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msd.backends.local.catalogue.remote_ids import path_id
from msd.backends.local.files.file_kind import MEDIA_KINDS, FileKind, split_name
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, join
from msd.models import Image, MediaStream

_SEPARATORS = b"-._ "
_MARKS = frozenset(bytes((mark,)) for mark in _SEPARATORS)
_IMAGE_KINDS = {
    "poster": "poster",
    "cover": "poster",
    "folder": "poster",
    "movie": "poster",
    "show": "poster",
    "artist": "poster",
    "album": "poster",
    "front": "poster",
    "": "poster",
    "fanart": "backdrop",
    "backdrop": "backdrop",
    "background": "backdrop",
    "banner": "banner",
    "season": "poster",
    "keyart": "poster",
    "thumb": "thumb",
    "landscape": "thumb",
    "logo": "logo",
    "clearlogo": "logo",
}
_PICTURES = frozenset({FileKind.IMAGE})
_ENDS = _MARKS | {b""}
_FORCED = ("forced", "sdh", "cc", "hi", "default")
_MAX_IMAGES = 12
_MAX_SUBTITLES = 60


class Sidecars:
    """The companions of every medium in one folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        stems = {split_name(f.name)[0].lower() for f in folder.files if f.kind in MEDIA_KINDS}
        self._by_stem: dict[bytes, list[FileEntry]] = defaultdict(list)
        self._ownerless: list[FileEntry] = []
        for entry in folder.files:
            if entry.kind not in MEDIA_KINDS:
                owner = _owner(split_name(entry.name)[0].lower(), stems)
                if owner is not None:
                    self._by_stem[owner].append(entry)
                else:
                    self._ownerless.append(entry)

    def of(self, entry: FileEntry) -> list[FileEntry]:
        """Return the companions of one medium."""
        return self._by_stem.get(split_name(entry.name)[0].lower(), [])

    def of_all(self, versions: Sequence[FileEntry]) -> list[FileEntry]:
        """Return the companions that the versions or parts of a film have together.

        "Film.nfo" belongs to "Film - 1080p.mkv" and "Film - 4k.mkv".
        """
        base = _common_stem(versions)
        return [entry for entry in self._ownerless if base and _belongs_to(entry, base)]

    def nfo(self, *files: FileEntry) -> bytes | None:
        """Return the path of the NFO file of a medium: of its first file, else of all together."""
        found = next((c for f in files for c in self.of(f) if c.kind is FileKind.NFO), None)
        if found is None and len(files) > 1:
            found = next((c for c in self.of_all(files) if c.kind is FileKind.NFO), None)
        return join(self._folder.path, found.name) if found else None

    def images(self, *files: FileEntry) -> tuple[Image, ...]:
        """Return a medium's own pictures: of its first file, then of all its files together."""
        stem = split_name(files[0].name)[0]
        own = [(c, stem) for c in self.of(files[0])]
        if len(files) > 1:
            base = _common_stem(files)
            own += [(c, base) for c in self.of_all(files)]
        named = (
            (split_name(c.name)[0][len(start) :].lstrip(_SEPARATORS), c)
            for c, start in own
            if c.kind is FileKind.IMAGE
        )
        return _images(self._folder, named)

    def lyrics(self, entry: FileEntry) -> bytes | None:
        """Return the path of the file of the sung words beside a track."""
        found = (c.name for c in self.of(entry) if split_name(c.name)[1] == b".lrc")
        name = next(found, None)
        return None if name is None else join(self._folder.path, name)

    def subtitles(self, entry: FileEntry, first: int) -> tuple[MediaStream, ...]:
        """Return a medium's external subtitles as streams, numbered from `first`."""
        stem = split_name(entry.name)[0]
        own = [c for c in self.of(entry) if c.kind is FileKind.SUBTITLE][:_MAX_SUBTITLES]
        return tuple(
            _subtitle(number, subtitle, split_name(subtitle.name)[0][len(stem) :])
            for number, subtitle in enumerate(own, start=first)
        )


def _common_stem(files: Sequence[FileEntry]) -> bytes:
    """Return what the names of several files begin with, up to a separator, in lower case."""
    stems = [split_name(entry.name)[0].lower() for entry in files]
    first, last = min(stems), max(stems)
    differ = (at for at, byte in enumerate(first) if last[at : at + 1] != bytes((byte,)))
    size = next(differ, len(first))
    if size == len(first):
        return first
    end = max(first.rfind(bytes((mark,)), 0, size) for mark in _SEPARATORS)
    return first[: max(end, 0)].rstrip(_SEPARATORS)


def _belongs_to(entry: FileEntry, base: bytes) -> bool:
    stem = split_name(entry.name)[0].lower()
    return stem == base or (stem.startswith(base) and stem[len(base) : len(base) + 1] in _MARKS)


def picture_ref(kind: str, path: bytes, mtime_ns: int) -> str:
    """Return what stands for a picture: another ref when the file has been written again.

    Example: "file:Films/Alien/poster.jpg@17f3a09c2b11".
    """
    return f"{kind}:{path_id(path)}@{mtime_ns:x}"


def folder_nfo(folder: Folder, *wanted: str) -> bytes | None:
    """Return the path of the first NFO file of a folder that has one of the wanted names."""
    names = {f.name.lower(): f.name for f in folder.files if f.kind is FileKind.NFO}
    for name in wanted:
        found = names.get(name.encode() + b".nfo")
        if found is not None:
            return join(folder.path, found)
    return None


def folder_images(folder: Folder, *, prefix: str = "") -> tuple[Image, ...]:
    """Return the pictures of what a folder as a whole holds ("season01" for a season's)."""
    wanted = prefix.encode()
    pictures = [(split_name(f.name)[0].lower(), f) for f in folder.files if f.kind in _PICTURES]
    named = (
        (stem[len(wanted) :].lstrip(_SEPARATORS), f)
        for stem, f in pictures
        if stem.startswith(wanted) and (not wanted or stem[len(wanted) : len(wanted) + 1] in _ENDS)
    )
    return _images(folder, ((name, f) for name, f in named if name or prefix))


def _owner(stem: bytes, media: set[bytes]) -> bytes | None:
    """Return the longest media stem that a companion's stem begins with, at a separator."""
    end = len(stem)
    while end > 0:
        if stem[:end] in media:
            return stem[:end]
        end = max(stem.rfind(bytes((separator,)), 0, end) for separator in _SEPARATORS)
    return None


def _images(folder: Folder, named: Iterable[tuple[bytes, FileEntry]]) -> tuple[Image, ...]:
    found: dict[str, Image] = {}
    for name, entry in named:
        kind = _IMAGE_KINDS.get(name.decode("ascii", "replace").lower().rstrip("0123456789"))
        if kind is not None and kind not in found and len(found) < _MAX_IMAGES:
            found[kind] = Image(
                kind=kind, ref=picture_ref("file", join(folder.path, entry.name), entry.mtime_ns)
            )
    return tuple(found.values())


def _subtitle(index: int, entry: FileEntry, suffix: bytes) -> MediaStream:
    words = [w for w in decode_name(suffix).lower().replace("-", ".").split(".") if w]
    languages = [word for word in words if 2 <= len(word) <= 3 and word not in _FORCED]  # noqa: PLR2004
    return MediaStream(
        index=index,
        kind="subtitle",
        codec=split_name(entry.name)[1][1:].decode("ascii", "replace"),
        language=languages[0] if languages else "",
        title=" ".join(word for word in words if word in _FORCED),
        is_default="default" in words,
        is_external=True,
    )
