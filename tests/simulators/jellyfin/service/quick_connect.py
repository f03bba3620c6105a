"""Quick Connect: a secret and a code that live ten minutes, in memory only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.clock import Clock
from tests.simulators.jellyfin.service.access import Caller
from tests.simulators.jellyfin.world.item import User
from tests.simulators.jellyfin.world.wire import write_time

_LIFE = timedelta(minutes=10)
_LIFE_AUTHORIZED = timedelta(minutes=11)


@dataclass(slots=True)
class Pending:
    """One device waiting to be let in."""

    secret: str
    code: str
    caller: Caller
    added: datetime
    expires: datetime
    user: User | None = None
    token: str | None = None

    def dto(self) -> dict[str, Any]:
        """Return it as the server shows it."""
        return {
            "Authenticated": self.user is not None,
            "Secret": self.secret,
            "Code": self.code,
            "DeviceId": self.caller.device_id,
            "DeviceName": self.caller.device,
            "AppName": self.caller.client,
            "AppVersion": self.caller.version,
            "DateAdded": write_time(self.added),
        }


class QuickConnect:
    """The codes waiting on one server."""

    def __init__(self, clock: Clock) -> None:
        self.enabled = True
        self._clock = clock
        self._pending: dict[str, Pending] = {}

    def initiate(self, caller: Caller) -> Pending:
        """Start a new login."""
        now = self._clock.now()
        code = f"{secrets.randbelow(1_000_000):06d}"
        entry = Pending(secrets.token_hex(32).upper(), code, caller, now, now + _LIFE)
        self._pending[entry.secret] = entry
        return entry

    def by_secret(self, secret: str) -> Pending | None:
        """Return a login that has not expired."""
        entry = self._pending.get(secret)
        return entry if entry and entry.expires > self._clock.now() else None

    def by_code(self, code: str) -> Pending | None:
        """Return the login a person typed the code of."""
        live = (self.by_secret(entry.secret) for entry in self._pending.values())
        return next((entry for entry in live if entry and entry.code == code), None)

    def authorize(self, entry: Pending, user: User, token: str) -> None:
        """Let a waiting device in as this user."""
        entry.user, entry.token = user, token
        entry.expires = self._clock.now() + _LIFE_AUTHORIZED

    def forget(self) -> None:
        """Lose everything, as a restart does."""
        self._pending.clear()
