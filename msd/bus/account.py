"""org.msd.Msd1.Account on the bus: one object per account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from msd.contract import ACCOUNT
from msd.dbus.serving.interface import Interface
from msd.models import AccountId, AccountView

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator


class AccountInterface(Interface):
    """One account."""

    name = ACCOUNT
    properties: ClassVar[Mapping[str, Callable[[AccountView], object]]] = {
        "Id": lambda view: view.account.id,
        "Kind": lambda view: view.account.kind,
        "DisplayName": lambda view: view.account.display_name,
        "AuthState": lambda view: view.auth_state,
        "SourceIds": lambda view: view.source_ids,
    }

    def __init__(self, coordinator: Coordinator, account_id: str) -> None:
        self._coordinator = coordinator
        self._account_id = AccountId(account_id)

    def subject(self) -> AccountView:
        """Return the account as it is now."""
        return self._coordinator.accounts.get(self._account_id)

    async def refresh_servers(self) -> Sequence[str]:
        """Ask which servers the account reaches now."""
        return await self._coordinator.accounts.refresh(self._account_id)

    async def remove(self) -> None:
        """Remove the account and its sources."""
        await self._coordinator.accounts.remove(self._account_id)
