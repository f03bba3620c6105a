"""Trees of real files, written down as people's folders are, and what the backend makes of them."""

import os
import shutil
from collections import defaultdict
from pathlib import Path

import msgspec

from msd.models import ItemType, MediaItem, Omission
from tests.support.folders.list_folder import added_source, opened
from tests.support.folders.media import MediaMaker

VIDEO_SUFFIXES = frozenset({".mkv", ".mp4", ".mov", ".avi", ".webm", ".ts", ".mpg"})
AUDIO_SUFFIXES = frozenset({".mp3", ".flac", ".ogg", ".m4a", ".wav", ".opus", ".mka"})


class Made(msgspec.Struct, kw_only=True):
    """What the backend made of a tree."""

    items: list[MediaItem]
    omissions: tuple[Omission, ...]
    libraries: dict[str, str]  # type by name

    def of(self, kind: ItemType) -> list[MediaItem]:
        return [item for item in self.items if item.type is kind]

    @property
    def films(self) -> list[str]:
        return sorted(titled(item) for item in self.of(ItemType.MOVIE))

    @property
    def videos(self) -> list[str]:
        return sorted(item.title for item in self.of(ItemType.VIDEO))

    @property
    def shows(self) -> dict[str, list[str]]:
        """Episodes as "1x02", by the title of their show."""
        found: dict[str, list[str]] = defaultdict(list)
        for item in self.of(ItemType.SHOW):
            found[item.title] = []
        for item in self.of(ItemType.EPISODE):
            found[item.show_title].append(numbered(item))
        return {show: sorted(episodes) for show, episodes in found.items()}

    @property
    def albums(self) -> list[str]:
        return sorted(f"{item.artist}: {titled(item)}" for item in self.of(ItemType.ALBUM))

    @property
    def left_out(self) -> dict[str, str]:
        """Kinds by place."""
        return {omission.place: omission.kind for omission in self.omissions}

    def one(self, kind: ItemType) -> MediaItem:
        (item,) = self.of(kind)
        return item


def titled(item: MediaItem) -> str:
    return f"{item.title} ({item.year})" if item.year else item.title


def numbered(item: MediaItem) -> str:
    end = f"-{item.episode_number_end}" if item.episode_number_end else ""
    if item.episode_number is None:
        return f"{item.season_number}x {item.released or item.title}"
    return f"{item.season_number}x{item.episode_number}{end}"


def expanded(line: str) -> list[str]:
    """Return a path once for each word in braces, as a shell does."""
    start = line.find("{")
    while start >= 0 and "," not in line[start : line.find("}", start)]:
        start = line.find("{", start + 1)  # "{tmdb-949}" stands for itself
    if start < 0:
        return [line]
    end = line.index("}", start)
    head, words, tail = line[:start], line[start + 1 : end], line[end + 1 :]
    return [path for word in words.split(",") for path in expanded(head + word + tail)]


def plant(root: Path, media: MediaMaker, tree: str) -> None:
    """Write the files of a tree: one path a line, `path = content` for what is no medium."""
    for line in filter(None, map(str.strip, tree.splitlines())):
        path, mark, content = line.partition(" := ")
        for name in expanded(path):
            place(root / name, media, content if mark else None)


def place(path: Path, media: MediaMaker, content: str | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    seconds = 1.0
    if content == "2 s":
        seconds, content = 2.0, None
    if content is not None:
        path.write_text(content)
        return
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        if suffix == path.suffix:
            media.video(path, seconds=seconds)
        else:
            shutil.move(media.video(path.with_suffix(suffix), seconds=seconds), path)
    elif suffix in (".vob", ".m2ts"):
        template = media.video(path.with_suffix(".mpg" if suffix == ".vob" else ".ts"))
        template.rename(path)
    elif suffix in AUDIO_SUFFIXES:
        media.audio(path)
    elif suffix in (".jpg", ".png"):
        media.picture(path)
    else:
        path.write_text(path.name)


async def read(root: Path, cache: Path) -> Made:
    """Return what a new backend makes of a folder."""
    backend = opened(await added_source(str(root)), cache)
    items: list[MediaItem] = []
    try:
        libraries = await backend.libraries()
        for library in libraries:
            for listing in backend.listings(library):
                async for page in backend.pages(listing):
                    parsed = await backend.parse(page.items)
                    items += [item for item in parsed if isinstance(item, MediaItem)]
        omissions = await backend.omissions()
    finally:
        await backend.aclose()
    names = {library.name: library.type.value for library in libraries}
    return Made(items=items, omissions=omissions, libraries=names)


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(target, path)
