"""Which id an item has: derived from its remote id, unless an alias says otherwise (I2)."""

from collections.abc import Callable, Mapping

from msd.models import ItemId, RemoteId, SourceId
from msd.store.ids import item_id

_REMEMBERED = 5000


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
