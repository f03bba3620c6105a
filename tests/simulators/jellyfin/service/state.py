"""The running server: its world, version, settings, tokens and caches."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tests.simulators.jellyfin.answers.rows import Rows
from tests.simulators.jellyfin.service.access import Caller, Device, Devices
from tests.simulators.jellyfin.service.http import (
    PROBLEM_TEXT,
    Refusal,
    Request,
    Response,
    text_reply,
)
from tests.simulators.jellyfin.service.quick_connect import QuickConnect
from tests.simulators.jellyfin.service.versions import VERSIONS, ServerVersion
from tests.simulators.jellyfin.world.item import User
from tests.simulators.jellyfin.world.wire import read_guid
from tests.simulators.jellyfin.world.world import World


class Phase(Enum):
    """How far a starting server has come."""

    REFUSED = "refused"  # nothing listens
    STARTING = "starting"  # 503 page with Retry-After for everything
    SETUP = "setup"  # the setup server: camelCase public info, 503 for the rest
    LOADING = "loading"  # 503 text, no Retry-After
    READY = "ready"


@dataclass(slots=True)
class ServerState:
    """Everything the routes work on."""

    world: World
    version: ServerVersion
    base_path: str = ""
    url: str = ""
    phase: Phase = Phase.READY
    legacy_authorization: bool | None = None
    lockout_after: int = -1
    has_kodi_queue: bool = False
    devices: Devices = field(default_factory=Devices)
    quick_connect: QuickConnect = field(init=False)
    rows: Rows = field(init=False)
    selections: dict[object, object] = field(default_factory=dict)
    selections_revision: int = -1

    def __post_init__(self) -> None:
        self.quick_connect = QuickConnect(self.world.clock)
        self.rows = Rows(self.world)

    @property
    def allows_legacy(self) -> bool:
        """Whether legacy carriers of a token are read."""
        if self.legacy_authorization is not None and self.version.rank >= (10, 11):
            return self.legacy_authorization
        return self.version.reads_legacy_tokens

    def set_version(self, series: str) -> None:
        """Become another version, as after an upgrade."""
        self.version = VERSIONS[series]
        self.rows.clear()
        self.selections.clear()


@dataclass(slots=True, kw_only=True)
class Call:
    """One routed request: the server, the request, the path's parts and who asks."""

    state: ServerState
    request: Request
    caller: Caller
    device: Device | None = None
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The world behind this server."""
        return self.state.world

    def guid(self, name: str) -> str:
        """Return a GUID from the path, or answer 400 as the route binder does."""
        found = read_guid(self.parts[name])
        if found is None:
            raise Refusal(Response(status=404))
        return found

    def user(self) -> User | None:
        """Return the user the request is about, refusing another user's id.

        None only for an API key that names no user.
        """
        named = self.parts.get("uid")
        wanted = read_guid(named) if named else self.request.query.guid("userId")
        own = self.device.user if self.device else None
        if wanted is None:
            return own
        if own and wanted != own.id and not own.administrator:
            raise Refusal(text_reply(PROBLEM_TEXT, 403))
        user = self.world.users.get(wanted)
        if user is None:
            raise Refusal(text_reply(PROBLEM_TEXT, 404))
        return user

    def needs_user(self) -> User:
        """Return the user the request is about, or answer 400 to an API key without one."""
        user = self.user()
        if user is None:
            raise Refusal(text_reply(PROBLEM_TEXT, 400))
        return user


def authenticate(state: ServerState, token: str | None) -> Device | None:
    """Return the device a token belongs to, or None when it is worthless."""
    device = state.devices.by_token.get(token or "")
    if device is None or (device.user and device.user.disabled):
        return None
    if device.user and device.user.id not in state.world.users:
        return None
    return device
