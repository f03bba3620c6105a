"""Adding a source: all or nothing (A1)."""

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping

import anyio

from msd.backend_api import NewSource, NewSources
from msd.backend_api.accounts import OptionValue
from msd.coordinator.containment import contained
from msd.coordinator.services import Services
from msd.errors import MsdError, SourceExistsError, UnreachableError
from msd.models import Account, AccountId, BackendKind, Source, SourceId, UnixSeconds

ADD_S = 19.0  # in all: bus clients give up after 25 s, and the contract says 20
UNDO_S = 3.0

log = logging.getLogger(__name__)


class Adding:
    """Verify with the server → keyring → database; what fails undoes what came before."""

    def __init__(
        self, services: Services, *, purged: Callable[[SourceId], Awaitable[None]]
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._purged = purged

    async def add(
        self, kind: BackendKind, options: Mapping[str, OptionValue]
    ) -> tuple[Source, ...]:
        """Verify and store new sources; nothing is opened yet.

        Raises:
            SourceExistsError: all that was found is configured already.
            KeyringLockedError, KeyringUnavailableError: credentials can't be stored now.
            InvalidArgumentError, BackendError: see `BackendManager.add`.
        """
        device_id = self._auth.new_device_id()
        try:
            with anyio.fail_after(ADD_S):
                found = await contained(
                    lambda: self._backends.add(kind, options, device_id=device_id),
                    f"adding a {kind} source",
                )
                return await self._store_or_undo(kind, found, device_id)
        except TimeoutError as exc:
            raise UnreachableError(f"no answer within {ADD_S:.0f} s") from exc

    async def _store_or_undo(
        self, kind: BackendKind, found: NewSources, device_id: str
    ) -> tuple[Source, ...]:
        try:
            return await self._store(kind, found, device_id)
        except BaseException:
            await _undo(found)
            raise

    async def _store(
        self, kind: BackendKind, found: NewSources, device_id: str
    ) -> tuple[Source, ...]:
        account = _account(kind, found, device_id)
        user = "" if account is None else account.remote_user_id
        sources = [
            _source(self._registry.source_id(kind, new.server_id, user), kind, new, account)
            for new in found.sources
        ]
        fresh = [source for source in sources if not self._registry.has_source(source.id)]
        if not fresh:
            raise SourceExistsError(f"this is the source {sources[0].id} already")
        for source in fresh:
            await self._purged(source.id)
        if account is None or found.account is None:
            await self._registry.add(None, fresh)
            return tuple(self._registry.source(source.id) for source in fresh)
        try:
            await self._auth.store(account, found.account.credentials)
            await self._registry.add(account, fresh)
        except BaseException:
            await self._forget(account)
            raise
        return tuple(self._registry.source(source.id) for source in fresh)

    async def _forget(self, account: Account) -> None:
        """Take back what may have been stored, also by a keyring call that was given up."""
        with anyio.move_on_after(UNDO_S, shield=True):
            try:
                await self._auth.forget(account)
            except MsdError as error:
                log.info("the keyring may keep an entry of a failed add: %s", error)


async def _undo(found: NewSources) -> None:
    if found.undo is None:
        return
    undo = found.undo
    with anyio.move_on_after(UNDO_S, shield=True):
        try:
            await contained(undo, "signing out again")
        except MsdError as error:
            log.info("signing out after a failed add did not work: %s", error)


def _account(kind: BackendKind, found: NewSources, device_id: str) -> Account | None:
    if found.account is None:
        return None
    return Account(
        id=AccountId(f"{kind}_{uuid.uuid4().hex[:12]}"),
        kind=kind,
        display_name=found.account.display_name,
        remote_user_id=found.account.remote_user_id,
        device_id=device_id,
    )


def _source(
    source_id: SourceId, kind: BackendKind, new: NewSource, account: Account | None
) -> Source:
    return Source(
        id=source_id,
        kind=kind,
        name=new.name,
        account_id=None if account is None else account.id,
        server_id=new.server_id,
        server_version=new.server_version,
        address=new.address,
        config=new.config,
        owned=new.owned,
        added_at=UnixSeconds(int(time.time())),
    )
