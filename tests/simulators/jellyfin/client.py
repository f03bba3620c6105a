"""A bare HTTP client of the simulator's own tests: it hides nothing and repairs nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.simulators.http.client import Answer, send

HEADER = 'MediaBrowser Client="probe", Device="bench", DeviceId="{}", Version="1.0"'


@dataclass(slots=True)
class Probe:
    """Sends single requests, each on a connection of its own."""

    url: str
    token: str | None = None
    device_id: str = "bench-1"
    timeout_s: float = 10
    ca_file: str | None = None
    extra_headers: dict[str, str] = field(default_factory=dict)

    @property
    def authorization(self) -> str:
        """The header this probe identifies itself with."""
        token = f', Token="{self.token}"' if self.token else ""
        return HEADER.format(quote(self.device_id, safe="")) + token

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Send one request. `headers` replaces the authorization header."""
        target = self.url.rstrip("/") + path
        if query:
            target += "?" + urlencode(query, doseq=True)
        sent = {"Authorization": self.authorization} if headers is None else headers
        sent = sent | self.extra_headers
        if body is not None:
            sent = sent | {"Content-Type": "application/json"}
        return send(
            method,
            target,
            sent,
            json.dumps(body) if body is not None else None,
            timeout_s=self.timeout_s,
            ca_file=self.ca_file,
        )

    def get(self, path: str, **query: Any) -> Answer:
        """Send a GET."""
        return self.ask("GET", path, **query)

    def login(self, name: str = "alice", password: str = "secret") -> Probe:
        """Log in and return a probe that holds the token."""
        answer = self.ask("POST", "/Users/AuthenticateByName", {"Username": name, "Pw": password})
        assert answer.status == 200, answer
        token = answer.json["AccessToken"]
        return Probe(self.url, token, self.device_id, self.timeout_s, self.ca_file)
