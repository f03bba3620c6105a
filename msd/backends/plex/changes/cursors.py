"""What a cursor of this backend says: where the listings of one library stood.

Times are those of the server's clock, in seconds; `changed_at` is its counter of changes.
"""

import msgspec
from msgspec import Struct, field

from msd.backend_api.changes import ChangeCursor
from msd.errors import BadResponseError


class ListingMark(Struct):
    """Where one listing stood.

    What the cache holds is never kept here: rows and watch states are compared with the cache
    itself (docs/behaviour.md, Y20). `edge` holds the fingerprints of the rows of the last moment,
    e.g. {"4711": -823…}: a row that comes to have that moment later, or changes within it, is a
    change for which shows and collections are read again.
    """

    moment: int = 0  # the latest that any row had
    edge: dict[str, int] = field(default_factory=dict)
    newest: int | None = 0  # the highest key; None: the keys are no numbers
    unexplained: int = 0  # watched rows that the server counts and the cache can't have


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
