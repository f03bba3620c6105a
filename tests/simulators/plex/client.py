"""A bare client of the simulators' own tests: one request, nothing hidden or repaired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.simulators.http.client import Answer, send

from .plextv import PlexTv
from .server import PlexServer


@dataclass(slots=True, kw_only=True)
class Probe:
    """Asks one server, with JSON accepted unless `accept` says otherwise."""

    url: str
    token: str | None = None
    client_id: str | None = "probe-1"
    accept: str | None = "application/json"
    more: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, server: PlexServer | PlexTv, token: str | None = None) -> Probe:
        """Ask a media server as its owner, or plex.tv as whose token this is."""
        if isinstance(server, PlexServer):
            return cls(url=server.doors[0].plain_url, token=token or server.token)
        return cls(url=server.url, token=token)

    def ask(self, method: str, target: str, form: dict[str, str] | None = None) -> Answer:
        """Send one request; `<` and `>` of the query language are quoted here."""
        headers = {
            "Accept": self.accept,
            "X-Plex-Token": self.token,
            "X-Plex-Client-Identifier": self.client_id,
            **self.more,
        }
        body = urlencode(form) if form else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        url = self.url + quote(target, safe="/?&=:,%@")
        return send(method, url, {key: each for key, each in headers.items() if each}, body)

    def get(self, target: str) -> Answer:
        """Send a GET."""
        return self.ask("GET", target)

    def container(self, target: str) -> dict[str, Any]:
        """Return a media server's container."""
        answer = self.get(target)
        assert answer.status == 200, (target, answer)
        found: dict[str, Any] = answer.json["MediaContainer"]
        return found

    def rows(self, target: str) -> list[dict[str, Any]]:
        """Return the rows of a list."""
        found: list[dict[str, Any]] = self.container(target).get("Metadata", [])
        return found

    def keys(self, target: str) -> list[int]:
        """Return the rating keys of a list."""
        return [int(row["ratingKey"]) for row in self.rows(target)]
