"""The Kodi Sync Queue plugin: what it remembers of changes, as a hint where it is installed.

Nothing relies on it: it tracks some types only, forgets by its own rules, and has been wrong. But
it also knows of changes that the server itself does not date, such as a user's rating.
"""

import logging
from collections.abc import Iterable

import httpx
import msgspec

from msd.backend_api.http.json import decode
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.client.server_time import written
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import QueuedChanges
from msd.errors import BackendError
from msd.models import RemoteId

_PATH = "/Jellyfin.Plugin.KodiSyncQueue/{user_id}/GetItems"
_MOST_IDS = 5_000

log = logging.getLogger(__name__)


class KodiQueue(msgspec.Struct):
    """The plugin of one server, for one session: a server without it is asked once."""

    client: JellyfinClient
    user_id: str
    is_asked: bool = True

    async def saved(self, since: int) -> frozenset[RemoteId]:
        """Return what was added or updated since, empty without the plugin; never fails."""
        found = await self._queued(since)
        return _ids((*found.items_added, *found.items_updated))

    async def watched(self, since: int) -> frozenset[RemoteId]:
        """Return what the user's data changed of since, empty without the plugin; never fails."""
        found = await self._queued(since)
        return _ids(row.item_id for row in found.user_data_changed)

    async def _queued(self, since: int) -> QueuedChanges:
        if not self.is_asked:
            return QueuedChanges()
        try:
            path = _PATH.format(user_id=self.user_id)
            answer = await self.client.answer(path, {"lastUpdateDt": written(since)}, is_page=True)
            if answer.is_success:
                return decode(answer, QueuedChanges)
            if answer.status != httpx.codes.NOT_FOUND:
                log.info("the Kodi Sync Queue plugin answers with status %d", answer.status)
        except BackendError as error:
            log.info("the Kodi Sync Queue plugin can't be used: %s", error)
        self.is_asked = False
        return QueuedChanges()


def _ids(values: Iterable[str | None]) -> frozenset[RemoteId]:
    found = {RemoteId(each) for value in values if (each := guid(value))}
    return frozenset(found) if len(found) <= _MOST_IDS else frozenset()
