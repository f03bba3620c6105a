"""Who may see and drive a login: the connection that began it, or a caller with its token (K6)."""

import hmac

from msd.errors import InvalidArgumentError
from msd.models import Caller

SHORTEST_TOKEN = 16  # shorter ones could be guessed
LONGEST_TOKEN = 256


def owns(caller: Caller, owner: Caller) -> bool:
    """Return whether a caller is the owner, or shows the owner's token."""
    if caller.name and caller.name == owner.name:
        return True
    shown, wanted = caller.owner_token.encode(), owner.owner_token.encode()
    return bool(wanted) and hmac.compare_digest(shown, wanted)


def check_token(token: str) -> None:
    """Check that an owner token can't be guessed; "" means that there is none.

    Raises:
        InvalidArgumentError: the token is too short or too long.
    """
    if token and not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
        raise InvalidArgumentError(
            f"owner_token must have {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters"
        )
