"""The headers by which plex.tv and its servers know a client and its user."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from msd.backend_api import AccountContext, AddContext, BackendContext

TOKEN_HEADER = "X-Plex-Token"  # noqa: S105 - the name of a header, not a secret
_LONGEST_VALUE = 64


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """The program and machine that plex.tv lists under "Authorized devices".

    `device_id` is the client identifier: plex.tv keeps one token for each, so it is stored with
    the account and never changed (I3).
    """

    client: str
    name: str
    device_id: str
    version: str

    def headers(self, token: str = "") -> Mapping[str, str]:
        """Return the headers of one request; without a token it is nobody's."""
        headers = {
            "X-Plex-Client-Identifier": self.device_id,
            "X-Plex-Product": _plain(self.client),
            "X-Plex-Version": _plain(self.version),
            "X-Plex-Platform": "Linux",
            "X-Plex-Device": "PC",
            "X-Plex-Device-Name": _plain(self.name),
        }
        if token:
            headers[TOKEN_HEADER] = token
        return MappingProxyType(headers)


def device_of(context: AddContext | AccountContext | BackendContext) -> Device:
    """Return the device that an account is, was or will be signed in as."""
    if isinstance(context, AccountContext):
        device_id = context.account.device_id
    else:
        device_id = context.device_id
    return Device(
        client=context.client_name,
        name=context.device_name,
        device_id=device_id,
        version=context.client_version,
    )


def _plain(value: str) -> str:
    """The value as printable ASCII, which is all that a header carries safely."""
    letters = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return "".join(filter(str.isprintable, letters)).strip()[:_LONGEST_VALUE].strip() or "msd"
