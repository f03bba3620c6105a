"""Who may see and drive a login: the connection that began it, or who shows its token (K6)."""

import hmac
from typing import Protocol

from msd.errors import InvalidArgumentError
from msd.models import Caller

SHORTEST_TOKEN = 16  # nobody shall guess it
LONGEST_TOKEN = 256


class Callers(Protocol):
    """The bus, as far as it tells who is still there."""

    async def gone(self, name: str) -> None:
        """Return when the connection of this name has left the bus."""


def owns(caller: Caller, owner: Caller) -> bool:
    """Return whether a caller is the owner, or shows the owner's token."""
    if caller.name and caller.name == owner.name:
        return True
    shown, wanted = caller.owner_token.encode(), owner.owner_token.encode()
    return bool(wanted) and hmac.compare_digest(shown, wanted)


def check_token(token: str) -> None:
    """Check that a token is one that can't be guessed; "" is none.

    Raises:
        InvalidArgumentError: it is too short or too long.
    """
    if token and not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
        raise InvalidArgumentError(
            f"an owner_token has {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters"
        )
