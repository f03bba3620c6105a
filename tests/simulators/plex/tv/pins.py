"""Sign-ins by PIN: from the code to the token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.clock import Clock

_STRONG_LIFE_S = 1800
_WEAK_LIFE_S = 900
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(slots=True, kw_only=True, eq=False)
class Pin:
    """One PIN, and the token once somebody approved it."""

    id: int
    code: str
    client_id: str
    product: str
    created: datetime
    life_s: int
    token: str | None = None
    denied: bool = False

    @property
    def expires(self) -> datetime:
        """When it ends."""
        return self.created + timedelta(seconds=self.life_s)

    def members(self, base: str, now: datetime) -> dict[str, Any]:
        """Return the PIN as it is answered."""
        return {
            "id": self.id,
            "code": self.code,
            "product": self.product,
            "trusted": False,
            "qr": f"{base}/api/v2/pins/qr/{self.code}",
            "clientIdentifier": self.client_id,
            "location": {
                "code": "CZ",
                "european_union_member": True,
                "continent_code": "EU",
                "country": "Czechia",
                "city": "Praha",
                "time_zone": "Europe/Prague",
                "postal_code": "110 00",
                "in_privacy_restricted_country": True,
                "in_privacy_restricted_region": False,
                "subdivisions": "Praha",
                "coordinates": "50.0, 14.4",
            },
            "expiresIn": max(0, int((self.expires - now).total_seconds())),
            "createdAt": written(self.created),
            "expiresAt": written(self.expires),
            "authToken": self.token,
            "newRegistration": None,
        }


@dataclass(slots=True)
class Pins:
    """Every PIN there is.

    With `linger` an expired one is answered with 200 and no token for ever; `life_s` replaces
    the lives of both kinds.
    """

    clock: Clock
    linger: bool = False
    life_s: int | None = None
    _pins: dict[int, Pin] = field(default_factory=dict)
    _last: int = 1_272_125_000

    def create(self, client_id: str, product: str, *, strong: bool) -> Pin:
        """Make one."""
        self._last += 1
        code = (
            secrets.token_hex(13)[:25]
            if strong
            else "".join(secrets.choice(_LETTERS) for _ in range(4))
        )
        pin = self._pins[self._last] = Pin(
            id=self._last,
            code=code,
            client_id=client_id,
            product=product,
            created=self.clock.now(),
            life_s=self.life_s or (_STRONG_LIFE_S if strong else _WEAK_LIFE_S),
        )
        return pin

    def find(self, number: int) -> Pin | None:
        """Return a PIN that still lives."""
        pin = self._pins.get(number)
        return pin if pin and self._lives(pin) else None

    def by_code(self, code: str) -> Pin | None:
        """Return the PIN with this code, which a person may type in any case."""
        wanted = code.strip().lower()
        found = (each for each in self._pins.values() if each.code.lower() == wanted)
        return next((each for each in found if self.clock.now() < each.expires), None)

    def newest(self) -> Pin:
        """Return the PIN made last."""
        return self._pins[self._last]

    def _lives(self, pin: Pin) -> bool:
        return self.linger or self.clock.now() < pin.expires


def written(moment: datetime) -> str:
    """Return a time as plex.tv writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
