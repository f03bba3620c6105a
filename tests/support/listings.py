"""What a backend lists, read to its end."""

from msd.backend_api import Listing, MediaBackend
from msd.models import ItemType, MediaItem, RemoteId, RemoteLibrary


async def library_named(backend: MediaBackend, name: str) -> RemoteLibrary:
    return next(library for library in await backend.libraries() if library.name == name)


async def listing_of(backend: MediaBackend, name: str, item_type: ItemType) -> Listing:
    return Listing(library=await library_named(backend, name), type=item_type)


async def listed_ids(backend: MediaBackend, listing: Listing) -> list[RemoteId]:
    return [row.remote_id async for page in backend.pages(listing) for row in page.items]


async def listed(backend: MediaBackend, listing: Listing) -> list[MediaItem]:
    found: list[MediaItem] = []
    async for page in backend.pages(listing):
        for item in await backend.parse(page.items):
            assert isinstance(item, MediaItem), item
            found.append(item)
    return found


async def every_item(backend: MediaBackend) -> list[MediaItem]:
    """Return every item of every library."""
    return [
        item
        for library in await backend.libraries()
        for listing in backend.listings(library)
        for item in await listed(backend, listing)
    ]
