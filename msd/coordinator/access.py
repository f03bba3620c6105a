"""What supervisors and syncs ask before they sign in."""

from typing import Protocol

from msd.backend_api import Credentials
from msd.errors import AuthRequiredError
from msd.models import Source


class Access(Protocol):
    """What a source may sign in with; see `Accounts`."""

    async def credentials(self, source: Source) -> Credentials | None:
        """Return what the source's server may see; None when nobody signs in."""

    async def after_refusal(self, source: Source, used: str, error: AuthRequiredError) -> None:
        """Return when there is another token than the refused one; raise otherwise."""
