"""What one look at a server tells of all its libraries: asked for once, not library by library.

A sync goes through the libraries one after the other, and each of them needs the server's time
and what was played last. An older answer is as good: it only makes the next look reach further
back. So an answer serves every library, but none of them twice, and not for long.
"""

import time
from collections.abc import Callable

from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.client.pages import first_rows
from msd.backends.jellyfin.client.query import played_anywhere_query
from msd.backends.jellyfin.client.server_time import Moment, server_moment
from msd.backends.jellyfin.parse.place import played_at

LASTS_S = 60.0


class ServerLook:
    """The server as it was at one moment.

    Attributes:
        at: the moment, before anything else was asked for.
    """

    def __init__(self, client: JellyfinClient, user_id: str, at: Moment) -> None:
        self._client = client
        self._user_id = user_id
        self.at = at
        self._last_played: int | None = None

    async def has_played_since(self, start: int) -> bool:
        """Return whether the user played anything since a moment of the server's time.

        Raises:
            As `pages.pages` does.
        """
        if self._last_played is None:
            query = played_anywhere_query(self._user_id)
            newest = await first_rows(self._client, query, 1)
            self._last_played = max(map(played_at, newest), default=0)
        return self._last_played >= start


class ServerLooks:
    """The looks of one session."""

    def __init__(
        self, client: JellyfinClient, user_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._user_id = user_id
        self._clock = clock
        self._latest: ServerLook | None = None
        self._begun = 0.0
        self._served: set[str] = set()

    async def look(self, asker: str) -> ServerLook:
        """Return a look that is younger than a minute and new to the asker.

        Raises:
            As `server_moment` does.
        """
        is_old = self._clock() - self._begun > LASTS_S
        if self._latest is None or is_old or asker in self._served:
            at = await server_moment(self._client)
            self._latest = ServerLook(self._client, self._user_id, at)
            self._begun = self._clock()
            self._served = set()
        self._served.add(asker)
        return self._latest
