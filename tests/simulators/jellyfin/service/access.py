"""Who is calling: the header grammar, where a token may travel, and the tokens there are."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from tests.simulators.jellyfin.service.http import Request
from tests.simulators.jellyfin.service.versions import ServerVersion
from tests.simulators.jellyfin.world.item import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the authorization header of one request says."""

    client: str | None = None
    device: str | None = None
    device_id: str | None = None
    version: str | None = None
    token: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all four device fields were sent."""
        return all((self.client, self.device, self.device_id, self.version))


@dataclass(slots=True, kw_only=True)
class Device:
    """One token: a signed-in device of a user, or an API key when it has no user."""

    token: str
    user: User | None
    device_id: str
    name: str = ""
    client: str = ""
    version: str = ""
    last_used: int = 0


@dataclass(slots=True)
class Devices:
    """Every token the server has given out."""

    by_token: dict[str, Device] = field(default_factory=dict)

    def sign_in(self, user: User, caller: Caller, version: ServerVersion) -> Device:
        """Return a device of this user, ending what this version ends on a new login."""
        same = [each for each in self.by_token.values() if each.device_id == caller.device_id]
        old = next((each for each in same if each.user is user), None)
        if version.rank < (10, 9):
            for other in same:
                if other.user is not user:
                    self.revoke(other.token)
            if old:
                return old
        elif old:
            self.revoke(old.token)
        device = Device(
            token=uuid.uuid4().hex,
            user=user,
            device_id=caller.device_id or "",
            name=caller.device or "",
            client=caller.client or "",
            version=caller.version or "",
        )
        self.by_token[device.token] = device
        return device

    def add_api_key(self, app: str) -> str:
        """Create an API key: an administrator without a user."""
        token = uuid.uuid4().hex
        self.by_token[token] = Device(token=token, user=None, device_id="", client=app)
        return token

    def revoke(self, token: str) -> None:
        """Make a token worthless."""
        self.by_token.pop(token, None)

    def revoke_all(self, user: User) -> None:
        """End every session of one user."""
        for device in [each for each in self.by_token.values() if each.user is user]:
            self.revoke(device.token)


def read_header(value: str, *, schemes: tuple[str, ...]) -> dict[str, str] | None:
    """Return the pairs of a `MediaBrowser a="b", c="d"` header, or None for another scheme.

    Pairs are split at commas outside double quotes; names keep their case; a value loses its
    outer quotes and is then decoded by form rules (`+` is a space).
    """
    scheme, _, rest = value.partition(" ")
    if scheme.lower() not in schemes:
        return None
    pairs: dict[str, str] = {}
    for part in _split_outside_quotes(rest):
        name, separator, text = part.partition("=")
        if separator:
            pairs[name.strip()] = unquote_plus(text.strip().strip('"'))
    return pairs


def _split_outside_quotes(text: str) -> list[str]:
    parts, start, quoted = [], 0, False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def identify(request: Request, version: ServerVersion, *, legacy: bool) -> Caller:
    """Return what a request says about its sender, by this version's precedence of carriers."""
    pairs = _header_pairs(request, version, legacy=legacy)
    token = pairs.get("Token") or None
    if token is None and legacy:
        token = request.header("x-emby-token") or request.header("x-mediabrowser-token")
    token = token or request.query.text("ApiKey")
    # Names are matched in any case, so `apikey` is ApiKey, but `api_key` is the legacy one.
    if token is None and legacy:
        token = request.query.text("api_key")
    return Caller(
        client=pairs.get("Client"),
        device=pairs.get("Device"),
        device_id=pairs.get("DeviceId"),
        version=pairs.get("Version"),
        token=token,
    )


def _header_pairs(request: Request, version: ServerVersion, *, legacy: bool) -> dict[str, str]:
    modern, old = request.header("authorization"), request.header("x-emby-authorization")
    if not legacy:
        chosen = modern
    elif version.rank < (10, 11):
        chosen = old or modern
    else:
        chosen = modern or old
    schemes = ("mediabrowser", "emby") if legacy else ("mediabrowser",)
    return read_header(chosen or "", schemes=schemes) or {}
