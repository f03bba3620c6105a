"""Ids of sources, libraries and items: derived from what they name, so that they never change.

The same server, user, library or item always gets the same id, also after a restart or with a
rebuilt cache (I1, I2). All ids match `[A-Za-z0-9_-]+`.
"""

from hashlib import blake2b

from msd.models import BackendKind, ItemId, LibraryId, RemoteId, SourceId

_ITEM_ID_BYTES = 10  # two of a million items share an id once in 10^12 caches


def source_id(kind: BackendKind, server_id: str, remote_user_id: str) -> SourceId:
    """Return the id of one server seen by one user, or of one folder (I1)."""
    return SourceId(f"{kind}_{_digest(6, kind, server_id, remote_user_id).hex()}")


def library_id(source: SourceId, remote_id: RemoteId) -> LibraryId:
    """Return the id of a library of a source."""
    return LibraryId(f"{source}_{_digest(5, source, remote_id).hex()}")


def item_id(source: SourceId, remote_id: RemoteId, salt: int = 0) -> ItemId:
    """Return the id of an item of a source.

    Args:
        source: the item's source.
        remote_id: the item's id on its server.
        salt: 0, or a number that leads to another id when the first is taken (see `id_book`).
    """
    text = f"{source}\0{remote_id}\0{salt}" if salt else f"{source}\0{remote_id}"
    encoded = text.encode(errors="surrogatepass")
    return ItemId(blake2b(encoded, digest_size=_ITEM_ID_BYTES).hexdigest())


def _digest(size: int, *parts: str) -> bytes:
    text = "\0".join(parts).encode(errors="surrogatepass")
    return blake2b(text, digest_size=size).digest()
