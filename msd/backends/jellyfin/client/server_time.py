"""The server's own clock, by which its dates are to be understood (Y6)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time

import httpx
import msgspec

from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backend_api.http.status import raise_if_unavailable
from msd.backends.jellyfin.client.client import JellyfinClient
from msd.backends.jellyfin.parse.values import moment
from msd.backends.jellyfin.parse.wire import UtcTime
from msd.errors import BackendError, BadResponseError

OVERLAP_S = 300  # scans save in bulk, and clocks are set
_PATH = "/GetUtcTime"


class Moment(msgspec.Struct, frozen=True):
    """A moment by two clocks, in Unix seconds: the server's, and ours to tell when that is set."""

    server: int
    ours: int


async def server_moment(client: JellyfinClient) -> Moment:
    """Return what time it is on the server.

    The Date header stands in where the server does not say: a proxy may have written it.
    A server that is starting tells no time.

    Raises:
        BadResponseError: there is no time in the answer.
        UnreachableError, TlsError: as everywhere.
    """
    answer = await client.answer(_PATH)
    if answer.status == httpx.codes.SERVICE_UNAVAILABLE:
        raise_if_unavailable(answer)
    seconds = _told(answer) or _dated(answer)
    if not seconds:
        raise_if_unavailable(answer)
        raise BadResponseError("the server does not tell the time")
    return Moment(server=seconds, ours=int(time()))


def looked_back(since: Moment, now: Moment) -> int:
    """Return from when on changes are asked for, in the server's time.

    When the server's clock was set back since, by what ours can tell, what was saved meanwhile
    carries dates from before the cursor.
    """
    set_back = (since.server - since.ours) - (now.server - now.ours)
    return max(since.server - OVERLAP_S - max(set_back, 0), 0)


def written(seconds: int) -> str:
    """Return a moment as the server reads it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _told(answer: Answer) -> int:
    if not answer.is_success:
        return 0
    try:
        return moment(decode(answer, UtcTime).request_reception_time)
    except BackendError:
        return 0


def _dated(answer: Answer) -> int:
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except (ValueError, OverflowError):
        return 0
