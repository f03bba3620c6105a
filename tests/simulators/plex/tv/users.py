"""The people plex.tv knows, their homes and their tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.plex.item import hex_id


@dataclass(slots=True, kw_only=True, eq=False)
class Home:
    """A Plex Home: its administrator first."""

    id: int
    name: str
    members: list[PlexUser] = field(default_factory=list)

    @property
    def admin(self) -> PlexUser:
        """Whose home it is."""
        return self.members[0]


@dataclass(slots=True, kw_only=True, eq=False)
class PlexUser:
    """One account; `managed` ones exist in a home only and have no mail address."""

    id: int
    name: str
    password: str = ""
    pin: str = ""
    managed: bool = False
    guest: bool = False
    second_factor: str = ""
    home: Home | None = None

    @property
    def uuid(self) -> str:
        """Sixteen hex digits."""
        return hex_id(16, "user", self.id)

    @property
    def email(self) -> str | None:
        """The mail address."""
        return None if self.managed else f"{self.name}@example.com"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose a token is, and for which device."""

    user: PlexUser
    client_id: str


class Tokens:
    """Every account token; a device has one, and a new one replaces it."""

    def __init__(self) -> None:
        self._by_token: dict[str, SignedIn] = {}

    def find(self, token: str | None) -> SignedIn | None:
        """Return whose token this is, or None when it is worthless."""
        return self._by_token.get(token or "")

    def issue(self, user: PlexUser, client_id: str, *, rotate: bool = True) -> str:
        """Return a new token; by default the one before of the same user and device dies."""
        if rotate:
            self._drop(lambda each: each.user is user and each.client_id == client_id)
        token = secrets.token_urlsafe(15)
        self._by_token[token] = SignedIn(user, client_id)
        return token

    def of(self, user: PlexUser) -> list[str]:
        """Return every living token of a user."""
        return [token for token, each in self._by_token.items() if each.user is user]

    def revoke(self, token: str) -> None:
        """Make one token worthless."""
        self._by_token.pop(token, None)

    def revoke_all(self, user: PlexUser) -> None:
        """Make every token of a user worthless."""
        self._drop(lambda each: each.user is user)

    def _drop(self, unwanted: Any) -> None:
        for token in [token for token, each in self._by_token.items() if unwanted(each)]:
            del self._by_token[token]


def user_members(user: PlexUser, token: str) -> dict[str, Any]:
    """Return a user object as `/api/v2/user`, signing in and switching give it."""
    home = user.home
    return {
        "id": user.id,
        "uuid": user.uuid,
        "username": "" if user.managed else user.name,
        "title": user.name,
        "email": user.email or "",
        "friendlyName": user.name,
        "locale": None,
        "confirmed": True,
        "joinedAt": 1_500_000_000,
        "emailOnlyAuth": False,
        "hasPassword": not user.managed,
        "protected": bool(user.pin),
        "thumb": f"https://plex.tv/users/{user.uuid}/avatar?c=1",
        "authToken": token,
        "mailingListStatus": "unsubscribed",
        "mailingListActive": False,
        "scrobbleTypes": "",
        "country": "CZ",
        "subscription": {
            "active": True,
            "subscribedAt": "2020-01-01T00:00:00Z",
            "status": "Active",
            "paymentService": None,
            "plan": "lifetime",
            "features": ["companions_sonos", "home"],
        },
        "subscriptionDescription": None,
        "restricted": user.managed,
        "anonymous": None,
        "home": home is not None,
        "guest": user.guest,
        "homeSize": len(home.members) if home else 1,
        "homeAdmin": home is not None and home.admin is user,
        "maxHomeSize": 15,
        "rememberExpiresAt": None,
        "profile": {
            "autoSelectAudio": True,
            "defaultAudioLanguage": "en",
            "defaultAudioLanguages": "en,de",
            "defaultSubtitleLanguage": "en",
            "autoSelectSubtitle": 0,
            "defaultSubtitleAccessibility": 0,
            "defaultSubtitleForced": 0,
            "watchedIndicator": 1,
        },
        "entitlements": [],
        "roles": ["plexpass"],
        "services": [],
        "twoFactorEnabled": bool(user.second_factor),
        "backupCodesCreated": False,
        "attributionPartner": None,
    }


def home_members(home: Home | None) -> dict[str, Any]:
    """Return a home with its users."""
    if home is None:
        return {"id": 0, "name": None, "guestEnabled": False, "subscription": False, "users": []}
    return {
        "id": home.id,
        "name": home.name,
        "guestUserID": None,
        "guestUserUUID": None,
        "guestEnabled": False,
        "subscription": True,
        "users": [_home_user(home, each) for each in home.members],
    }


def _home_user(home: Home, user: PlexUser) -> dict[str, Any]:
    return {
        "id": user.id,
        "uuid": user.uuid,
        "title": user.name,
        "username": None if user.managed else user.name,
        "email": user.email,
        "friendlyName": user.name,
        "thumb": f"https://plex.tv/users/{user.uuid}/avatar?c=1",
        "hasPassword": not user.managed,
        "restricted": user.managed,
        "updatedAt": 1_600_000_000,
        "restrictionProfile": None,
        "admin": home.admin is user,
        "guest": user.guest,
        "protected": bool(user.pin),
    }
