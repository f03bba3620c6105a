"""Films of which another version than the first was begun (docs/protocols/jellyfin.md, Versions).

A server of version 12 keeps the position on the version. The row of the film says that it was
never begun, and no list but Resume has the version, under an id that no other list knows. So the
position is brought to the row of the film: a film is in progress when a version of it is.
"""

import json
from collections.abc import Sequence

import msgspec
import xxhash

from msd.backend_api.protocol import RawItem
from msd.backend_api.rows import batches
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.client.faults import OPTIONAL
from msd.backends.jellyfin.client.pages import rows
from msd.backends.jellyfin.client.query import IDS_AT_ONCE, begun_versions_query, lookup_query
from msd.backends.jellyfin.client.routes import Routes
from msd.backends.jellyfin.parse.item import watch_state
from msd.backends.jellyfin.parse.values import guid, ms
from msd.backends.jellyfin.parse.wire import RawPage, UserData, VersionRow
from msd.models import Milliseconds, RemoteId, WatchState

_MOST = 500  # begun films of one user
_MOST_VERSIONS = 100
_UNTOUCHED = WatchState()


class BegunVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that the user has begun."""

    remote_id: RemoteId
    others: tuple[RemoteId, ...]  # the other versions of the film, the film's own id among them
    data: UserData
    duration_ms: Milliseconds


class BegunVersions:
    """The begun versions of one user's films, by the film."""

    def __init__(self, client: JellyfinClient, routes: Routes) -> None:
        self._client = client
        self._routes = routes
        self._is_read = False
        self._films: dict[RemoteId, RemoteId] = {}  # by version, also by one that was finished
        self.begun: dict[RemoteId, BegunVersion] = {}

    async def refresh(self) -> None:
        """Read them again; on servers that do not list them nothing is asked.

        A server that can't list them leaves the films as their rows say.

        Raises:
            AuthRequiredError: the server does not accept the token any more.
        """
        self._is_read = True
        if not self._routes.lists_begun_versions:
            return
        query = begun_versions_query(self._routes.user_id)
        parameters = query.window(0, _MOST, with_total=False)
        try:
            page = await self._client.get(query.path, RawPage, parameters, is_page=True)
            versions = [version for raw in page.items if (version := _version(raw)) is not None]
            await self._find_films(versions)
        except OPTIONAL:
            return
        self.begun = {
            film: version
            for version in versions
            if (film := self._films.get(version.remote_id)) not in {None, version.remote_id}
        }

    async def ensure_read(self) -> None:
        """Read them once; see `refresh`."""
        if not self._is_read:
            await self.refresh()

    def film_of(self, version: RemoteId) -> RemoteId | None:
        """Return the film of another version that is or was begun."""
        film = self._films.get(version)
        return None if film == version else film

    def positions(self) -> dict[str, Milliseconds]:
        """Return where the user stopped in each begun version, by the version's id."""
        return {
            version.remote_id: ms(version.data.playback_position_ticks)
            for version in self.begun.values()
        }

    def merged(self, remote_id: RemoteId, state: WatchState | None) -> WatchState:
        """Return the state of a film with the position of its begun version."""
        version = self.begun[remote_id]
        known = state or _UNTOUCHED
        own = watch_state(version.data, version.duration_ms) or _UNTOUCHED
        return msgspec.structs.replace(
            known,
            position_ms=own.position_ms,
            last_played=max(known.last_played, own.last_played),
        )

    def applied(self, row: RawItem) -> RawItem:
        """Return the row of a film with the position of its begun version.

        The fingerprint says so, too: a version that is begun or finished changes the film.
        """
        version = self.begun.get(row.remote_id)
        if version is None or not isinstance(row.payload, msgspec.Raw):
            return row
        try:
            document = json.loads(bytes(row.payload))
        except ValueError:
            return row
        data = document.get("UserData")
        if not isinstance(data, dict):
            return row
        data["PlaybackPositionTicks"] = version.data.playback_position_ticks
        dates = [version.data.last_played_date, data.get("LastPlayedDate")]
        data["LastPlayedDate"] = max(
            (date for date in dates if isinstance(date, str)), default=None
        )
        payload = msgspec.Raw(json.dumps(document).encode())
        told = f"{version.remote_id} {version.data.playback_position_ticks}"
        digest = xxhash.xxh3_64_intdigest(told) >> 1
        return RawItem(row.remote_id, row.fingerprint ^ digest, payload)

    async def _find_films(self, versions: Sequence[BegunVersion]) -> None:
        """Find the films of versions that are met for the first time, in one request.

        A version is not answered by its id on these servers; the film is.
        """
        unknown = [version for version in versions if version.remote_id not in self._films]
        candidates = {version.remote_id for version in unknown}
        candidates |= {other for version in unknown for other in version.others}
        answered: set[RemoteId] = set()
        for batch in batches(sorted(candidates), IDS_AT_ONCE):
            query = lookup_query(batch, self._routes.user_id)
            found = await rows(self._client, query, len(batch))
            answered |= {row.remote_id for row in found}
        for version in unknown:
            films = [each for each in (version.remote_id, *version.others) if each in answered]
            if films:
                self._films[version.remote_id] = films[0]


def _version(raw: msgspec.Raw) -> BegunVersion | None:
    """Return a begun row that has other versions; None for any other row."""
    try:
        row = msgspec.json.decode(raw, type=VersionRow)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    own = guid(row.id)
    sources = (row.media_sources or [])[:_MOST_VERSIONS]
    others = [RemoteId(other) for source in sources if (other := guid(source.id)) and other != own]
    if own is None or not others or row.user_data is None:
        return None
    lengths = [ms(source.run_time_ticks) for source in sources if guid(source.id) == own]
    return BegunVersion(
        remote_id=RemoteId(own),
        others=tuple(others),
        data=row.user_data,
        duration_ms=lengths[0] if lengths else Milliseconds(0),
    )
