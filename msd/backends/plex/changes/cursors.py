"""What a cursor of this backend says: where the listings of one library stood.

Everything is in the server's own words: its clock, its counter of changes, its keys.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct, field

from msd.backend_api.changes import ChangeCursor
from msd.errors import BadResponseError

T = TypeVar("T")


class ListingMark(Struct):
    """Where one listing stood.

    `edge` are the rows of the last moment, with their fingerprints: what else comes to have that
    moment, or changes within it, has come later.
    """

    moment: int = 0  # the latest that any row had
    edge: dict[str, int] = field(default_factory=dict)
    count: int | None = None  # of all rows, or of those that were watched
    newest: int | None = 0  # the highest key; None: the keys are no numbers
    begun: tuple[str, ...] = ()  # rows with a position


class SectionCursor(Struct):
    """Where a section stood: its identity, its counter of changes, its listings by type."""

    uuid: str = ""
    changed_at: int = 0
    marks: dict[str, ListingMark] = field(default_factory=dict)


def encoded(cursor: SectionCursor) -> ChangeCursor:
    """Return a cursor as the text that msd keeps."""
    return ChangeCursor(msgspec.json.encode(cursor).decode())


def decoded(text: ChangeCursor) -> SectionCursor:
    """Return the cursor that a text holds.

    Raises:
        BadResponseError: it means nothing any more.
    """
    try:
        return msgspec.json.decode(text, type=SectionCursor)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("what was known of the library can't be used any more") from error
