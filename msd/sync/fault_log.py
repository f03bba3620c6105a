"""What failed in a sync that goes on: each fault costs the smallest part, and is named (S9)."""

import logging

from msd.backend_api import Listing, MediaBackend
from msd.backend_api.faults import SCOPES, Request, raise_if_source_failed
from msd.errors import BackendError
from msd.models import FaultScope, RemoteLibrary, SyncFault

MOST_FAULTS = 20  # that a report names

log = logging.getLogger(__name__)


class FaultLog:
    """Judges each failed request of one sync and keeps the faults for its report.

    Every reader of the engine hands its `BackendError`s here. What comes back is contained: the
    part that failed stays as it was, and the sync goes on.
    """

    def __init__(self, backend: MediaBackend) -> None:
        self._backend = backend
        self._faults: list[SyncFault] = []
        self._count = 0

    @property
    def faults(self) -> tuple[SyncFault, ...]:
        """The first faults, in the order they were met."""
        return tuple(self._faults)

    def __len__(self) -> int:
        """Return how many faults were met."""
        return self._count

    async def contain(
        self,
        error: BackendError,
        request: Request,
        place: Listing | RemoteLibrary | None = None,
        *,
        what: str = "",
        missing_rows: int | None = None,
    ) -> None:
        """Note a fault, unless it is one of the source as a whole.

        Args:
            error: what the request failed with.
            request: which request of the backend it was.
            place: the listing or library that was asked for.
            what: a row or a list within it, e.g. "members of 4f2a".
            missing_rows: how many rows did not come; None: unknown.

        Raises:
            BackendError: the source can't be used at all; the sync ends.
        """
        await raise_if_source_failed(self._backend, error)
        library = place.library if isinstance(place, Listing) else place
        self.note(
            SyncFault(
                scope=SCOPES[request][0],
                library="" if library is None else library.name,
                listing=place.type.value if isinstance(place, Listing) else "",
                request=error.request,
                status=error.status,
                reason=f"{what}: {error}" if what else str(error),
                missing_rows=missing_rows,
            )
        )

    def note(self, fault: SyncFault) -> None:
        """Keep a fault for the report and log it."""
        self._count += 1
        if self._count <= MOST_FAULTS:
            self._faults.append(fault)
        level = logging.INFO if fault.scope is FaultScope.ROW else logging.WARNING
        log.log(level, "%s", fault.sentence())
