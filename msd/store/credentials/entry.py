"""One account's credentials as JSON text, the same in every store; older entries still load."""

import json
from types import MappingProxyType
from typing import Any

from msd.backend_api import Credentials

LONGEST_TEXT = 256 * 1024
LONGEST_SECRET = 8 * 1024  # also of the names of users and servers
MOST_SERVERS = 256


def entry(credentials: Credentials) -> dict[str, Any]:
    """Return what is stored of credentials, as JSON can hold it."""
    fields: dict[str, Any] = {"user_id": credentials.user_id, "token": credentials.token}
    if credentials.server_tokens:
        fields["server_tokens"] = dict(credentials.server_tokens)
    return fields


def entry_text(credentials: Credentials) -> str:
    """Return what is stored of credentials, on one line."""
    return json.dumps(entry(credentials))


def read_text(text: str) -> Credentials | None:
    """Return the credentials of an entry, None when it is not one of ours."""
    if len(text) > LONGEST_TEXT:
        return None
    try:
        return read_entry(json.loads(text))
    except (ValueError, RecursionError):
        return None


def read_entry(fields: object) -> Credentials | None:
    """Return the credentials of a decoded entry, None when it is not one of ours."""
    match fields:
        case {"user_id": str(user_id), "token": str(token), "server_tokens": dict(tokens)}:
            pass
        case {"user_id": str(user_id), "token": str(token)}:
            tokens = {}
        case _:
            return None
    if len(tokens) > MOST_SERVERS:
        return None
    texts = (user_id, token, *tokens.keys(), *tokens.values())
    if not all(isinstance(text, str) and len(text) <= LONGEST_SECRET for text in texts):
        return None
    return Credentials(user_id=user_id, token=token, server_tokens=MappingProxyType(tokens))
