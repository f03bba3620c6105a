"""The change cursors of a Jellyfin library, as the text that msd keeps.

Example: `{"at":{"server":1796019600,"ours":1796019601},"artists":"e3b0c44298fc1c14"}`. Nothing in
it stands for rows of the cache: differences are taken against what the cache holds now. The one
thing that is remembered, a digest of the artists' Etags, never returns to an earlier value.
"""

from typing import TypeVar

import msgspec

from msd.backend_api.changes import ChangeCursor
from msd.backends.jellyfin.client.server_time import Moment
from msd.errors import BadResponseError

T = TypeVar("T")


class MetadataCursor(msgspec.Struct, frozen=True):
    """Where the rows of a library stand."""

    at: Moment
    artists: str = ""  # a digest of their ids and Etags, "" of none


class WatchCursor(msgspec.Struct, frozen=True):
    """Where the user's watch state stands."""

    at: Moment


def encoded(cursor: msgspec.Struct) -> ChangeCursor:
    """Return a cursor as the text that msd keeps."""
    return ChangeCursor(msgspec.json.encode(cursor).decode())


def decoded(text: ChangeCursor, shape: type[T]) -> T:
    """Return the cursor that a text holds; members of an older msd are passed over.

    Raises:
        BadResponseError: it holds none; enumerate instead.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("the stored cursor is invalid") from error
