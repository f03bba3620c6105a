"""Accounts and credentials that the tests of every store share."""

from msd.backend_api import Credentials
from msd.models import Account, AccountId, BackendKind

SECRET = Credentials(user_id="u1", token="canary-19d3")
MANY = Credentials(user_id="u1", token="canary-t", server_tokens={"s1": "canary-1", "s2": "x"})


def account(name: str) -> Account:
    """Return an account of the kind `fake`."""
    return Account(
        id=AccountId(f"fake_{name}"),
        kind=BackendKind("fake"),
        display_name=name,
        remote_user_id=name,
        device_id="d",
    )


ALICE, BOB = account("alice"), account("bob")
