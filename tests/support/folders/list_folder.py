"""Print the items of a folder: `python -m tests.support.folders.list_folder PATH`."""

import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from msd.backend_api import AddContext, BackendContext, SkippedItem
from msd.backends.local import SPEC
from msd.models import ItemType, LibraryType, MediaItem, Source, SourceId

NOBODY = AddContext(
    installation_id="0" * 32,
    device_id="0" * 32,
    client_name="tests",
    client_version="0",
    device_name="tests",
)


async def added_source(path: str) -> Source:
    """Return the source that adding a folder gives."""
    (new,) = (await SPEC.add({"path": path}, NOBODY)).sources
    return Source(
        id=SourceId("local_test"),
        kind=SPEC.kind,
        name=new.name,
        account_id=None,
        server_id=new.server_id,
        address=new.address,
        config=new.config,
    )


def opened(source: Source, cache_dir: Path, content_types: dict[str, LibraryType] | None = None):
    """Return a backend for a source."""
    return SPEC.open(
        BackendContext(
            source=source,
            credentials=None,
            device_id=NOBODY.device_id,
            client_name=NOBODY.client_name,
            client_version=NOBODY.client_version,
            device_name=NOBODY.device_name,
            cache_dir=cache_dir,
            content_types=content_types or {},
        )
    )


async def everything(backend) -> tuple[list[MediaItem], list[str]]:
    """Return all items of a source and what is none, as a full sync would see them."""
    items: list[MediaItem] = []
    skipped: list[str] = []
    for library in await backend.libraries():
        for listing in backend.listings(library):
            async for page in backend.pages(listing):
                skipped += page.skipped
                for parsed in await backend.parse(page.items):
                    if isinstance(parsed, SkippedItem):
                        skipped.append(parsed.why)
                    else:
                        items.append(parsed)
    skipped += [f"{o.place}: {o.reason}" for o in await backend.omissions() if o.kind != "broken"]
    return items, skipped


def line(item: MediaItem) -> str:
    """Return one item as one line."""
    number = ""
    if item.type is ItemType.EPISODE:
        number = f"{item.show_title} S{item.season_number:02}E{item.episode_number or 0:02} "
    if item.type is ItemType.TRACK:
        number = f"{item.artist} / {item.album} {item.disc_number or 0}-{item.track_number or 0} "
    images = ",".join(image.kind for image in item.images)
    year = f" ({item.year})" if item.year else ""
    ids = " ".join(item.external_ids)
    return f"{number}{item.title}{year} [{item.duration_ms} ms] {images} {ids} <- {item.remote_id}"


async def main(path: str) -> None:
    """List a folder on standard output."""
    with TemporaryDirectory() as cache:
        started = time.perf_counter()
        source = await added_source(path)
        backend = opened(source, Path(cache))
        await backend.connect()
        for library in await backend.libraries():
            print(f"library {library.name!r}: {library.type} ({library.remote_id})")
        items, skipped = await everything(backend)
        await backend.aclose()
        for kind in ItemType:
            found = [item for item in items if item.type is kind]
            if found:
                print(f"\n== {kind}: {len(found)}")
                print("\n".join(f"  {line(item)}" for item in found))
        print(f"\n== skipped: {len(skipped)}")
        print("\n".join(f"  {why}" for why in skipped))
        counts = Counter(item.type.value for item in items)
        print(f"\n{dict(counts)}, skipped {len(skipped)}, {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
