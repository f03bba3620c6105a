"""The details of many items at once: what a backend offers whose source has them in lists."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msd.models import DetailPage, RemoteId

MOST_AT_ONCE = 100  # ids of one page; more would make the address too long for some proxies


@runtime_checkable
class HasDetailPages(Protocol):
    """A backend that gives the details of many items for the price of a list.

    An idle pass asks for all items that lack them, so that people are found and details are
    shown with the source offline.
    """

    async def detail_page(
        self, remote_ids: Sequence[RemoteId], *, more_follow: bool = False
    ) -> DetailPage | None:
        """Return these items with their details, as `item` does, in any order.

        The number of requests MUST NOT follow the number of ids: it is one list, and what the
        first page of a connection needs beside it. What would take a request for each item is
        left out, and the page then says that it is not whole. The items' other fields MUST be as
        `parse` and `item` give them, or absent. An id that is absent from the answer could not be
        had; that proves nothing. Only items that were asked for are in it.

        Args:
            remote_ids: at least one and at most `MOST_AT_ONCE`, of any item types.
            more_follow: other pages are asked for soon, so what was read for this one may be of
                use for them. Without it the answer MUST be as the source is now.

        Returns:
            The page; None when this source leaves details out of its lists, however it is asked.

        Raises:
            BackendError: the source can't be asked, or fails on one of these ids. The caller asks
                for halves then, to find the one at fault.
        """
