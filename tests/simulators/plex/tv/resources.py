"""The servers of an account as plex.tv lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.plex.server import PlexServer
from tests.simulators.plex.viewer import Viewer

from .users import PlexUser


@dataclass(slots=True, kw_only=True, eq=False)
class Published:
    """One server, whose it is, and who else may use it.

    `changes` replace members of its entry verbatim.
    """

    server: PlexServer
    owner: PlexUser
    viewers: dict[int, Viewer] = field(default_factory=dict)
    hidden: bool = False
    presence: bool = True
    last_seen: str = "2026-01-01T00:00:00Z"
    https_required: bool = False
    same_network: bool = True
    changes: dict[str, Any] = field(default_factory=dict)

    def entry_for(self, user: PlexUser, *, https: bool, relay: bool, ipv6: bool) -> dict[str, Any]:
        """Return the server as one of its users sees it."""
        doors = [door for door in self.server.doors if door.announced]
        connections = [
            door.connection
            if https
            else {**door.connection, "protocol": "http", "uri": door.plain_url}
            for door in doors
            if (relay or not door.relay) and (ipv6 or ":" not in door.host)
        ]
        owned = user is self.owner
        return {
            "name": self.server.world.name,
            "product": "Plex Media Server",
            "productVersion": self.server.state.version,
            "platform": "Linux",
            "platformVersion": "6.1",
            "device": "PC",
            "clientIdentifier": self.server.machine_id,
            "createdAt": "2020-01-12T15:30:18Z",
            "lastSeenAt": self.last_seen,
            "provides": "server",
            "ownerId": None if owned else self.owner.id,
            "sourceTitle": None if owned else self.owner.name,
            "publicAddress": "203.0.113.7",
            "accessToken": self.server.grants.token_of(self.viewers[user.id]),
            "owned": owned,
            "home": not owned and user.home is not None and self.owner in user.home.members,
            "synced": False,
            "relay": any(door.relay for door in doors),
            "presence": self.presence,
            "httpsRequired": self.https_required,
            "publicAddressMatches": self.same_network,
            "dnsRebindingProtection": False,
            "natLoopbackSupported": False,
            "connections": connections,
            **self.changes,
        }


def player_entry(name: str = "Living Room") -> dict[str, Any]:
    """Return the entry of a player, which is no server and has no access token."""
    return {
        "name": name,
        "product": "Plex for Android (TV)",
        "productVersion": "9.8",
        "platform": "Android",
        "platformVersion": "12",
        "device": None,
        "clientIdentifier": f"player-{name.lower().replace(' ', '-')}",
        "createdAt": "2021-05-05T10:00:00Z",
        "lastSeenAt": "2026-01-01T00:00:00Z",
        "provides": "client,player,pubsub-player,controller",
        "ownerId": None,
        "sourceTitle": None,
        "publicAddress": "203.0.113.7",
        "accessToken": None,
        "owned": True,
        "home": False,
        "synced": False,
        "relay": False,
        "presence": True,
        "httpsRequired": False,
        "publicAddressMatches": True,
        "dnsRebindingProtection": False,
        "connections": [
            {
                "protocol": "http",
                "address": "192.168.1.77",
                "port": 32500,
                "uri": "http://192.168.1.77:32500",
                "local": True,
                "relay": False,
                "IPv6": False,
            }
        ],
    }


def unconnected_entry(name: str = "Lost Server") -> dict[str, Any]:
    """Return the entry of a server that plex.tv knows no address of."""
    entry = player_entry(name) | {
        "product": "Plex Media Server",
        "provides": "server",
        "accessToken": "unconnected-token-00",
        "presence": False,
        "lastSeenAt": "2019-01-01T00:00:00Z",
    }
    del entry["connections"]
    return entry


def in_xml(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return entries as the XML nests them."""
    return {
        "resource": [
            {**each, "connections": {"connection": each.get("connections") or []}}
            for each in entries
        ]
    }
