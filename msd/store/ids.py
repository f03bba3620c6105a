"""Ids of sources, libraries and items: derived from what they name, so that they never change.

The same server, user, library or item always gets the same id, also after a restart or with a
rebuilt cache (I1, I2). All ids match `[A-Za-z0-9_]+`, so that each can
be an element of an object path.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b

from msd.models import BackendKind, ItemId, LibraryId, RemoteId, SourceId

_REMEMBERED = 5000  # relations whose ids an `IdBook` keeps at hand
_PERSON = "_person_"
_ITEM_ID_BYTES = 10  # two of a million items share an id once in 10^12 caches


def source_id(kind: BackendKind, server_id: str, remote_user_id: str) -> SourceId:
    """Return the id of one server seen by one user, or of one folder (I1)."""
    prefix = kind.replace("-", "_")
    return SourceId(f"{prefix}_{_digest(6, kind, server_id, remote_user_id).hex()}")


def library_id(source: SourceId, remote_id: RemoteId) -> LibraryId:
    """Return the id of a library of a source."""
    return LibraryId(f"{source}_{_digest(5, source, remote_id).hex()}")


def item_id(source: SourceId, remote_id: RemoteId, salt: int = 0) -> ItemId:
    """Return the id of an item of a source.

    Args:
        source: the item's source.
        remote_id: the item's id on its server.
        salt: 0, or a number that leads to another id when the first is taken (see `IdBook`).
    """
    text = f"{source}\0{remote_id}\0{salt}" if salt else f"{source}\0{remote_id}"
    encoded = text.encode(errors="surrogatepass")
    return ItemId(blake2b(encoded, digest_size=_ITEM_ID_BYTES).hexdigest())


def person_artwork_id(item: str, person: str) -> str:
    """Return the id by which the picture of one of an item's people is asked for.

    It stays when the people come in another order, and when the picture is replaced.

    Args:
        item: the item's id.
        person: the person's id on the server, else the name.
    """
    return f"{item}{_PERSON}{_digest(6, person).hex()}"


def item_of_person(artwork_id: str) -> str:
    """Return the id of the item whose people an id is about, "" for an id of something else."""
    return artwork_id.rpartition(_PERSON)[0]


def _digest(size: int, *parts: str) -> bytes:
    text = "\0".join(parts).encode(errors="surrogatepass")
    return blake2b(text, digest_size=size).digest()


class IdBook:
    """The ids of one source's items, also of items that are not stored yet.

    An item that its server re-keyed keeps its id under the new remote id (an alias). Should the
    server give the old remote id to another item later, that one's derived id is taken, and it
    gets the next one, which is an alias too. So id and remote id always belong together, in any
    order of arrival and with a rebuilt cache.
    """

    def __init__(
        self,
        source_id: SourceId,
        aliases: Mapping[RemoteId, ItemId],
        record: Callable[[Mapping[RemoteId, ItemId]], None],
    ) -> None:
        """Take what is known.

        Args:
            source_id: the items' source.
            aliases: as they are stored.
            record: stores further ones durably, before anything uses them.
        """
        self._source_id = source_id
        self._aliases = dict(aliases)
        self._taken = set(aliases.values())
        self._record = record
        self._relations: dict[RemoteId, ItemId] = {}

    def id_of(self, remote_id: RemoteId) -> ItemId:
        """Return the id of the item with this remote id."""
        alias = self._aliases.get(remote_id)
        if alias is not None:
            return alias
        derived = item_id(self._source_id, remote_id)
        if derived not in self._taken:
            return derived
        salt = 1
        while (salted := item_id(self._source_id, remote_id, salt)) in self._taken:
            salt += 1
        self.give({remote_id: salted})
        return salted

    def known_id(self, remote_id: RemoteId) -> ItemId | None:
        """Return the id that an item has if it is cached; None: no cached item can have this one.

        Unlike `id_of` it never gives a new id.
        """
        alias = self._aliases.get(remote_id)
        if alias is not None:
            return alias
        derived = item_id(self._source_id, remote_id)
        return None if derived in self._taken else derived

    def id_of_relation(self, remote_id: RemoteId) -> ItemId:
        """Return the id of a parent; the children of one come together, so it is remembered."""
        known = self._relations.get(remote_id)
        if known is None:
            if len(self._relations) >= _REMEMBERED:
                self._relations.clear()
            known = self._relations[remote_id] = self.id_of(remote_id)
        return known

    def give(self, ids: Mapping[RemoteId, ItemId]) -> None:
        """Let remote ids have these item ids from now on."""
        if not ids:
            return
        self._record(ids)
        given = set(ids.values())
        self._aliases = {
            remote_id: known for remote_id, known in self._aliases.items() if known not in given
        }
        self._aliases.update(ids)
        self._taken = set(self._aliases.values())
        self._relations.clear()
