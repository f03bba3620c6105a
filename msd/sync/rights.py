"""What the user of a source may see: has it changed since it was last applied? (Y19)."""

import logging

from msd.backend_api.changes import HasRights
from msd.backend_api.faults import Request
from msd.errors import BackendError
from msd.models import Rights
from msd.sync.context import SyncContext

log = logging.getLogger(__name__)


class RightsCheck:
    """The rights of one sync.

    No server announces that rights have changed, so they are asked for at the start of each sync,
    and once more before anything is treated as lost. While they differ from the ones that the
    cache was last brought in line with, everything is enumerated, and what a complete enumeration
    lacks is withdrawn: hidden at once, kept, and shown again when the right comes back. Asking for
    single rows would prove nothing, since some servers answer rows that the user may not see.
    """

    def __init__(self, context: SyncContext) -> None:
        self._backend = context.backend
        self._thread = context.thread
        self._store = context.store
        self._faults = context.faults
        self._rights: Rights | None = None
        self._applied = ""  # the digest that the cache was last brought in line with
        self._is_stable = True

    @property
    def have_changed(self) -> bool:
        """Whether what is missing now may be missing because of the user's rights."""
        if self._rights is None:
            return False
        return not self._is_stable or self._applied not in {"", self._rights.digest}

    async def ask(self) -> None:
        """Ask for the rights as they are now; an unknown answer hides nothing."""
        self._applied = await self._thread.run(self._store.rights_digest)
        self._rights = await self._answer()
        if self.have_changed and self._rights is not None:
            limits = self._rights.restrictions or "none"
            log.info("what the user may see has changed; restrictions now: %s", limits)

    async def ask_again(self) -> None:
        """Ask once more at the end of a sync, for rights that changed while it ran."""
        if self._rights is None:
            return
        now = await self._answer()
        self._is_stable = now is None or now.digest == self._rights.digest

    async def record(self) -> None:
        """Note that the cache is in line with the rights; after a pass that missed nothing."""
        if self._rights is None or not self._is_stable:
            return
        if self._rights.digest != self._applied:
            await self._thread.run(self._store.set_rights_digest, self._rights.digest)

    async def _answer(self) -> Rights | None:
        if not isinstance(self._backend, HasRights):
            return None
        try:
            return await self._backend.rights()
        except BackendError as error:
            await self._faults.contain(error, Request.RIGHTS, what="the rights of the user")
            return None
