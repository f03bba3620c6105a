"""Accounts: who signs in to which server, and with what (A2, S4).

a server refuses its token ──► ask the sign-in service once ─┬─ another token   → used at once
                                                             ├─ the same token  → the share was
                                                             │                    withdrawn
                                                             ├─ account refused → sign in again
                                                             └─ no answer       → nothing changes
"""

from msd.backend_api import Credentials
from msd.coordinator.accounts.removal import Removal
from msd.coordinator.accounts.server_lists import ServerLists
from msd.coordinator.services import Services
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.errors import AuthRequiredError, BackendError, NotSupportedError, UnreachableError
from msd.managers.auth import is_keyring_trouble
from msd.models import Account, AccountId, AccountView, Source, SourceId, StatusReason


class Accounts:
    """Every account, and its credentials for each source."""

    def __init__(
        self,
        services: Services,
        server_lists: ServerLists,
        removal: Removal,
        statuses: StatusRegistry,
    ) -> None:
        self._registry = services.registry
        self._auth = services.auth
        self._backends = services.backends
        self._server_lists = server_lists
        self._removal = removal
        self._statuses = statuses

    # --- reading and removing --------------------------------------------------------------

    def all(self) -> tuple[AccountView, ...]:
        """Return every account."""
        return tuple(self._view(account) for account in self._registry.accounts())

    def get(self, account_id: AccountId) -> AccountView:
        """Return everything that is shown of one account.

        Raises:
            UnknownAccountError: no account has this id.
        """
        return self._view(self._registry.account(account_id))

    async def remove(self, account_id: AccountId) -> None:
        """Remove an account with all its sources.

        Raises:
            UnknownAccountError: no account has this id.
        """
        self._registry.account(account_id)
        for source_id in self._registry.sources_of(account_id):
            await self._removal.remove(source_id)

    async def refresh(self, account_id: AccountId) -> tuple[SourceId, ...]:
        """Ask which servers an account reaches now; return the sources that this added.

        Raises:
            UnknownAccountError: there is no such account.
            NotSupportedError: accounts of this kind are accounts of one server.
            AuthRequiredError, UnreachableError, BadResponseError: what the service answered.
        """
        account = self._registry.account(account_id)
        if not self._backends.has_servers(account.kind):
            raise NotSupportedError("an account of this kind has one server and brings no others")
        return tuple(source.id for source in await self._server_lists.ask(account))

    # --- what a source may sign in with ----------------------------------------------------

    async def credentials(self, source: Source) -> Credentials | None:
        """Return what the source's server may see; None when its sources need no sign-in.

        Raises:
            AuthRequiredError: the sign-in service refused the account, or nothing is stored.
            UnreachableError: the account no longer brings this server (`account-gone`).
            KeyringLockedError, KeyringUnavailableError: they can't be read now.
        """
        account = self._registry.account_of(source)
        if account is None:
            return None
        await self._server_lists.raise_if_refused(account)
        if self._server_lists.is_gone(account.id, source.id):
            raise _gone()
        credentials = await self._auth.credentials(account)
        return credentials.for_server(source.server_id)

    async def after_refusal(self, source: Source, used: str, error: AuthRequiredError) -> None:
        """Return when there is another token than the one that a server refused.

        Raises:
            AuthRequiredError: there is none; the reason says whose refusal it is.
            UnreachableError: the sign-in service can't be asked, or the server is gone from it.
        """
        account = self._registry.account_of(source)
        if account is None or not self._backends.has_servers(account.kind):
            raise error
        if is_keyring_trouble(error):
            raise error
        try:
            await self._server_lists.ask(account)
        except AuthRequiredError:
            raise
        except BackendError as down:
            raise UnreachableError(
                "the server does not accept its token, and the sign-in service can't be asked for"
                " another",
                reason=down.reason,
                retry_after_s=down.retry_after_s,
            ) from error
        credentials = await self._auth.credentials(account)
        if credentials.for_server(source.server_id).token != used:
            return
        if self._server_lists.is_gone(account.id, source.id):
            raise _gone() from error
        if source.owned:
            raise error
        raise AuthRequiredError(
            "the server no longer lets this account in; ask its owner to share it again",
            reason=StatusReason.SHARE_WITHDRAWN,
        ) from error

    def _view(self, account: Account) -> AccountView:
        sources = self._registry.sources_of(account.id)
        shown = tuple(source_id for source_id in sources if self._statuses.has(source_id))
        return AccountView(
            account=account, auth_state=self._statuses.auth_state(shown), source_ids=sources
        )


def _gone() -> UnreachableError:
    return UnreachableError(
        "the account no longer has this server", reason=StatusReason.ACCOUNT_GONE
    )
