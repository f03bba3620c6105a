"""What every server backend does with listed rows: batches, fingerprints, members, sorting."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from msd.backend_api.changes import Changes, LocatedRow
from msd.backend_api.protocol import Listing, Page, RawItem
from msd.errors import UnreachableError
from msd.models import RemoteId, StatusReason

_MOST_PASSES = 2
_SIGN = 1 << 63

T = TypeVar("T")


def batches(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the values in order, at most `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def signed_fingerprint(digest: int) -> int:
    """Return a 64-bit digest as the signed number that SQLite and `RawItem` hold."""
    return digest - (_SIGN << 1) if digest >= _SIGN else digest


def changes_by_listing(
    rows: Iterable[LocatedRow], listings: Sequence[Listing]
) -> tuple[Changes, ...]:
    """Return rows sorted by the listings of one library; rows of other libraries are left out."""
    by_listing: dict[Listing, list[RawItem]] = {}
    for row in rows:
        if row.listing is not None and row.listing in listings:
            by_listing.setdefault(row.listing, []).append(row.item)
    return tuple(
        Changes(listing=listing, items=tuple(items)) for listing, items in by_listing.items()
    )


async def read_members(read: Callable[[], AsyncGenerator[Page, None]]) -> tuple[RemoteId, ...]:
    """Return the members of a collection or playlist in order, an item as often as it is listed.

    A list that changes while it is read is read a second time.

    Args:
        read: starts an enumeration of the list.

    Raises:
        UnreachableError: the list changed both times, or could not be read completely.
        BackendError: as the enumeration raises it.
    """
    for _ in range(_MOST_PASSES):
        member_ids: list[RemoteId] = []
        totals: set[int] = set()
        has_gaps = False
        async for page in read():
            member_ids.extend(row.remote_id for row in page.items)
            totals |= {page.total} if page.total is not None else set()
            has_gaps = has_gaps or page.gaps or bool(page.skipped)
        if len(totals) == 1 and not has_gaps:
            return tuple(member_ids)
    raise UnreachableError(
        "the list could not be read completely", reason=StatusReason.SERVER_ERROR
    )
